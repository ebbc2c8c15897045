"""The matrix's rows with several linear predictors: classes and targets, also with whole rows of coefficients as one.

As in ``test_matrix.py``: convex cells against cvxpy on the objective written out, others by their difference quotients.
"""

import warnings
from dataclasses import dataclass

import cvxpy as cp
import numpy as np
from scipy import sparse

from regularfit import penalties
from regularfit.lockstep import Lane, fit_lanes, make_problem
from tests.laws.matrix_penalties import PENALTIES, N, P, signs, written_out

K = 3
STRENGTHS = np.array([0.06, 0.01])
ACROSS = {f"{name}.across_outputs()": PENALTIES[name].across_outputs() for name in ("L1", "L2", "ElasticNet")}
SEVERAL = {"multinomial": "multinomial", "squared, several targets": "squared"}  # row -> loss
TRUTH = np.array([[1.5, 0.0, -0.8], [1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [-0.4, 0.4, 1.0], [0.8, 0.0, 0.0]])


@dataclass(frozen=True)
class SeveralCell:
    """One cell, with its data."""

    loss: str
    penalty: penalties.Penalty
    way: str
    X: np.ndarray
    Y: np.ndarray  # (n, K): shares of classes, or targets
    weights: np.ndarray
    offset: np.ndarray

    @property
    def problem(self):
        X = sparse.csc_array(self.X) if self.way == "sparse" else self.X
        return make_problem(
            X, self.Y, self.loss, sample_weight=self.weights, offset=self.offset, standardize=False
        )

    def value(self, s, W, a):
        """The objective at W (P, K) and intercepts a, from numpy alone but for the penalty's own value."""
        eta = self.offset + a + self.X @ W
        if self.loss == "multinomial":
            lost = np.log(np.exp(eta).sum(axis=1)) - (self.Y * eta).sum(axis=1)
        else:
            lost = np.square(self.Y - eta).sum(axis=1) / 2
        strong = self.penalty.at(s)
        joint = isinstance(self.penalty, penalties.AcrossOutputs)
        size = strong.value(W) if joint else sum(strong.value(w) for w in W.T)
        return float(self.weights @ lost / self.weights.sum()) + size


def make_several(row, name, way):
    """A cell of the matrix; bounds are asked for last, and may be refused here."""
    rng = np.random.default_rng(8)
    X = rng.standard_normal((N, P)) * (rng.random((N, P)) < 0.7)
    weights = rng.uniform(0.5, 2, N) if way == "weights" else np.ones(N)
    offset = 0.5 * rng.standard_normal((N, K)) if way == "offset" else np.zeros((N, K))
    noise = rng.gumbel(size=(N, K))
    Y = X @ TRUTH + offset + noise
    if SEVERAL[row] == "multinomial":
        Y = np.eye(K)[Y.argmax(axis=1)]
    penalty = (PENALTIES | ACROSS)[name]
    if way == "bounds":
        penalty = penalty.bounded(-0.1, 0.5)
    return SeveralCell(SEVERAL[row], penalty, way, X, Y, weights, offset)


def best_several(cell, s):
    """The optimal value, from cvxpy."""
    W, a = cp.Variable((P, K)), cp.Variable((1, K))
    eta = cell.X @ W + np.ones((N, 1)) @ a + cell.offset
    if cell.loss == "multinomial":
        lost = cp.log_sum_exp(eta, axis=1) - cp.sum(cp.multiply(cell.Y, eta), axis=1)
    else:
        lost = cp.sum(cp.square(cell.Y - eta), axis=1) / 2
    if isinstance(cell.penalty, penalties.AcrossOutputs):
        l1, l2 = {"L1": (1, 0), "L2": (0, 1), "ElasticNet": (0.5, 0.5)}[type(cell.penalty.penalty).__name__]
        size = l1 * cp.sum(cp.norm(W, 2, axis=1)) + l2 * cp.sum_squares(W) / 2
    else:
        size = sum(written_out(cell.penalty, W[:, k]) for k in range(K))
    within = [cp.sum(a) == 0] if cell.loss == "multinomial" else []
    within += [W >= -0.1, W <= 0.5] if cell.way == "bounds" else []
    within += [sign for k in range(K) for sign in signs(cell.penalty, W[:, k])]
    task = cp.Problem(cp.Minimize(cell.weights @ lost / cell.weights.sum() + s * size), within)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cvxpy's own remarks on how it was written
        task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return float(task.value)


def check_several(cell):
    """Fit two strengths, and hold them to the truth."""
    lane = Lane(np.arange(N), keep=True)
    [[found]] = fit_lanes(cell.problem, [cell.penalty], [STRENGTHS], [lane], tol=1e-8)
    assert found.converged.all()
    assert found.path.nonzeros[-1]
    for s, coefs, levels in zip(STRENGTHS, found.path.coefs, found.path.intercepts, strict=True):
        if cell.penalty.convex:
            value, best = cell.value(s, coefs.T, levels), best_several(cell, s)
            assert abs(value - best) <= 2e-7 * (1 + best)
        else:
            still(cell, s, coefs.T, levels)


def still(cell, s, W, a):
    """No coefficient's one-sided slopes of the objective point down, no intercept has a slope, no small step gains."""
    here, h = cell.value(s, W, a), 1e-5
    for at in np.ndindex(W.shape):
        for way in (h, -h):
            moved = W.copy()
            moved[at] += way
            assert not cell.value(s, moved, a) < here - 1e-5 * h
    for step in h * np.eye(K):
        assert abs(cell.value(s, W, a + step) - cell.value(s, W, a - step)) <= 1e-6 * 2 * h + 1e-9 * h
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert not cell.value(s, W + 1e-4 * rng.standard_normal(W.shape) * (W != 0), a) < here - 1e-9
