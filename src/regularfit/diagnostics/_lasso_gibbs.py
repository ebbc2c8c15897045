r"""Gibbs sampling under the Laplace prior of a lasso, chains abreast.

The prior is |gamma_j| with density (n s l1_j / 2 v) exp(-n s l1_j |gamma_j| / v), v the noise variance: at any v the
mode is the lasso at strength s. As a mixture (Park & Casella 2008) gamma_j | t_j ~ N(0, v t_j), t_j exponential with
mean 2 v / (n s l1_j)^2. One round draws

    gamma | t, v          normal; by Cholesky (k < n) or through n unknowns (Bhattacharya et al. 2016)
    v, s | gamma          inverse gamma and gamma, with t integrated out, so that chains move fast
    1/t_j | gamma, v, s   inverse Gaussian

An l2 part adds n s l2_j to the precision 1/t_j; the prior's constant then depends on v and s in no simple way, so
both must be known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Matrix, Vector

__all__ = ["Chains", "LassoRows", "run_chains"]


@dataclass(frozen=True, eq=False)
class LassoRows:
    """Rows less what unpenalised columns explain, and the penalty; ``free`` is the rows' number less theirs."""

    A: Matrix
    y: Vector
    l1: Vector
    l2: Vector
    n: int
    free: int


@dataclass(frozen=True, eq=False)
class Chains:
    """Draws: gamma (chains, draws, k), variances and strengths (chains, draws)."""

    gamma: np.ndarray
    variance: Matrix
    strength: Matrix


def run_chains(
    rows: LassoRows,
    strength: float,
    variance: float | None,
    hyperprior: tuple[float, float] | None,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
) -> Chains:
    """Return draws after burn-in.

    Parameters
    ----------
    strength : s, or where it starts.
    variance : of the noise; None draws it under a prior 1/v.
    hyperprior : shape and rate of a gamma prior of s; None holds s.
    shape : (chains, burn_in, draws).
    """
    chains, burn_in, draws = shape
    k = rows.A.shape[1]
    out = Chains(np.empty((chains, draws, k)), np.empty((chains, draws)), np.empty((chains, draws)))
    v, s, t = _start(rows, strength, variance, hyperprior is not None, chains, rng)
    draw = _Wide(rows, rng) if k >= len(rows.y) else _Tall(rows, rng)
    for step in range(burn_in + draws):
        gamma = draw(t / (1 + rows.n * s[:, None] * rows.l2 * t), v)
        size = rows.n * (np.abs(gamma) @ rows.l1)
        if variance is None:
            v = (0.5 * draw.squares(gamma) + s * size) / rng.standard_gamma(rows.free / 2 + k, chains)
        if hyperprior is not None:
            s = rng.standard_gamma(hyperprior[0] + k, chains) / (hyperprior[1] + size / v)
        t = _mixture(gamma, rows.n * s[:, None] * rows.l1, v, rng)
        if step >= burn_in:
            out.gamma[:, step - burn_in] = gamma
            out.variance[:, step - burn_in], out.strength[:, step - burn_in] = v, s
    return out


def _start(
    rows: LassoRows,
    strength: float,
    variance: float | None,
    moves: bool,
    chains: int,
    rng: np.random.Generator,
) -> tuple[Vector, Vector, Matrix]:
    """Starts far apart, so that chains that agree have found each other."""
    usual = float(rows.y @ rows.y) / max(rows.free, 1) if variance is None else variance
    v = usual * (10 ** rng.uniform(-1, 0, chains) if variance is None else np.ones(chains))
    s = strength * (10 ** rng.uniform(-0.5, 0.5, chains) if moves else np.ones(chains))
    t = rng.standard_exponential((chains, rows.A.shape[1])) * 10 ** rng.uniform(-1, 1, (chains, 1))
    return v, s, t * 2 * v[:, None] / (rows.n * s[:, None] * rows.l1) ** 2


def _mixture(gamma: Matrix, rate: Matrix, v: Vector, rng: np.random.Generator) -> Matrix:
    """Draw t, the reciprocal of an inverse Gaussian of mean rate/|gamma| and shape rate^2/v.

    Its smaller root (Michael, Schucany & Haas 1976), written for the reciprocal: nothing overflows or cancels where
    gamma is tiny, and at 0 it is v chi^2_1 / rate^2.
    """
    m = np.abs(gamma) / rate
    a = np.square(rng.standard_normal(gamma.shape)) * v[:, None] / (2 * rate**2)
    t = m + a + np.sqrt(a * (2 * m + a))
    other = rng.random(gamma.shape) * (t + m) > t
    t = np.where(other, m * (m / np.maximum(t, np.finfo(np.float64).tiny)), t)
    return np.maximum(t, 1e-290)


class _Tall:
    """Normal draws with fewer columns than rows, by a factor of I + D^1/2 G D^1/2: no eigenvalue is below 1."""

    def __init__(self, rows: LassoRows, rng: np.random.Generator) -> None:
        self.gram, self.c = rows.A.T @ rows.A, rows.A.T @ rows.y
        self.yy, self.rng = float(rows.y @ rows.y), rng

    def __call__(self, D: Matrix, v: Vector) -> Matrix:
        """Return gamma (chains, k) for prior variances v D."""
        root = np.sqrt(D)
        B = root[:, :, None] * self.gram * root[:, None, :]
        k = B.shape[1]
        B[:, range(k), range(k)] += 1.0
        z = self.rng.standard_normal(root.shape) * np.sqrt(v)[:, None]
        # B^-1 (right + L z) has the covariance B^-1 L L' B^-1 = B^-1.
        right = root * self.c + (np.linalg.cholesky(B) @ z[:, :, None])[:, :, 0]
        return root * np.linalg.solve(B, right[:, :, None])[:, :, 0]

    def squares(self, gamma: Matrix) -> Vector:
        """Return the sums of squared residuals, (chains,)."""
        return np.maximum(self.yy - 2 * gamma @ self.c + ((gamma @ self.gram) * gamma).sum(axis=1), 0.0)


class _Wide:
    """Normal draws with at least as many columns as rows: one n x n system a chain (Bhattacharya et al. 2016)."""

    def __init__(self, rows: LassoRows, rng: np.random.Generator) -> None:
        self.A, self.y, self.rng = rows.A, rows.y, rng

    def __call__(self, D: Matrix, v: Vector) -> Matrix:
        """Return gamma (chains, k) for prior variances v D."""
        scale = np.sqrt(v)[:, None]
        u = self.rng.standard_normal(D.shape) * np.sqrt(D) * scale
        delta = self.rng.standard_normal((len(D), len(self.y))) * scale
        B = np.stack([(self.A * d) @ self.A.T for d in D])
        B[:, range(len(self.y)), range(len(self.y))] += 1.0
        right = self.y - u @ self.A.T - delta
        return u + D * (np.linalg.solve(B, right[:, :, None])[:, :, 0] @ self.A)

    def squares(self, gamma: Matrix) -> Vector:
        """Return the sums of squared residuals, (chains,)."""
        return np.square(self.y - gamma @ self.A.T).sum(axis=1)
