"""Every bad input to the estimators, one by one: the error says what was given, what is allowed and what to do."""

import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import regularfit as rf
from tests.linear.data import classification, regression

X, Y = regression()
N, P = X.shape
LABELS = classification(n=N)[1]
TABLE = pd.DataFrame(X, columns=[f"c{j}" for j in range(P)])
CHOSEN = {"strength": 0.1}


def put(values, where, value):
    """A copy with one entry replaced."""
    out = np.array(values, dtype=object if np.asarray(values).dtype.kind in "OU" else float)
    out[where] = value
    return out


def number(*data, params=None, **extra):
    rf.PenalizedRegressor(**(params or {})).fit(*data, **extra)


def classes(*data, params=None, **extra):
    rf.PenalizedClassifier(**(params or {})).fit(*data, **extra)


def predict(fitted, new):
    rf.PenalizedRegressor(**CHOSEN).fit(fitted, Y).predict(new)


NAN, INF = (
    r"X contains NaN.*first: NaN in row 3, column 1",
    r"X contains NaN.*first: infinity in row 3, column 1",
)
NEAR = ("only finite numbers", "SimpleImputer")
ROW = ("only finite numbers", "leave the row out")

#: what it is: (the call, what was given, what is allowed, what to do)
BAD = {
    "one row": (lambda: number(X[:1], Y[:1]), "1 sample", "one row", "at least 2 rows"),
    "no row": (lambda: number(X[:0], Y[:0]), r"0 sample\(s\)", "minimum of 1", "give some rows"),
    "one value": (lambda: number(X, np.ones(N)), f"one value only .1. in all {N} rows", "nothing to explain", "Check"),
    "one class": (lambda: classes(X, np.full(N, "yes")), "one class only .'yes'", "needs two classes", "Check"),
    "NaN in X": (lambda: number(put(X, (3, 1), np.nan), Y), NAN, *NEAR),
    "infinity in X": (lambda: classes(put(X, (3, 1), np.inf), LABELS), INF, *NEAR),
    "NaN in sparse X": (lambda: number(sp.csc_array(put(X, (3, 1), np.nan)), Y), NAN, *NEAR),
    "infinity in new X": (lambda: predict(X, put(X, (3, 1), -np.inf)), INF, *NEAR),
    "NaN in y": (lambda: number(X, put(Y, 3, np.nan)), "y contains NaN.*NaN in row 3", *ROW),
    "infinity in y": (lambda: number(X, put(Y, 3, np.inf)), "y contains NaN or infinity.*infinity in row 3", *ROW),
    "NaN among labels": (lambda: classes(X, put(Y > 0, 3, np.nan)), "nan in row 3", "needs a class label", "drop"),
    "None among labels": (lambda: classes(X, put(LABELS, 3, None)), "None in row 3", "needs a class label", "drop"),
    "NaN in weights": (
        lambda: number(X, Y, sample_weight=put(np.ones(N), 3, np.nan)), "sample_weight contains NaN", *ROW,
    ),
    "short y": (lambda: number(X, Y[:-1]), f"{N - 1} entries but X has {N} rows", "inconsistent", "for every row"),
    "short labels": (lambda: classes(X, LABELS[:-1]), f"{N - 1} entries, but X has {N} rows", "inconsist",
        "same length"),
    "short weights": (lambda: number(X, Y, sample_weight=[1, 1]), "sample_weight has 2", f"{N} rows", "every row"),
    "short offset": (lambda: number(X, Y, offset=[1, 1]), "offset has 2 entries", f"{N} rows", "every row"),
    "short groups": (lambda: number(X, Y, groups=[1, 1]), "groups has 2 entries", f"{N} rows", "every row"),
    "negative weight": (
        lambda: number(X, Y, sample_weight=put(np.ones(N), 3, -1)), "row 3 has -1", "must not be negative", "to 0",
    ),
    "no weight": (lambda: number(X, Y, sample_weight=np.zeros(N)), "zero for every row", "nothing is left", "above 0"),
    "no weight on a class": (
        lambda: classes(X, LABELS, sample_weight=(LABELS[0] == LABELS) * 1.0), "0 on every row of class",
        "two classes", "Give both",
    ),
    "no column": (lambda: number(X[:, :0], Y), r"0 feature\(s\)", "minimum of 1", "give some columns"),
    "no sparse column": (lambda: number(sp.csr_array((N, 0)), Y), r"0 feature\(s\)", "minimum of 1", "give some"),
    "constant columns": (lambda: number(np.ones((N, 3)), Y), "All 3 .* constant", "cannot explain", "that varies"),
    "constant sparse columns": (
        lambda: classes(sp.csr_array((N, 3)), LABELS), "All 3 .* constant", "cannot explain", "that varies",
    ),
    "duplicate names": (
        lambda: number(TABLE.rename(columns={"c1": "c0"}), Y), "duplicate.*'c0'", "name of its own", "rename or drop",
    ),
    "more folds than rows": (
        lambda: number(X, Y, params={"cv": N + 1}), f"cv={N + 1} folds", f"only {N} rows", f"give cv <= {N}",
    ),
    "more folds than members": (
        lambda: classes(X, np.arange(N) < 4, params={"cv": 5}), "cv=5 folds", "only 4 members", "give cv <= 4",
    ),
    "more folds than groups": (
        lambda: number(X, Y, params={"cv": 5}, groups=np.arange(N) % 3), "cv=5 folds", "only 3 groups", "give cv <= 3",
    ),
    "strength zero": (lambda: number(X, Y, params={"strength": 0}), "0 was given", "positive", "strength=None"),
    "strength NaN": (lambda: number(X, Y, params={"strength": np.nan}), "nan was given", "positive", "strength=None"),
    "strength text": (lambda: number(X, Y, params={"strength": "1"}), "'1' was given", "a number", "strength=None"),
    "a negative one among strengths": (
        lambda: number(X, Y, params={"strengths": [1.0, -2.0]}), "it holds -2", "positive and finite", "tiny strength",
    ),
    "no strengths": (lambda: number(X, Y, params={"strengths": []}), "is empty", "positive number", "100 is usual"),
    "zero strengths": (lambda: number(X, Y, params={"strengths": 0}), "strengths=0", "at least 1", "100 is usual"),
    "objects": (
        lambda: number(np.full((N, 2), "a", object), Y), "object array that holds text.*'a'", "as numbers", "skrub",
    ),
    "other objects": (
        lambda: number(np.full((N, 2), {}, object), Y), "object array .*dict", "else than numbers", "Give numbers",
    ),
    "text as a number": (
        lambda: number(X, np.full(N, "a", object)), "text or objects such as 'a'", "one number a row", "Classifier",
    ),
    "a column of text": (
        lambda: number(TABLE.assign(c1="Graz"), Y), "not numeric: 'c1'", "not numeric", "Encode or drop",
    ),
    "one dimension": (lambda: number(X[:, 0], Y), r"got 1D array.*shape", "2D array", "reshape"),
    "a new table lacks a column": (
        lambda: predict(TABLE, TABLE.drop(columns="c1")), "now missing:.- c1", f"exactly the {P} columns", "Give",
    ),
    "a new array lacks a column": (
        lambda: predict(X, X[:, 1:]), f"X has {P - 1} features", f"expecting {P} features", "Give the same columns",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_the_error_says_what_was_given_what_is_allowed_and_what_to_do(case):
    call, *parts = BAD[case]
    with pytest.raises((rf.InputError, rf.UnsupportedError)) as caught:
        call()
    message = str(caught.value)
    for part in parts:
        assert re.search(part, message, re.DOTALL), message
    assert "\n\n" not in message
    assert message.rstrip().endswith((".", "?"))


FINE = {
    "two rows": (rf.PenalizedRegressor(), [[0.0], [1.0]], [0.0, 1.0]),
    "one column": (rf.PenalizedRegressor(), X[:, :1], Y),
    "two rows, two classes": (rf.PenalizedClassifier(strength=0.1), [[0.0], [1.0]], ["a", "b"]),
    "one column, two classes": (rf.PenalizedClassifier(), X[:, :1], LABELS),
}


@pytest.mark.filterwarnings("ignore::regularfit.FewerFoldsWarning", "ignore::regularfit.GridEdgeWarning")
@pytest.mark.parametrize("case", FINE)
def test_small_is_not_bad(case):
    model, given, target = FINE[case]
    assert model.fit(given, target).certificate_.converged
