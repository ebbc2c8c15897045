"""The vectorised nested tuning against explicit loops, one lane at a time, chosen by CVResult and choose."""

from __future__ import annotations

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1, L2
from regularfit.selection import CVResult, NestedPlan, choose, fold_weights, make_folds
from regularfit.selection.nested import run_procedure
from regularfit.selection.nested_lanes import fit_nested
from regularfit.selection.nested_statistics import variance_of_mean


def make_plan(select="min", weighted=False, loss="squared", score=None, n=60, p=8):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    eta = X[:, 0] - 0.5 * X[:, 1]
    y = eta + rng.normal(size=n) if loss == "squared" else (eta + rng.logistic(size=n) > 0).astype(float)
    w = rng.uniform(0.2, 2, size=n) if weighted else None
    offset = rng.normal(size=n) if weighted else None
    problem = make_problem(X, y, loss, sample_weight=w, offset=offset)
    penalties = [L1(), L2()]
    grids = [strength_grid(problem, penalties[0], 12, 1e-2), strength_grid(problem, penalties[1], 9, 1e-5)]
    up = score is not None
    return NestedPlan(problem, penalties, grids, select, threads=1, score=score, greater_is_better=up)


class ByHand:
    """Nested cross-validation as one would write it down: a fit for every training set and candidate."""

    def __init__(self, plan, folds, only=None):
        self.plan, self.tests = plan, [test for _, test in folds]
        self.candidates = range(len(plan.penalties)) if only is None else [only]
        self.weights = fold_weights(folds, plan.problem.sample_weight)

    def lane(self, out, test, candidate):
        train = np.setdiff1d(np.arange(self.plan.problem.n), np.concatenate([self.tests[k] for k in out]))
        lane = Lane(train, (self.tests[test],), keep=True)
        penalty, grid = self.plan.penalties[candidate], self.plan.grids[candidate]
        [[found]] = fit_lanes(self.plan.problem, [penalty], [grid], [lane], threads=1, score=self.plan.score)
        return found

    def tune(self, out):
        """The choice of the procedure on the rows outside the folds ``out``."""
        rest = [k for k in range(len(self.tests)) if k not in out]
        curves = [
            CVResult(
                self.plan.grids[c],
                np.column_stack([self.lane((*out, k), k, c).scores[:, 0] for k in rest]),
                self.weights[rest],
                greater_is_better=self.plan.greater_is_better,
            )
            for c in self.candidates
        ]
        choice = choose(self.plan.select, curves)
        return self.candidates[choice.candidate], choice.index, choice.value

    def error(self, out, test):
        candidate, index, _ = self.tune(out)
        value = self.lane(out, test, candidate).scores[index, 0]
        return -value if self.plan.greater_is_better else value

    def row_errors(self, k):
        problem, rows = self.plan.problem, self.tests[k]
        candidate, index, _ = self.tune((k,))
        path = self.lane((k,), k, candidate).path
        eta = problem.design.rows_times(rows, path.coefs[index][:, None])[:, 0] + path.intercepts[index]
        return problem.loss.score(problem.y[rows], eta + problem.offset[rows])


def correlation(y, eta, w):
    return float(np.corrcoef(y, eta + 1e-9 * np.arange(len(y)))[0, 1])


@pytest.mark.parametrize(
    ("settings", "only"),
    [
        ({"select": "min"}, None),
        ({"select": "1se", "weighted": True}, None),
        ({"select": "1se"}, 0),
        ({"select": "min", "score": correlation}, None),
        ({"select": "min", "loss": "logistic"}, None),
    ],
)
def test_against_loops(settings, only):
    plan = make_plan(**settings)
    folds = make_folds(4, plan.problem.n, random_state=1)
    found = run_procedure(plan, fit_nested(plan, folds), folds, only)
    truth = ByHand(plan, folds, only)
    K = len(folds)
    for k in range(K):
        candidate, index, _ = truth.tune((k,))
        assert (found.candidates[k], found.indices[k]) == (candidate, index)
        assert found.errors.outer[k] == pytest.approx(truth.error((k,), k), rel=1e-6)
        for j in range(K):
            if j != k:
                assert found.errors.inner[k, j] == pytest.approx(truth.error((k, j), j), rel=1e-6)
    candidate, index, value = truth.tune(())
    assert (found.candidate, found.index) == (candidate, index)
    assert found.tuned == pytest.approx(-value if plan.greater_is_better else value, rel=1e-6)
    if plan.score is None:
        w = plan.problem.sample_weight
        rows = [truth.row_errors(k) for k in range(K)]
        for k in range(K):
            wanted = variance_of_mean(rows[k], w[truth.tests[k]])
            assert found.errors.outer_variance[k] == pytest.approx(wanted, rel=1e-6)
        everything = variance_of_mean(np.concatenate(rows), w[np.concatenate(truth.tests)])
        assert found.errors.naive_variance == pytest.approx(everything, rel=1e-6)


def test_tuning_without_a_fold_never_looks_at_it():
    plan = make_plan()
    folds = make_folds(5, plan.problem.n, random_state=2)
    before = run_procedure(plan, fit_nested(plan, folds), folds)
    # Another target in fold 0 changes how fold 0 scores, but not what is chosen and fitted without it.
    y = plan.problem.y.copy()
    y[folds[0][1]] += 5.0
    problem = make_problem(
        plan.problem.design.rows_times(np.arange(plan.problem.n), np.eye(plan.problem.p)), y
    )
    other = NestedPlan(problem, plan.penalties, plan.grids, threads=1)
    after = run_procedure(other, fit_nested(other, folds), folds)
    assert (before.candidates[0], before.indices[0]) == (after.candidates[0], after.indices[0])
    np.testing.assert_allclose(before.errors.inner[0, 1:], after.errors.inner[0, 1:], rtol=1e-6)
    assert before.errors.outer[0] != pytest.approx(after.errors.outer[0])


def test_refusals():
    plan = make_plan()
    with pytest.raises(InputError, match="at least 4 folds"):
        fit_nested(plan, make_folds(3, plan.problem.n))
    with pytest.raises(InputError, match="select='aic'"):
        NestedPlan(plan.problem, plan.penalties, plan.grids, "aic")
    with pytest.raises(InputError, match="2 penalties but 1 grids"):
        NestedPlan(plan.problem, plan.penalties, plan.grids[:1])
