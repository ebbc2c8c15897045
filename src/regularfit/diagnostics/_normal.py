r"""A normal distribution of coefficients that is known by its prior and by what the rows add in a few directions.

The penalised coefficients theta have the precision n/v (H + s I) with H = V diag(d) V', where v is the noise variance;
the unpenalised ones are, given theta, normal around least squares. Nothing of size p x p is formed unless it is asked
for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sla

from .._typing import Matrix, Vector
from ..errors import InputError

__all__ = ["Normal", "Projected", "project", "spectrum"]

SMALL = 1e-10  # share of a column of the unpenalised ones that must be left by the others


@dataclass(frozen=True, eq=False)
class Projected:
    """Rows with the unpenalised columns regressed out.

    Parameters
    ----------
    A : (n, k) what is left of the penalised columns.
    Q, inverse : (n, q), (q, q) orthonormal basis of the unpenalised columns F, and R^-1 of F = Q R.
    B : (q, k) coefficients of the penalised columns on F.
    """

    A: Matrix
    Q: Matrix
    inverse: Matrix
    B: Matrix

    @property
    def q(self) -> int:
        """How many coefficients have a flat prior."""
        return self.Q.shape[1]


def project(F: Matrix, Z: Matrix) -> Projected:
    """Regress ``Z`` on ``F``, both with their rows weighted."""
    if not F.shape[1]:
        return Projected(Z, F, np.zeros((0, 0)), np.zeros((0, Z.shape[1])))
    Q, R = np.linalg.qr(F)
    if F.shape[1] > F.shape[0] or (np.abs(np.diag(R)) <= SMALL * np.linalg.norm(F, axis=0)).any():
        raise InputError(
            f"The {F.shape[1]} unpenalised coefficients (intercept included) cannot be told apart on {F.shape[0]} "
            f"rows, so a flat prior leaves them no posterior. Penalise more of them."
        )
    inverse = sla.solve_triangular(R, np.eye(len(R)))
    with_q = Q.T @ Z
    return Projected(Z - Q @ with_q, Q, inverse, inverse @ with_q)


@dataclass(frozen=True, eq=False)
class Normal:
    """The distribution, for a noise variance of one; see the head of this module.

    Parameters
    ----------
    mean : (k,) of theta.
    flat : (q,) mean of the unpenalised ones.
    vectors, values : V (k, r) orthonormal columns, and d (r,).
    strength : s.
    n : rows.
    inverse, B : as in :class:`Projected`.
    """

    mean: Vector
    flat: Vector
    vectors: Matrix
    values: Vector
    strength: float
    n: int
    inverse: Matrix
    B: Matrix

    def covariance(self, F: Matrix, Z: Matrix) -> Matrix:
        """Covariance of the sums ``F @ flat + Z @ theta``, (m, m), for a noise variance of one."""
        T, part = Z - F @ self.B, F @ self.inverse
        turned = T @ self.vectors
        rest = T - turned @ self.vectors.T  # of directions that the rows say nothing of
        inner = (turned / (self.values + self.strength)) @ turned.T
        if self._wide:
            inner += rest @ rest.T / self.strength
        return part @ part.T + inner / self.n

    def variance(self, F: Matrix, Z: Matrix) -> Vector:
        """The diagonal of :meth:`covariance`, (m,)."""
        T = Z - F @ self.B
        squared = np.square(T @ self.vectors)
        inner = squared @ (1.0 / (self.values + self.strength))
        if self._wide:
            rest = np.maximum(np.square(T).sum(axis=1) - squared.sum(axis=1), 0.0)
            inner += rest / self.strength
        return np.square(F @ self.inverse).sum(axis=1) + inner / self.n

    def each(self) -> Vector:
        """The variances of theta, (k,), for a noise variance of one."""
        squared = np.square(self.vectors)
        out = squared @ (1.0 / (self.values + self.strength))
        if self._wide:
            out += np.maximum(1.0 - squared.sum(axis=1), 0.0) / self.strength
        return out / self.n

    def draw(self, rng: np.random.Generator, scales: Vector) -> tuple[Matrix, Matrix]:
        """Draw (theta, flat), (draws, k) and (draws, q), with one standard deviation of the noise a draw."""
        z = rng.standard_normal((len(scales), len(self.mean)))
        turned = z @ self.vectors
        off = turned * (1.0 / np.sqrt(self.values + self.strength))
        if self._wide:
            off -= turned / np.sqrt(self.strength)
            shift = z / np.sqrt(self.strength) + off @ self.vectors.T
        else:
            shift = off @ self.vectors.T
        shift *= scales[:, None] / np.sqrt(self.n)
        own = rng.standard_normal((len(scales), len(self.flat))) @ self.inverse.T * scales[:, None]
        return self.mean + shift, self.flat - shift @ self.B.T + own

    @property
    def _wide(self) -> bool:
        return self.vectors.shape[1] < self.vectors.shape[0]


def spectrum(A: Matrix) -> tuple[Vector, Matrix]:
    """Eigenvalues (r,) and eigenvectors (k, r) of A'A/n; zeros are left out where there are more columns than rows."""
    n, k = A.shape
    if n >= k:
        values, vectors = np.linalg.eigh(A.T @ A / n)
        return np.maximum(values, 0.0), vectors
    _, roots, turned = np.linalg.svd(A, full_matrices=False)
    kept = roots > roots[0] * n * np.finfo(np.float64).eps
    return np.square(roots[kept]) / n, turned[kept].T
