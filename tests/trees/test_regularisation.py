"""Regularisation: a frozen value with checked knobs."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

import regularfit as rf
from regularfit.trees import Regularisation


@pytest.mark.parametrize(
    ("knob", "good", "bad"),
    [
        ("leaf_l2", [0, 0.0, 1e-9, 1e6], [-1, np.nan, np.inf, "1", True]),
        ("leaf_l1", [0, 3], [-1e-9, None.__class__]),
        ("split_toll", [0, 0.5, 1], [-0.1, 1.1]),
        ("min_rows", [1, 20.0, np.int64(3)], [0, 2.5, -1, True]),
        ("max_depth", [1, 6], [0]),
        ("leaves", [2, 31], [1]),
        ("row_sampling", [0.01, 1], [0, 1.5]),
        ("column_sampling", [0.01, 1], [0, -1]),
        ("tree_dropout", [0, 0.99], [1, -0.1]),
        ("learning_rate", [1e-3, 1], [0, 2]),
        ("rounds", [1, 10_000], [0, 1.5]),
        ("path_smoothing", [0, 5.5], [-1]),
    ],
)
def test_ranges(knob, good, bad):
    for value in good:
        assert getattr(Regularisation(**{knob: value}), knob) == value
    for value in bad:
        with pytest.raises(rf.InputError, match=knob):
            Regularisation(**{knob: value})


def test_whole_numbers_are_ints():
    knobs = Regularisation(min_rows=20.0, rounds=np.int64(5))
    assert (type(knobs.min_rows), type(knobs.rounds)) == (int, int)
    assert type(Regularisation(leaf_l2=np.float32(1)).leaf_l2) is float


def test_a_value():
    knobs = Regularisation(leaf_l2=2.0, leaves=4)
    with pytest.raises(FrozenInstanceError):
        knobs.leaves = 5
    assert knobs == pickle.loads(pickle.dumps(knobs))
    assert hash(knobs) == hash(Regularisation(leaf_l2=2, leaves=4))
    assert eval(repr(knobs)) == knobs
    assert knobs.knobs == {"leaf_l2": 2.0, "leaves": 4}


def test_combining():
    mine, usual = Regularisation(leaves=4), Regularisation(leaves=31, min_rows=20)
    assert mine.over(usual) == Regularisation(leaves=4, min_rows=20)
    assert usual.over(mine) == usual
    assert usual.with_(min_rows=None) == Regularisation(leaves=31)
    with pytest.raises(TypeError, match="depth"):
        usual.with_(depth=3)


def test_strengths_in_rows_follow_the_rows():
    knobs = Regularisation(
        leaf_l2=1.0, leaf_l1=2.0, min_rows=3, path_smoothing=4.0, row_sampling=0.5, rounds=9
    )
    assert knobs.for_rows(50, tuned_on=100) == Regularisation(
        leaf_l2=0.5, leaf_l1=1.0, min_rows=2, path_smoothing=2.0, row_sampling=0.5, rounds=9
    )
    assert knobs.for_rows(1, tuned_on=1000).min_rows == 1
    with pytest.raises(rf.InputError, match="tuned_on"):
        knobs.for_rows(10, tuned_on=0)


@pytest.mark.parametrize("engine", ["xgboost", "sklearn"])
def test_strengths_that_follow_the_rows_keep_the_model(engine):
    """Every row ten times, with ten times the strength: the same trees (LightGBM's bins count rows)."""
    if engine != "sklearn":
        pytest.importorskip(engine, reason="the extra `trees` is not installed")
    from regularfit.trees import BoostingRegressor

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = X[:, 0] + rng.normal(size=60)
    l1 = {} if engine == "sklearn" else {"leaf_l1": 1.0}
    knobs = Regularisation(leaf_l2=3.0, min_rows=5, leaves=5, learning_rate=0.3, rounds=8, **l1)
    how = {"engine": engine, "select": None, "n_jobs": 1}
    few = BoostingRegressor(knobs, **how).fit(X, y)
    tenfold = (np.repeat(X, 10, axis=0), np.repeat(y, 10))
    many = BoostingRegressor(knobs.for_rows(600, tuned_on=60), **how).fit(*tenfold)
    np.testing.assert_allclose(many.predict(X), few.predict(X), rtol=1e-4, atol=1e-5)
    unscaled = BoostingRegressor(knobs, **how).fit(*tenfold)
    assert not np.allclose(unscaled.predict(X), few.predict(X), rtol=1e-2)
