"""Knockoffs keep their promise (the long version is benchmarks/inference.py), and bad input is named."""

import numpy as np
import pandas as pd
import pytest

import regularfit as rf


def draw(seed, n=250, p=60, effects=12, size=0.4):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    b = np.zeros(p)
    b[rng.choice(p, effects, replace=False)] = size * rng.choice([-1, 1], effects)
    return X, X @ b + rng.standard_normal(n), b


@pytest.mark.parametrize("kind", ["gaussian", "fixed"])
def test_the_false_discovery_rate_is_at_most_nominal(kind):
    false, power = [], []
    for seed in range(30):
        X, y, b = draw(seed)
        found = rf.knockoffs(X, y, fdr=0.2, kind=kind, cv=5, random_state=seed, n_jobs=1).selected()
        false.append(np.count_nonzero(b[found] == 0) / max(len(found), 1))
        power.append(np.count_nonzero(b[found]) / 12)
    # one-sided 99 % limit around the promise
    assert np.mean(false) <= 0.2 + 2.33 * np.std(false, ddof=1) / np.sqrt(30)
    assert np.mean(power) >= 0.5


def test_without_effects_little_is_named():
    named = 0
    for seed in range(20):
        X, _, _ = draw(seed)
        y = np.random.default_rng(1000 + seed).standard_normal(250)
        named += len(rf.knockoffs(X, y, fdr=0.1, cv=3, random_state=seed, n_jobs=1).selected()) > 0
    assert named <= 6  # the chance of naming any is at most 0.1: P(Binomial(20, 0.1) > 6) = 0.2 %


def test_statistics_change_sign_where_column_and_copy_change_places():
    X, y, _ = draw(0, 200, 10, 4)
    found = rf.knockoffs(X, y, random_state=3)
    again = rf.knockoffs(X, y, random_state=3)
    np.testing.assert_array_equal(found.statistics, again.statistics)
    other = rf.knockoffs(X, y, random_state=4)
    assert (found.statistics != other.statistics).any()


def test_names_classes_and_the_frame():
    X, y, _ = draw(1, effects=15, size=1.0)
    table = pd.DataFrame(X, columns=[f"c{j}" for j in range(60)])
    found = rf.knockoffs(table, np.where(y > 0, "yes", "no"), loss="logistic", fdr=0.3, cv=3)
    assert all(name.startswith("c") for name in found.selected())
    frame = found.to_frame()
    assert list(frame["column"][frame["selected"]]) == list(found.selected())
    assert (np.diff(frame["statistic"]) <= 0).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fdr": 0}, "fdr"),
        ({"fdr": 1.0}, "fdr"),
        ({"fdr": "a"}, "fdr"),
        ({"kind": "second-order"}, "kind"),
        ({"method": "sdp"}, "method"),
        ({"covariance": np.ones((2, 2))}, "covariance"),
        ({"covariance": -np.eye(60)}, "positive definite"),
        ({"mean": [0.0]}, "mean"),
        ({"kind": "fixed", "mean": np.zeros(60)}, "fixed"),
        ({"kind": "fixed", "loss": "huber"}, "squared"),
        ({"random_state": "a"}, "random_state"),
    ],
)
def test_bad_settings_are_named(settings, words):
    X, y, _ = draw(0)
    with pytest.raises(rf.InputError, match=words):
        rf.knockoffs(X, y, **settings)


def test_bad_data_are_named():
    from scipy import sparse

    X, y, _ = draw(0)
    with pytest.raises(rf.InputError, match="dense"):
        rf.knockoffs(sparse.csr_array(X), y)
    with pytest.raises(rf.InputError, match="Column 3 of X is constant"):
        rf.knockoffs(np.where(np.arange(60) == 3, 1.0, X), y)
    with pytest.raises(rf.InputError, match="n >= 2 p"):
        rf.knockoffs(X[:100], y[:100], kind="fixed")
