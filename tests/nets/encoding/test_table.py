"""Tables as inputs of a net: what is learnt, what is kept, and what new rows get."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regularfit.errors import InputError, UnsupportedError
from regularfit.inputs.levels import Levels
from regularfit.nets.encoding import TableEncoding
from regularfit.nets.encoding.columns import MOST_LEVELS, SCALINGS, learn_category, learn_number

TABLE = pd.DataFrame(
    {
        "size": [1.0, 2.0, np.nan, 4.0],
        "colour": ["red", None, "blue", "red"],
        "old": [True, False, True, True],
        "count": [1, 2, 3, 4],
    }
)


def test_columns_keep_their_places():
    encoding = TableEncoding.learn(TABLE)
    assert [(b.name, b.start, b.stop, b.kind) for b in encoding.blocks] == [
        ("size", 0, 2, "number"),  # with an indicator for the missing value
        ("colour", 2, 5, "category"),  # (missing), blue, red
        ("old", 5, 7, "category"),
        ("count", 7, 8, "number"),
    ]
    assert encoding.width == 8
    inputs = encoding.encode(TABLE).numpy()
    assert inputs[:, 1].tolist() == [0, 0, 1, 0]
    assert inputs[:, 2:5].tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_libraries_agree():
    from_pandas = TableEncoding.learn(TABLE)
    table = pl.from_pandas(TABLE)
    assert TableEncoding.learn(table) == from_pandas
    np.testing.assert_array_equal(from_pandas.encode(table), from_pandas.encode(TABLE))
    np.testing.assert_array_equal(from_pandas.encode(table.to_arrow()), from_pandas.encode(TABLE))


def test_standard_scaling_is_scikit_learns():
    from sklearn.preprocessing import StandardScaler

    X = np.random.default_rng(0).normal(3, 7, size=(50, 4))
    ours = TableEncoding.learn(X, scaling="standard").encode(X).numpy()
    np.testing.assert_allclose(ours, StandardScaler().fit_transform(X), atol=1e-6)


def test_robust_scaling_draws_far_values_in():
    values = np.append(np.random.default_rng(0).normal(size=1001), 1e9)
    encoding = TableEncoding.learn(values[:, None])
    inputs = encoding.encode(values[:, None]).numpy()[:, 0]
    assert np.abs(inputs).max() < 3 + 1e-6  # the limit of the squashing
    assert np.std(inputs[:-1]) == pytest.approx(1.0, abs=0.15)
    assert (
        np.argsort(inputs[:-1], kind="stable") == np.argsort(values[:-1].astype(np.float32), kind="stable")
    ).mean() > 0.99


@example(np.array([-1e-308, -1.0, -1.0, *np.zeros(8)]))  # quartiles that differ by next to nothing
@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6, allow_nan=False)))
@settings(max_examples=100, deadline=None)
def test_every_scaling_is_finite_and_keeps_order(values):
    for scaling in SCALINGS:
        column = learn_number("x", values, scaling)
        out = np.empty((values.size, column.width))
        column.encode(values, out)
        assert np.isfinite(out).all()
        order = np.argsort(values, kind="stable")
        assert (np.diff(out[order], axis=0) >= 0).all()


def test_bins_are_the_shares_that_lie_below():
    values = np.arange(81.0)
    column = learn_number("x", values, "piecewise")
    assert column.edges == tuple(np.arange(0.0, 81.0, 10.0))
    assert column.width == 9
    new = np.array([-5.0, 0.0, 13.0, 80.0, 99.0, np.nan])  # a missing value is as the median, 40
    out = np.empty((6, column.width))
    column.encode(new, out)
    edges = np.arange(0.0, 81.0, 10.0)
    for j in range(8):
        np.testing.assert_allclose(
            out[:, 1 + j], np.interp([-5, 0, 13, 80, 99, 40], edges[j : j + 2], [0, 1])
        )
    plain = np.empty((6, 1))
    learn_number("x", values, "robust").encode(new, plain)
    np.testing.assert_array_equal(out[:, :1], plain)


def test_bins_of_few_values_are_steps_between_them():
    X = np.array([[0.0], [1.0], [1.0], [3.0], [np.nan]])
    encoding = TableEncoding.learn(X, scaling="piecewise")
    assert encoding.columns[0].edges == (0, 1, 3)
    assert encoding.encode(X)[:, 1:].tolist() == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1]]
    two = TableEncoding.learn(np.array([[0.0], [1.0]] * 20), scaling="piecewise")
    assert two.width == 1  # one bin would say what the number says


def test_an_unknown_scaling_is_refused():
    with pytest.raises(InputError, match=r"scaling='robst' is not known\. Did you mean 'robust'"):
        TableEncoding.learn(TABLE, scaling="robst")


def test_nothing_is_learnt_from_new_rows():
    encoding = TableEncoding.learn(TABLE)
    new = TABLE.assign(colour=["green", "red", "red", "red"], size=[100.0, 1, 1, 1])
    before = encoding.encode(TABLE.iloc[1:])
    np.testing.assert_array_equal(
        encoding.encode(new.assign(size=TABLE["size"], colour=TABLE["colour"]))[1:], before
    )
    assert encoding.encode(new)[0, 2:5].tolist() == [0, 0, 0]  # a level that training never saw


def test_rare_levels_share_a_column():
    values = Levels.of([f"level {j:03d}" for j in range(100)] + ["level 007"] * 5)
    column = learn_category("c", values)
    assert column.width == MOST_LEVELS + 1
    out = np.zeros((105, column.width), dtype=np.float32)
    column.encode(values, out)
    assert (out.sum(axis=1) == 1).all()
    assert out[:, -1].sum() == 100 - MOST_LEVELS


def test_integers_and_their_text_are_the_same_level():
    encoding = TableEncoding.learn(pd.DataFrame({"code": pd.Categorical([1, 2, 1])}))
    assert encoding.columns[0].levels == ("1", "2")
    same = encoding.encode(pd.DataFrame({"code": [1.0, 2.0, 1.0]}))
    np.testing.assert_array_equal(same, [[1, 0], [0, 1], [1, 0]])


def test_a_column_of_nothing_but_missing_values():
    X = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    inputs = TableEncoding.learn(X).encode(X)
    assert inputs[:, :2].tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("X", "error", "said"),
    [
        (TABLE.rename(columns={"size": "siez"}), InputError, "is 'siez' meant to be 'size'"),
        (TABLE.assign(size=["big", "1", "2", "3"]), InputError, "Column 'size' held numbers in training"),
        (TABLE.assign(size=[np.inf, 1, 2, 3]), InputError, "Column 'size' of X contains infinity"),
        (TABLE.assign(count=[1e300, 1, 2, 3]), None, ""),  # drawn in
    ],
)
def test_new_rows_that_cannot_be_used(X, error, said):
    encoding = TableEncoding.learn(TABLE)
    if error is None:
        assert encoding.encode(X).isfinite().all()
        return
    with pytest.raises(error, match=said):
        encoding.encode(X)


@pytest.mark.parametrize(
    ("X", "error", "said"),
    [
        (np.zeros((0, 3)), InputError, "0 sample"),
        (np.zeros((3, 0)), InputError, "0 feature"),
        (np.zeros(3), InputError, "Expected 2D array"),
        (np.zeros((2, 2), dtype=complex), InputError, "Complex data not supported"),
        (np.array([[{"a": 1}], [2]], dtype=object), UnsupportedError, "must be a string or a number"),
        (
            pd.DataFrame({"when": pd.to_datetime(["2020-01-01", "2020-01-02"])}),
            InputError,
            "holds dates or times",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), InputError, "duplicate column names"),
    ],
)
def test_tables_that_cannot_be_used(X, error, said):
    with pytest.raises(error, match=said):
        TableEncoding.learn(X)
