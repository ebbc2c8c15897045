"""Groups with signs: cvxpy's proximal step, refusals, and fits on standardised columns in the estimators."""

import cvxpy as cp
import numpy as np
import pytest

import regularfit as rf
from regularfit.penalties import Group, SignedGroups, SparseGroup

LABELS = (0, 0, 1, 1, 1)


@pytest.mark.parametrize("ratio", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(4))
def test_the_proximal_step_is_cvxpys(ratio, seed):
    rng = np.random.default_rng(seed)
    v = rng.normal(0, 2, 5)
    lower, upper = (-np.inf, 0.0, 0.0, -np.inf, 0.0), (np.inf, np.inf, np.inf, 0.0, 0.0)
    w = cp.Variable(5)
    norms = np.sqrt(2) * cp.norm(w[:2], 2) + np.sqrt(3) * cp.norm(w[2:], 2)
    size = ratio * cp.norm(w, 1) + (1 - ratio) * norms
    bounds = [w[1] >= 0, w[2] >= 0, w[3] <= 0, w[4] == 0]
    task = cp.Problem(cp.Minimize(cp.sum_squares(w - v) / 2 + 0.6 * size), bounds)
    task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    penalty = SparseGroup(LABELS, ratio).bounded(lower, upper)
    found = penalty.prox(v, 0.6)
    assert 0.5 * np.sum((found - v) ** 2) + 0.6 * penalty.value(found) <= task.value + 1e-9 * (1 + task.value)
    # The objective bends by 1 at least: a gap bounds half the squared distance.
    np.testing.assert_allclose(found, w.value, atol=np.sqrt(2e-9 * (1 + task.value)))


def test_bounds_intersect_and_others_are_refused():
    both = Group(LABELS).nonnegative().bounded(upper=[0, 0, np.inf, np.inf, np.inf])
    assert isinstance(both, SignedGroups)
    assert both.prox(np.array([5.0, 5.0, 5.0, -5.0, 5.0]), 0.1)[[0, 1, 3]].tolist() == [0, 0, 0]
    assert (2 * both).penalty == Group(LABELS, 2.0)
    with pytest.raises(rf.UnsupportedError, match=r"bounds at 0 only.*take any bounds"):
        Group(LABELS).bounded(0, 1)
    with pytest.raises(rf.InputError, match="lower must be <= 0"):
        Group(LABELS).bounded(1)
    with pytest.raises(rf.UnsupportedError, match="no Group with bounds yet"):
        rf.fit_path(np.eye(5), rf.survival(np.arange(1.0, 6), np.ones(5, bool)), both, loss=rf.Cox())


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_estimators_choose_standardise_and_keep_them(loss, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 5)) * [1, 10, 0.1, 1, 5]
    eta = X @ [1.0, -0.2, 8.0, 0.5, 0.0] + rng.normal(size=150)
    made = rf.PenalizedRegressor if loss == "squared" else rf.PenalizedClassifier
    y = eta if loss == "squared" else (eta > 0).astype(int)
    model = made(Group(LABELS).nonnegative(), cv=3, strengths=20, min_ratio=1e-2).fit(X, y)
    coef = np.ravel(model.coef_)
    assert (coef >= 0).all()
    assert coef[1] == 0
    assert coef[[0, 2, 3]].all()
    assert model.certificate_.converged
    assert model.path_.nonzeros[0] == 0  # the grid begins where no column may enter
    model.save(tmp_path / "model.rfit")
    assert rf.load(tmp_path / "model.rfit").penalty_ == model.penalty_
