"""Knockoffs: for every column a copy that looks like it to all the others, and knows nothing of the target."""

from __future__ import annotations

import numpy as np

from .._checks import check_choice
from .._typing import Vector
from ..errors import InputError

__all__ = ["METHODS", "fixed_copies", "gaussian_copies", "separations"]

METHODS = ("mvr", "equicorrelated")
SWEEPS = 100
SETTLED = 1e-6  # of a separation: changes below it end the search
SAFE = 1 - 1e-8  # of the largest separation: the covariance of the copies stays definite


def separations(correlation: np.ndarray, method: str = "mvr") -> Vector:
    r"""Return how far every copy is from its column: s with ``0 <= diag(s) <= 2 correlation``, (p,).

    .. math:: \text{mvr:}\quad \min_s\ \operatorname{tr} G_s^{-1}, \qquad
              \text{equicorrelated:}\quad s_j = \min(2 \lambda_{\min}, 1)

    G is the covariance of columns and copies. ``mvr`` (the smallest sum of the variances with which a regression on
    all others would estimate each coefficient) finds more than equal separations, above all where columns are
    correlated. Its coordinate steps are exact: with V = (2 correlation - diag s)^-1, v = V_jj and u = (V V)_jj the
    best change is (1 - sqrt(u) s_j) / (sqrt(u) + v).

    Examples
    --------
    >>> separations(np.eye(3)).round(6)
    array([1., 1., 1.])

    References
    ----------
    Spector & Janson (2022), Powerful knockoffs via minimizing reconstructability. Annals of Statistics 50.
    Barber & Candes (2015), Controlling the false discovery rate via knockoffs. Annals of Statistics 43.
    """
    check_choice(method, list(METHODS), "method")
    least = float(np.linalg.eigvalsh(correlation)[0])
    if least <= 0:
        raise InputError(
            "The covariance of the columns is singular, so no copy can differ from its column. Drop copied columns, or "
            "give a covariance of your own that is positive definite."
        )
    s = np.full(len(correlation), min(2 * least, 1.0) * SAFE)
    return s if method == "equicorrelated" else _reconstructable(correlation, s)


def _reconstructable(correlation: np.ndarray, s: Vector) -> Vector:
    """Coordinate descent from a feasible point; it never leaves the feasible set."""
    for _ in range(SWEEPS):
        inverse = np.linalg.inv(2 * correlation - np.diag(s))
        before = s.copy()
        for j in range(len(s)):
            column = inverse[:, j].copy()
            root, v = float(np.sqrt(column @ column)), float(inverse[j, j])
            change = (1 - root * s[j]) / (root + v)
            s[j] += change
            inverse += np.outer(column, column) * (change / (1 - change * v))
        if (np.abs(s - before) <= SETTLED * before).all():
            break
    return s * SAFE


def gaussian_copies(
    X: np.ndarray, mean: Vector, covariance: np.ndarray, rng: np.random.Generator, method: str = "mvr"
) -> np.ndarray:
    r"""Return copies of normal columns (n, p): drawn from their conditional distribution given X.

    .. math:: \tilde x \mid x \sim N\bigl(x - S \Sigma^{-1} (x - \mu),\ 2 S - S \Sigma^{-1} S\bigr)

    Parameters
    ----------
    X : (n, p)
    mean, covariance : (p,), (p, p) of the columns, known or estimated.
    rng : draws the noise.
    method : see :func:`separations`.
    """
    spread = np.sqrt(np.diag(covariance))
    Z, correlation = (X - mean) / spread, covariance / np.outer(spread, spread)
    s = separations(correlation, method)
    solved = np.linalg.solve(correlation, np.diag(s))
    values, vectors = np.linalg.eigh(2 * np.diag(s) - s[:, None] * solved)
    noise = rng.standard_normal(X.shape) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    return mean + spread * (Z - Z @ solved + noise)


def fixed_copies(
    X: np.ndarray, rng: np.random.Generator, method: str = "mvr", intercept: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return centred columns of unit length and copies with the same inner products, (n, p) each.

    Only for n >= 2 p (+ 1 beside an intercept): the copies take p further directions.

    Raises
    ------
    InputError
        For fewer rows, and columns that are combinations of each other.
    """
    n, p = X.shape
    if n < 2 * p + intercept:
        raise InputError(
            f"Fixed-X knockoffs need n >= 2 p{' + 1' * intercept} rows; X has {n} rows and {p} columns. "
            "Use kind='gaussian', which models the columns instead."
        )
    centred: np.ndarray = X - X.mean(axis=0) if intercept else X
    Z: np.ndarray = centred / np.sqrt((centred * centred).sum(axis=0))
    gram: np.ndarray = Z.T @ Z
    s = separations(gram, method)
    solved: np.ndarray = np.linalg.solve(gram, np.diag(s))
    known = np.column_stack([np.ones((n, int(intercept))), Z])
    frame = np.linalg.qr(np.column_stack([known, rng.standard_normal((n, p))]))[0]
    fresh = frame[:, known.shape[1] :]
    values, vectors = np.linalg.eigh(2 * np.diag(s) - s[:, None] * solved)
    root = (vectors * np.sqrt(np.maximum(values, 0))).T
    return Z, Z - Z @ solved + fresh @ root
