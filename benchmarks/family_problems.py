"""The problems of families.py: data with fixed seeds, strength grids, and the one objective all are judged by.

    objective = loss(eta) + P_s(b),    eta = X b + b0

with loss the mean over rows (of half the square; log(1 + e^eta) - y eta; e^eta - y eta; minus the log of the class's
share; minus the log partial likelihood with Breslow's ties). Columns have mean 0 and variance 1; Cox has no intercept.
P_s is s times the penalty; MCP is ``s|b| - b^2 / 6`` up to ``3 s`` and constant beyond (gamma 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from problems import _correlated, _sparse_truth
from scipy.special import logsumexp, ndtri

GAMMA = 3.0  # of MCP
SHARE = 0.5  # of L1 in the sparse group lasso
Q = 0.1  # of SLOPE
FOLDS = 10


@dataclass(frozen=True)
class Recipe:
    """One workload; ``y`` of Cox is (n, 2): time, event."""

    family: str
    penalty: str
    n: int
    p: int
    seed: int
    size: int = 1  # columns a group
    classes: int = 1
    count: int = 100
    min_ratio: float = 1e-2


RECIPES = {
    "poisson-l1-50000x100": Recipe("poisson", "l1", 50_000, 100, 201, min_ratio=1e-3),
    "multinomial-l1-5000x100x5": Recipe("multinomial", "l1", 5_000, 100, 202, classes=5),
    "multinomial-grouped-5000x100x5": Recipe("multinomial", "grouped", 5_000, 100, 202, classes=5),
    "cox-l1-1000x100": Recipe("cox", "l1", 1_000, 100, 203),
    "cox-l1-5000x200": Recipe("cox", "l1", 5_000, 200, 204),
    "group-1000x5000": Recipe("squared", "group", 1_000, 5_000, 205, size=5, min_ratio=0.1),
    "group-logit-1000x500": Recipe("logistic", "group", 1_000, 500, 206, size=5, min_ratio=0.1),
    "sparse-group-1000x5000": Recipe("squared", "sparse group", 1_000, 5_000, 205, size=5, min_ratio=0.1),
    "mcp-500x5000": Recipe("squared", "mcp", 500, 5_000, 207, min_ratio=0.1),
    "slope-200x2000": Recipe("squared", "slope", 200, 2_000, 208, min_ratio=0.1),
    # small ones, to check the harness
    "smoke-poisson-l1": Recipe("poisson", "l1", 400, 20, 211, count=20),
    "smoke-multinomial-l1": Recipe("multinomial", "l1", 300, 10, 212, classes=3, count=20),
    "smoke-multinomial-grouped": Recipe("multinomial", "grouped", 300, 10, 212, classes=3, count=20),
    "smoke-cox-l1": Recipe("cox", "l1", 200, 20, 213, count=20),
    "smoke-group": Recipe("squared", "group", 100, 100, 215, size=5, count=20, min_ratio=0.1),
    "smoke-group-logit": Recipe("logistic", "group", 200, 50, 216, size=5, count=20, min_ratio=0.1),
    "smoke-sparse-group": Recipe("squared", "sparse group", 100, 100, 215, size=5, count=20, min_ratio=0.1),
    "smoke-mcp": Recipe("squared", "mcp", 100, 200, 217, count=20, min_ratio=0.1),
    "smoke-slope": Recipe("squared", "slope", 60, 100, 218, count=20, min_ratio=0.1),
}


@dataclass(frozen=True)
class Problem:
    """One workload with its data; ``groups`` is a label a column, ``fold`` one a row."""

    name: str
    recipe: Recipe
    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    strengths: np.ndarray
    fold: np.ndarray

    @property
    def splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows to learn from and rows held out, a pair a fold."""
        return [(np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)) for k in range(FOLDS)]

    def rows(self, which: np.ndarray) -> Problem:
        """Some of the rows, as data of their own."""
        X = np.asfortranarray(self.X[which])
        return replace(self, X=X, y=self.y[which], fold=self.fold[which])


def problem(name: str) -> Problem:
    """Make a workload: seconds, never timed."""
    recipe = RECIPES[name]
    rng = np.random.default_rng(recipe.seed)
    X = _correlated(recipe.n, recipe.p, rng)
    y = _target(recipe, X, rng)
    groups = np.arange(recipe.p) // recipe.size
    top = _top(recipe, np.abs(_null_gradient(recipe, X, y)), groups)
    strengths = top * np.logspace(0, np.log10(recipe.min_ratio), recipe.count)
    fold = rng.permutation(np.arange(recipe.n) % FOLDS)
    return Problem(name, recipe, X, y, groups, strengths, fold)


def save(given: Problem, folder: Path) -> None:
    """Write the data, so that every contender reads the same numbers whatever its NumPy."""
    parts = {"y": given.y, "groups": given.groups, "strengths": given.strengths, "fold": given.fold}
    np.savez(folder / "data.npz", X=given.X, **parts)


def load(name: str, folder: Path) -> Problem:
    """Read what ``save`` wrote."""
    with np.load(folder / "data.npz") as data:
        X = np.asfortranarray(data["X"])
        parts = [data[part] for part in ("y", "groups", "strengths", "fold")]
        return Problem(name, RECIPES[name], X, *parts)


def _target(recipe: Recipe, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Counts around 1.3; shares with log-odds of deviation 2; half of the times censored; signal to noise 3."""
    n, p, K = recipe.n, recipe.p, recipe.classes
    if recipe.size > 1:  # ten groups matter, every column of them
        beta = np.repeat(_sparse_truth(p // recipe.size, 10, rng), recipe.size) * rng.uniform(0.2, 1.0, p)
    elif K > 1:
        beta = np.column_stack([_sparse_truth(p, max(p // 5, 3), rng) for _ in range(K)])
    else:
        beta = _sparse_truth(p, min(20, p // 5), rng)
    eta = X @ beta
    eta = (eta - eta.mean(axis=0)) / eta.std(axis=0)
    if recipe.family == "poisson":
        return rng.poisson(np.exp(0.7 * eta)).astype(float)
    if recipe.family == "multinomial":
        return (1.5 * eta + rng.gumbel(size=(n, K))).argmax(axis=1).astype(float)
    if recipe.family == "logistic":
        return (rng.random(n) < 1 / (1 + np.exp(-2 * eta))).astype(float)
    if recipe.family == "cox":
        time, limit = rng.exponential(np.exp(-eta)), rng.exponential(np.exp(-eta.mean()), n)
        return np.column_stack([np.minimum(time, limit), time <= limit]).astype(float)
    y = eta + rng.standard_normal(n) / np.sqrt(3.0)
    return (y - y.mean()) / y.std() + 0.5


# ---- the loss
def _risk_sets(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows by decreasing time, and for each the last row that is as late: its risk set ends there."""
    order = np.argsort(-y[:, 0], kind="stable")
    late = -y[order, 0]
    return order, np.searchsorted(late, late, side="right") - 1


def loss(family: str, y: np.ndarray, eta: np.ndarray) -> float:
    """The loss of a linear predictor (n, K)."""
    if family == "multinomial":
        return float((logsumexp(eta, axis=1) - eta[np.arange(len(y)), y.astype(int)]).mean())
    flat = eta[:, 0]
    if family == "cox":
        order, last = _risk_sets(y)
        total = np.logaddexp.accumulate(flat[order])[last]
        return float((y[order, 1] * (total - flat[order])).mean())
    if family == "squared":
        return float(0.5 * ((y - flat) ** 2).mean())
    grown = np.exp(flat) if family == "poisson" else np.logaddexp(0, flat)
    return float((grown - y * flat).mean())


def _null_gradient(recipe: Recipe, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of the loss at the model without columns, (p, K)."""
    if recipe.family == "multinomial":
        residual = np.eye(recipe.classes)[y.astype(int)]
        return X.T @ (residual - residual.mean(axis=0)) / len(y)
    if recipe.family == "cox":  # an event against the mean of its risk set
        order, last = _risk_sets(y)
        means = np.cumsum(X[order], axis=0)[last] / (last + 1)[:, None]
        return (y[order, 1] @ (means - X[order]) / len(y))[:, None]
    return (X.T @ (y - y.mean()) / len(y))[:, None]


# ---- the penalty
def slope_weights(p: int) -> np.ndarray:
    """The weights of Benjamini and Hochberg."""
    return ndtri(1 - np.arange(1, p + 1) * Q / (2 * p))


def _norms(B: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """sqrt(size) times the norm of every group."""
    return np.sqrt(np.bincount(groups) * np.bincount(groups, weights=B**2))


def penalty(recipe: Recipe, B: np.ndarray, groups: np.ndarray, strength: float) -> float:
    """P_s at coefficients (K, p)."""
    size = np.abs(B)
    if recipe.penalty == "l1":
        return strength * float(size.sum())
    if recipe.penalty == "grouped":
        return strength * float(np.sqrt((B**2).sum(axis=0)).sum())
    if recipe.penalty == "mcp":
        folded = np.where(
            size < GAMMA * strength, strength * size - size**2 / (2 * GAMMA), GAMMA * strength**2 / 2
        )
        return float(folded.sum())
    if recipe.penalty == "slope":
        return strength * float(slope_weights(size.size) @ np.sort(size.ravel())[::-1])
    share = SHARE if recipe.penalty == "sparse group" else 0.0
    return strength * float(share * size.sum() + (1 - share) * _norms(B[0], groups).sum())


def _top(recipe: Recipe, size: np.ndarray, groups: np.ndarray) -> float:
    """The smallest strength that keeps every coefficient at zero, from |gradient| (p, K)."""
    if recipe.penalty in ("l1", "mcp"):
        return float(size.max())
    if recipe.penalty == "grouped":
        return float(np.sqrt((size**2).sum(axis=1)).max())
    if recipe.penalty == "slope":
        order = np.sort(size.ravel())[::-1]
        return float((np.cumsum(order) / np.cumsum(slope_weights(order.size))).max())
    share = SHARE if recipe.penalty == "sparse group" else 0.0
    low, high = 0.0, float(size.max()) / max(share, 1e-3) * 2
    count = np.bincount(groups)
    for _ in range(200):  # bisection: every soft-thresholded group within its weight
        middle = (low + high) / 2
        left = np.maximum(size[:, 0] - middle * share, 0.0)
        fits = (_norms(left, groups) <= middle * (1 - share) * count).all()
        low, high = (low, middle) if fits else (middle, high)
    return high


def objectives(given: Problem, coefs: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    """The objective at every strength: coefficients (L, K, p), intercepts (L, K); fewer than all give NaN."""
    out = np.full(given.strengths.size, np.nan)
    found = losses(given, coefs, intercepts)
    for k, B in enumerate(coefs):
        out[k] = found[k] + penalty(given.recipe, B, given.groups, given.strengths[k])
    return out


def losses(given: Problem, coefs: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    """The loss of every solution, (L,), on these rows."""
    out = np.empty(len(coefs))
    for k, (B, b0) in enumerate(zip(coefs, intercepts, strict=True)):
        used = np.flatnonzero(B.any(axis=0))
        out[k] = loss(given.recipe.family, given.y, given.X[:, used] @ B[:, used].T + b0)
    return out
