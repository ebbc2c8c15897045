"""What a lane with several linear predictors leaves behind, strength by strength."""

from __future__ import annotations

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
from .look import Look, Sample

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
        position: int,
        B: np.ndarray,
        cols: np.ndarray,
        seen: Look,
        E: np.ndarray,
        proof: tuple[float, float],
    ) -> None:
        """Store the solution at a strength, and gap and violation; ``B`` (K, columns) on the common scale."""
        self.gaps[position], self.kkt[position] = proof
        self.ratio[position] = 1 - (seen.loss - self.perfect) / self.null if self.null > 0 else 0.0
        self.reached = position + 1
        if self.lane.keep:
            self._solution(position, B, cols, seen)
        for group, rows in enumerate(self.lane.tests):
            eta = (E[:, rows] + self.sample.offset[:, rows] + seen.A @ self.sample.Z[rows].T).T
            self.scores[position, group] = held_out(self.frame.problem, rows, eta[:, None, :], self.score)[0]

    def _solution(self, position: int, B: np.ndarray, cols: np.ndarray, seen: Look) -> None:
        frame, first = self.frame, int(self.frame.problem.fit_intercept)
        coef = np.zeros((frame.outputs, frame.problem.p))
        coef[:, cols] = frame.raw(cols, B, self.terms)
        A = seen.A - seen.A.mean(axis=0)  # the same number in all classes changes nothing
        coef[:, frame.free] = A[:, first:] * frame.unit[frame.free]
        level = -coef @ frame.centre + (A[:, 0] if first else 0.0)
        level -= level.mean()  # of columns that are not centred the coefficients need not sum to zero
        self.coefs.append(sparse.csr_matrix(coef.reshape(1, -1)))
        self.levels.append(level)
        self.entered |= coef.any(axis=0)
        self.df[position] = self._freedom(coef)

    def _freedom(self, coef: np.ndarray) -> float:
        """The number of non-zeros, which is right where nothing but l1 shrinks; else it is not known."""
        l2 = self.terms.l2[np.isfinite(self.terms.l1)]
        return float(np.count_nonzero(coef)) if not l2.any() and not self.frame.rows else np.nan

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
                np.array(self.levels),
                self.ratio[:end],
                self.df[:end],
                self.gaps[:end],
                self.kkt[:end],
                tol,
                ended,
            )
        return LaneResult(path, self.scores, self.gaps, self.kkt, judge(self.gaps, self.kkt, tol))
