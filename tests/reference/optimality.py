"""How far a point is from optimal, worked out from the objective alone: no code of the library takes part."""

from __future__ import annotations

import numpy as np

from tests.reference.translate import Case


def slope_of(family: str, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Return the derivative of minus the log-likelihood, up to a factor that does not depend on eta."""
    if family in {"gaussian", "binomial"}:
        return (eta if family == "gaussian" else 1 / (1 + np.exp(-eta))) - y
    mu = np.exp(eta)
    variance = {"poisson": mu, "gamma": mu**2, "negative_binomial": mu + mu**2 / 3}[family]
    return mu * (mu - y) / variance


def violation(case: Case, strength: float, coef: np.ndarray, intercept: float) -> float:
    """Return the largest distance from the optimality conditions, on the penalised scale.

    0 in gradient_j / sd_j + strength * factor_j * (l1 d|b_j| + l2 b_j) + (bounds),    b = coef * sd
    """
    weight = case.sample_weight / case.sample_weight.sum()
    eta = case.offset + intercept + case.X @ coef
    residual = weight * slope_of(case.answers["family"], case.y, eta)
    spread = case.target_deviation(np.arange(len(case.y))) if case.loss == "squared" else 1.0
    allowed = np.isfinite(case.factors)
    scaled = (coef * case.scales)[allowed]
    gradient = (case.X.T @ residual / case.scales)[allowed]
    l1 = strength * case.l1_ratio * case.factors[allowed]
    slope = gradient + strength * (1 - case.l1_ratio) / spread * case.factors[allowed] * scaled
    least = np.where(scaled > 0, l1, -l1)
    most = np.where(scaled < 0, -l1, l1)
    # Scaling a bound there and back may move it by a rounding error.
    lower, upper = case.lower[allowed] * (1 - 1e-12), case.upper[allowed] * (1 - 1e-12)
    least = np.where(coef[allowed] <= lower, -np.inf, least)
    most = np.where(coef[allowed] >= upper, np.inf, most)
    columns = np.maximum(np.maximum(slope + least, -slope - most), 0).max()
    return float(max(columns, abs(residual.sum()) if case.fit_intercept else 0.0))
