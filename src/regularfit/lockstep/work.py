"""What a road to the solutions is asked for, in one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .._typing import Vector
from ..designs import Imputed
from ..penalties import Coordinates, Penalty
from .problem import Lane, Problem
from .result import LaneResult, Score
from .shared import Shared
from .standard import forms_by_lane
from .threads import Workers

__all__ = ["Road", "Work", "each_alone"]


@dataclass(frozen=True, eq=False)
class Work:
    """Candidates, each with its grid, to be fitted on lanes of one problem.

    Parameters
    ----------
    problem, penalties, grids, lanes : as the engine's ``fit_lanes`` takes them.
    tol : largest relative duality gap that counts as converged.
    team : threads.
    tick : called with the number of strengths that were finished since the last call.
    score : of held-out rows, instead of the loss's own.
    full_df : effective degrees of freedom also where they are not cheap; None: not at all where they take work.
    shared : what other calls on the problem have learned of X.
    """

    problem: Problem
    penalties: Sequence[Penalty]
    grids: Sequence[Vector]
    lanes: Sequence[Lane]
    tol: float
    team: Workers
    tick: Callable[[int], None]
    score: Score | None = None
    full_df: bool | None = False
    shared: Shared | None = None

    @property
    def pairs(self) -> list[tuple[Penalty, Vector]]:
        """Every candidate with its grid."""
        return list(zip(self.penalties, self.grids, strict=True))

    @property
    def forms(self) -> list[Sequence[Coordinates]]:
        """Every candidate, coordinate by coordinate, as each lane has it."""
        return forms_by_lane(self.penalties, self.problem.p, self.lanes)

    def no_scores(self) -> list[list[np.ndarray]]:
        """Room for held-out scores, nothing in it: per candidate, per lane, strengths x held-out parts."""
        return [[np.full((len(grid), len(lane.tests)), np.nan) for lane in self.lanes] for grid in self.grids]

    def alone(self, lane: Lane) -> Work:
        """The same on one lane, missing values of X filled by the means of the lane's own rows."""
        design = self.problem.design
        if not isinstance(design, Imputed):
            return replace(self, lanes=[lane])
        return replace(
            self, lanes=[lane], problem=replace(self.problem, design=design.fill(lane.weights(self.problem)))
        )


Road = Callable[[Work], list[list[LaneResult]]]  # per candidate, per lane


def each_alone(road: Road, work: Work) -> list[list[LaneResult]]:
    """One lane after another: where each fills missing values by its own means, it has an X of its own."""
    by_lane = [[results[0] for results in road(work.alone(lane))] for lane in work.lanes]
    return [list(row) for row in zip(*by_lane, strict=True)]
