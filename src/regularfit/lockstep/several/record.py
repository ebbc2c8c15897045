"""What a lane with several linear predictors leaves behind, strength by strength."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from ..._typing import Vector
from ..certificate import judge
from ..front import INTERRUPTED
from ..problem import Lane, Problem
from ..result import LaneResult, Score, held_out, make_path
from ..saturation import FULL, why
from .frame import Frame, LaneTerms
from .look import Sample

__all__ = ["Record"]


class Record:
    """Solutions, certificates and held-out scores of one lane."""

    def __init__(
        self,
        frame: Frame,
        sample: Sample,
        terms: LaneTerms,
        lane: Lane,
        grid: Vector,
        score: Score | None,
        full_df: bool | None,
        null_loss: float,
    ) -> None:
        self.frame, self.sample, self.terms, self.lane, self.grid, self.score = (
            frame,
            sample,
            terms,
            lane,
            grid,
            score,
        )
        L = len(grid)
        self.perfect = float(terms.weights @ sample.perfect)
        self.null = null_loss - self.perfect
        self.full_df = bool(full_df)
        self.reached = 0
        self.coefs: list[Any] = []
        self.levels: list[Vector] = []
        self.gaps, self.kkt, self.ratio = np.full(L, np.nan), np.full(L, np.nan), np.full(L, np.nan)
        self.scores = np.full((L, len(lane.tests)), np.nan)
        self.df = np.full(L, np.nan)
        self.entered = np.zeros(frame.problem.p, bool)

    def keep(
        self,
        first: int,
        B: np.ndarray,
        cols: np.ndarray,
        A: np.ndarray,
        losses: Vector,
        E: Callable[[np.ndarray], np.ndarray],
        gaps: Vector,
        kkt: Vector,
    ) -> None:
        """Store the solutions of m strengths from ``first`` on, with their certificates.

        ``B`` (m, K, columns) and ``A`` (m, K, q) are on the common scale; ``E`` gives X B of some rows, (m, K, rows).
        """
        span = slice(first, first + len(B))
        self.gaps[span], self.kkt[span] = gaps, kkt
        self.ratio[span] = 1 - (losses - self.perfect) / self.null if self.null > 0 else 0.0
        self.reached = span.stop
        if self.lane.keep:
            self._solutions(span, B, cols, A)
        for group, rows in enumerate(self.lane.tests):
            eta = E(rows) + self.sample.offset[:, rows] + A @ self.sample.Z[rows].T
            self.scores[span, group] = held_out(self.frame.problem, rows, eta.transpose(2, 0, 1), self.score)

    def _solutions(self, span: slice, B: np.ndarray, cols: np.ndarray, A: np.ndarray) -> None:
        frame, intercept = self.frame, int(self.frame.problem.fit_intercept)
        coef = np.zeros((len(B), frame.outputs, frame.problem.p))
        coef[:, :, cols] = frame.raw(cols, B, self.terms)
        A = A - A.mean(axis=1, keepdims=True)  # the same number in all classes changes nothing
        coef[:, :, frame.free] = A[:, :, intercept:] * frame.unit[frame.free]
        level = -coef @ frame.centre
        if intercept:
            level += A[:, :, 0]
        level -= level.mean(
            axis=1, keepdims=True
        )  # of columns not centred the coefficients need not sum to zero
        self.coefs.append(sparse.csr_matrix(coef.reshape(len(B), -1)))
        self.levels.append(level)
        for position in range(len(B)):
            if self.full:
                break
            self.entered |= coef[position].any(axis=0)
        self.df[span] = self._freedom(coef)

    def _freedom(self, coef: np.ndarray) -> Vector | float:
        """The number of non-zeros, which is right where nothing but l1 shrinks; else it is not known."""
        l2 = self.terms.l2[np.isfinite(self.terms.l1)]
        return np.count_nonzero(coef, axis=(1, 2)) if not l2.any() and not self.frame.rows else np.nan

    def over(self, limit: float) -> bool:
        """Whether the path ends here."""
        at = self.reached - 1
        return bool(self.ratio[at] > limit) or self.full

    @property
    def full(self) -> bool:
        """Whether more columns have entered than were asked for."""
        return self.lane.most is not None and int(self.entered.sum()) > self.lane.most

    def result(self, problem: Problem, tol: float, interrupted: bool = False) -> LaneResult:
        """Return what the engine hands back."""
        end, path = self.reached, None
        if self.lane.keep and end:
            early = INTERRUPTED if interrupted else FULL if self.full else why(problem.saturation)
            ended = None if end == len(self.grid) else early
            path = make_path(
                problem,
                self.grid[:end],
                sparse.vstack(self.coefs, format="csr"),
                np.concatenate(self.levels),
                self.ratio[:end],
                self.df[:end],
                self.gaps[:end],
                self.kkt[:end],
                tol,
                ended,
            )
        return LaneResult(path, self.scores, self.gaps, self.kkt, judge(self.gaps, self.kkt, tol))
