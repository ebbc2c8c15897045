"""Group: the closed form, ways to write groups down, refusals."""

import numpy as np
import pandas as pd
import pytest

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.penalties import L1, Group
from tests.penalties.test_mcp import orthonormal


def test_an_orthonormal_design_shortens_each_group():
    X, rng = orthonormal()
    y = X @ np.array([3.0, -1.0, 0.4, 0.0, 0.2, -2.0]) + 0.1 * rng.standard_normal(len(X))
    z = X.T @ (y - y.mean()) / len(y)
    groups = [[0, 3], [1, 2, 4], [5]]
    path = rf.fit_path(X, y, Group(groups), strengths=[1.0, 0.5, 0.1])
    for s, coef in zip(path.strengths, path.coefs, strict=True):
        for g in groups:
            norm = np.linalg.norm(z[g])
            np.testing.assert_allclose(coef[g], z[g] * max(1 - s * np.sqrt(len(g)) / norm, 0), atol=1e-8)
    assert path.converged.all()
    assert (path.gaps <= 1e-7).all()
    assert path.convex is None
    assert path.convex_until == 0


def test_groups_of_one_are_the_lasso():
    v, u = np.array([3.0, -0.2, 1.0]), np.array([-1.0, 0.5, 2.0])
    group = Group([0, 1, 2])
    np.testing.assert_allclose(group.prox(v, 0.5), L1().prox(v, 0.5))
    np.testing.assert_allclose(group.kkt(v, u), L1().kkt(v, u))
    assert group.strength_max(u) == L1().strength_max(u)


def test_labels_lists_and_names_say_the_same():
    labels, lists = Group(["b", "a", "b"]), Group([[0, 2], [1]])
    named = Group([["age", "bmi"], ["sex"]]).resolve(["age", "sex", "bmi"])
    v = np.array([1.0, 2.0, 3.0])
    assert labels.value(v) == lists.value(v) == named.value(v)
    assert named == lists
    assert labels.resolve(["x", "y", "z"]) == labels


def test_names_are_resolved_by_the_estimator():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((40, 3)), columns=["age", "sex", "bmi"])
    fit = rf.PenalizedRegressor(Group([["age", "bmi"], ["sex"]]), cv=3).fit(
        X, X["age"] + rng.standard_normal(40)
    )
    assert (fit.coef_[0] == 0) == (fit.coef_[2] == 0)


BAD = {
    "column 1 is in two groups": [[0, 1], [1, 2]],
    "1 column.s. are in no group .first: 2.": [[0], [1]],
    "there is no column 7": [[0, 1], [7]],
    "has 2 labels, but the penalty is used on 3": [0, 1],
    "there is no group": [],
    "a group is empty": [[0, 1, 2], []],
    "mixed": [0, [1, 2]],
    "neither a whole number nor a name": [0.5, 1, 1],
    "positions count from 0": [[-1, 0], [1, 2]],
    "by position and by name": [["a", 0], [1, 2]],
    "give one label per column": "aab",
    "names are not resolved": [["a"], ["b"], ["c"]],
}


@pytest.mark.parametrize("message", BAD)
def test_bad_groups_are_refused(message):
    with pytest.raises(InputError, match=message):
        Group(BAD[message]).value(np.zeros(3))


def test_unknown_names_and_tables_without_names_are_refused():
    with pytest.raises(InputError, match=r"no column 'bmy'.*Did you mean 'bmi'"):
        Group([["bmy"]]).resolve(["bmi"])
    with pytest.raises(InputError, match="X has no column names"):
        Group([["bmi"]]).resolve(None)


@pytest.mark.parametrize(
    "change", [lambda g: g.weighted([1, 1]), lambda g: g.bounded(-1, 1), lambda g: g.on(0)]
)
def test_what_has_no_proximal_step_is_refused_by_name(change):
    with pytest.raises(UnsupportedError, match=r"Group.*ElasticNet, MCP and SCAD take"):
        change(Group([0, 0]))
