r"""Coordinates in which a ridge penalty is ``s |u|^2 / 2``, and the columns z that belong to them.

*As they are*: ``u = sqrt(l2) b``, so that products with z are products with X, and nothing is made dense. *Rotated*:
with more columns than rows, and few rows, only the span of the rows matters. With weights pi and the kernel
``K = X D^-1 X'``, the spectrum ``V v V'`` of ``pi^1/2 K pi^1/2`` gives at most n columns ``z = K pi^1/2 V v^-1/2``,
with ``Z' pi Z = diag(v)``. The best coefficients on X are those of smallest norm among all with the same predictors of
training rows, so nothing is lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from ..._typing import Vector
from ...designs import Dense, SparseColumns
from ..ridge_lanes import kernel_of
from ..ridge_rotated import SPECTRUM_ROWS, short
from .block import Block
from .frame import Frame, LaneTerms

__all__ = ["Space", "space_of"]

FLAT = 1e-13  # share of the largest eigenvalue below which one is rounding


class Space(Protocol):
    """What the walk down the strengths asks for; predictors and residuals are (K, n), coordinates (K, m)."""

    frame: Frame
    cols: np.ndarray  # of X, as `coefficients` gives them
    squares: Vector  # (m,) of the columns of Z, weighted and centred

    def forward(self, U: np.ndarray) -> np.ndarray:
        """``U Z'``."""
        ...

    def backward(self, R: np.ndarray) -> np.ndarray:
        """``R Z``."""
        ...

    def coefficients(self, U: np.ndarray) -> np.ndarray:
        """Coefficients of X on the common scale, (K, cols)."""
        ...

    def violation(self, rest: np.ndarray) -> float:
        """The largest violation on the lane's own scale, or a bound on it, where scores are off by ``rest``."""
        ...


def space_of(frame: Frame, terms: LaneTerms) -> Space:
    """Return the cheaper coordinates for a lane."""
    return _Rotated(frame, terms) if _short(frame) else _Plain(frame, terms)


def _short(frame: Frame) -> bool:
    """Whether rows are few beside the columns, or beside the entries of sparse ones."""
    n, design = frame.problem.n, frame.problem.design
    if len(frame.held) <= n or n > SPECTRUM_ROWS:
        return False
    return short(design) if isinstance(design, SparseColumns) else isinstance(design, Dense)


def _root(frame: Frame, terms: LaneTerms) -> Vector:
    """``1 / sqrt(l2)`` of the held columns; 0 for one that is constant in the lane."""
    l1, l2 = terms.l1[frame.held], terms.l2[frame.held]
    return np.where(np.isfinite(l1), 1.0 / np.sqrt(l2), 0.0)


class _Plain:
    """The columns of X, each divided by the root of its penalty."""

    def __init__(self, frame: Frame, terms: LaneTerms) -> None:
        self.frame, self.cols, self.root = frame, frame.held, _root(frame, terms)
        self.own = np.sqrt(frame.form.l2[self.cols])
        _, deviation = frame.problem.design.moments(terms.weights[None, :])
        self.squares: Vector = (deviation[0, self.cols] * frame.unit[self.cols] * self.root) ** 2
        self.block = Block(frame, self.cols)

    def forward(self, U: np.ndarray) -> np.ndarray:
        return self.block.forward(U * self.root)

    def backward(self, R: np.ndarray) -> np.ndarray:
        return self.block.backward(R) * self.root

    def coefficients(self, U: np.ndarray) -> np.ndarray:
        return U * self.root

    def violation(self, rest: np.ndarray) -> float:
        return float((np.abs(rest) * self.own).max(initial=0.0))


class _Rotated:
    """At most as many columns as rows; the lane's own means are taken off, so that the spectrum is of deviations."""

    def __init__(self, frame: Frame, terms: LaneTerms) -> None:
        problem, weights = frame.problem, terms.weights
        if problem.fit_intercept:
            frame = replace(frame, centre=problem.design.moments(weights[None, :])[0][0])
        self.frame, self.cols = frame, frame.held
        self.most = float(np.sqrt(frame.form.l2[self.cols].max(initial=0.0)))
        root = _root(frame, terms)
        self.scale = frame.unit[self.cols] * root**2
        l2 = np.zeros(problem.p)
        l2[self.cols] = np.divide(1.0, root**2, out=np.zeros_like(root), where=root > 0)
        K = kernel_of(problem.design, l2, frame.unit, frame.centre)
        used = np.flatnonzero(weights > 0)
        w = np.sqrt(weights[used])
        values, V = np.linalg.eigh(K[np.ix_(used, used)] * w * w[:, None])
        kept = values > FLAT * max(float(values[-1]), 0.0)
        self.squares: Vector = values[kept]
        self.duals = np.zeros((problem.n, int(kept.sum())))  # rows' shares in the columns
        self.duals[used] = w[:, None] * V[:, kept] / np.sqrt(self.squares)
        self.Z = K @ self.duals

    def forward(self, U: np.ndarray) -> np.ndarray:
        return U @ self.Z.T

    def backward(self, R: np.ndarray) -> np.ndarray:
        return R @ self.Z

    def coefficients(self, U: np.ndarray) -> np.ndarray:
        design, D = self.frame.problem.design, U @ self.duals.T
        out = design.rmatmat(0, design.p, np.ascontiguousarray(D.T))[:, self.cols]
        return (out - np.outer(D.sum(axis=1), self.frame.centre[self.cols])) * self.scale

    def violation(self, rest: np.ndarray) -> float:
        return self.most * float(np.linalg.norm(rest, axis=1).max(initial=0.0))  # Cauchy-Schwarz
