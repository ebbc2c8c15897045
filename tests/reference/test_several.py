"""R's glmnet on several linear predictors: multinomial (also grouped) and mgaussian.

glmnet's multinomial takes one class at a time with a bound on the curvature and stops when its steps become short; its
solutions are as far from optimal as they are, which is worked out here from the objective alone.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import PredefinedSplit

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem
from tests.reference.translate import FIXTURES, ROOT

PATHS = sorted(f.stem for kind in ("multinomial", "mgaussian") for f in FIXTURES.glob(f"{kind}_*.json"))
SHARP = 1e-13
ROUNDING = 3e-8  # a gap of 1e-15, which is rounding, bounds a violation by its root
CURVES = sorted(f.stem for f in FIXTURES.glob("several_cv_*.json"))


class Case:
    """A fixture as our objective sees it."""

    def __init__(self, name: str) -> None:
        self.answers: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
        facts = self.answers
        self.joint = facts["family"] == "mgaussian" or facts.get("type.multinomial") == "grouped"
        X, self.y = self._data()
        self.X = X
        n, p = X.shape
        self.weights = self._array("weights", np.ones(n))
        offset = facts.get("offset")
        self.offset = None if offset is None else np.array(offset).T
        self.fit_intercept, self.standardize = facts.get("intercept", True), facts.get("standardize", True)
        self.strengths = np.array(facts["lambda"])
        factors = self._array("penalty.factor", np.ones(p))
        self.factors = factors * (
            p / np.where(np.isinf(factors), 1.0, factors).sum()
        )  # as glmnet scales them
        self.lower = self._array("lower.limits", np.full(p, -np.inf))
        self.upper = self._array("upper.limits", np.full(p, np.inf))
        self.alpha = facts["alpha"]
        penalty = rf.ElasticNet(self.alpha).weighted(self.factors)
        if np.isfinite(self.lower).any() or np.isfinite(self.upper).any():
            penalty = penalty.bounded(self.lower, self.upper)
        self.penalty = penalty.across_outputs() if self.joint else penalty
        self.loss = "squared" if facts["family"] == "mgaussian" else "multinomial"

    def _array(self, name: str, default: np.ndarray) -> np.ndarray:
        given = self.answers.get(name)
        return (
            default if given is None else np.broadcast_to(np.array(given, dtype=float), default.shape).copy()
        )

    def _data(self) -> tuple[np.ndarray, np.ndarray]:
        import pandas as pd

        facts = self.answers
        frame = pd.read_csv(ROOT / "examples" / "data" / facts["data"])
        X = frame.iloc[:, facts["columns"]].to_numpy(float)
        y = frame["target"].to_numpy(float)
        if "cuts" in facts:
            return X, np.searchsorted(facts["cuts"], y, side="left").astype(float)
        targets = np.column_stack([frame[facts["targets"]].to_numpy(float), y])
        if facts["data"].startswith("permeability"):
            targets[:, :-1] *= 20
        return X, targets

    @property
    def options(self) -> dict[str, Any]:
        """What the fit is given beside X and y."""
        return {
            "sample_weight": self.weights,
            "offset": self.offset,
            "fit_intercept": self.fit_intercept,
            "standardize": self.standardize,
        }

    @property
    def scales(self) -> np.ndarray:
        """Standard deviations by which columns are scaled."""
        pi = self.weights / self.weights.sum()
        return np.sqrt(pi @ (self.X - pi @ self.X) ** 2) if self.standardize else np.ones(self.X.shape[1])

    def violation(self, strength: float, coef: np.ndarray, intercept: np.ndarray) -> float:
        """Return the distance from the optimality conditions, from the objective alone; ``coef`` (K, p)."""
        pi = self.weights / self.weights.sum()
        eta = self.X @ coef.T + intercept + (0 if self.offset is None else self.offset)
        if self.loss == "squared":
            residual = eta - self.y
        else:
            e = np.exp(eta - eta.max(axis=1, keepdims=True))
            residual = e / e.sum(axis=1, keepdims=True) - np.eye(len(coef))[self.y.astype(int)]
        used = np.isfinite(self.factors)
        grad = ((pi[:, None] * residual).T @ self.X / self.scales)[:, used]
        b, f = (coef * self.scales)[:, used], strength * self.factors[used]
        slope = grad + (1 - self.alpha) * f * b
        l1 = self.alpha * f
        if self.joint:
            size, length = np.linalg.norm(b, axis=0), np.linalg.norm(slope, axis=0)
            inside = np.linalg.norm(slope + l1 * b / np.where(size > 0, size, 1), axis=0)
            worst = np.where(size > 0, inside, np.maximum(length - l1, 0)).max()
        else:
            least, most = np.where(b > 0, l1, -l1), np.where(b < 0, -l1, l1)
            own = coef[:, used]
            least = np.where(own <= self.lower[used] * (1 - 1e-12), -np.inf, least)
            most = np.where(own >= self.upper[used] * (1 - 1e-12), np.inf, most)
            worst = np.maximum(np.maximum(slope + least, -slope - most), 0).max()
        level = np.abs(pi @ residual).max() if self.fit_intercept else 0.0
        return float(max(worst, level))


@lru_cache(maxsize=4)
def load(name: str) -> Case:
    return Case(name)


def fitted(case: Case, tol: float, X: Any = None):
    problem = make_problem(case.X if X is None else X, case.y, case.loss, **case.options)
    lane = Lane(np.arange(problem.n), keep=True)
    return fit_lanes(problem, [case.penalty], [case.strengths], [lane], tol=tol)[0][0].path


def apart(case: Case, coefs: np.ndarray) -> np.ndarray:
    """Coefficients on the penalised scale, without what no optimum fixes.

    With an l1 penalty and an even number of classes one number may be added to all coefficients of a column as long
    as it stays between the two in the middle.
    """
    scaled = coefs * case.scales
    loose = case.loss == "multinomial" and not case.joint and case.alpha == 1
    return scaled - scaled.mean(axis=1, keepdims=True) if loose else scaled


@pytest.mark.parametrize("name", PATHS)
def test_coefficients_are_those_of_glmnet(name):
    case = load(name)
    path = fitted(case, SHARP)
    theirs = np.array(case.answers["coefs"])
    largest = np.abs(theirs * case.scales).max(axis=(1, 2))
    difference = np.abs(apart(case, path.coefs) - apart(case, theirs)).max(axis=(1, 2))
    assert (difference <= 1e-5 * np.where(largest > 0, largest, 1.0)).all()
    levels = np.array(case.answers["intercepts"])
    np.testing.assert_allclose(path.intercepts, levels, rtol=1e-5, atol=1e-5 * np.abs(levels).max())
    np.testing.assert_allclose(path.deviance_ratio, case.answers["deviance_ratio"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", PATHS)
def test_no_solution_is_further_from_optimal_than_that_of_glmnet(name):
    case = load(name)
    path = fitted(case, SHARP)
    for k, strength in enumerate(case.strengths):
        ours = case.violation(strength, path.coefs[k], path.intercepts[k])
        theirs = case.violation(
            strength, np.array(case.answers["coefs"][k]), np.array(case.answers["intercepts"][k])
        )
        assert ours <= max(theirs, ROUNDING * strength), (strength, ours, theirs)


@pytest.mark.parametrize("name", PATHS)
def test_the_certificate_says_so(name):
    path = fitted(load(name), 1e-7)
    assert path.converged.all(), (path.gaps, path.kkt)


@pytest.mark.parametrize(
    "name", ["multinomial_offset", "multinomial_grouped_everything", "mgaussian_everything"]
)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, np.asfortranarray])
def test_the_storage_of_X_changes_nothing(name, kind):
    case = load(name)
    path, other = fitted(case, SHARP), fitted(case, SHARP, kind(case.X))
    np.testing.assert_allclose(other.coefs * case.scales, path.coefs * case.scales, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation_is_that_of_glmnet(name):
    case = load(name)
    folds = PredefinedSplit(np.array(case.answers["foldid"]))
    kind = rf.PenalizedRegressor if case.loss == "squared" else rf.PenalizedClassifier
    model = kind(case.penalty, strengths=case.strengths, cv=folds, tol=1e-10).fit(case.X, case.y)
    # glmnet's deviance is twice the log-loss, and its error of several targets their sum.
    unit = case.y.shape[1] if case.loss == "squared" else 2.0
    np.testing.assert_allclose(unit * model.cv_.mean, case.answers["cvm"], rtol=1e-5)
    np.testing.assert_allclose(unit * model.cv_.se, case.answers["cvsd"], rtol=1e-4)
    assert model.strength_ == case.answers["lambda_min"]
