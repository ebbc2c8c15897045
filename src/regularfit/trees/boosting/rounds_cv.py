"""The number of rounds, from folds that grow side by side while their mean score is watched."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import FitError, GridEdgeWarning
from ...selection import Fold
from ..engines import Growing
from ..knob_cv import KnobCV
from ..regularisation import Regularisation
from .scores import Score
from .workshop import Workshop

__all__ = ["FoldGrowth", "curve_of", "grow_side_by_side", "start_folds", "warn_of_the_limit"]

Tick = Callable[[int, float], None]


@dataclass(eq=False)
class FoldGrowth:
    """A model that grows without one fold, and that fold's scores so far.

    Parameters
    ----------
    growing : the model.
    y, weights : of the held-out rows.
    score : of them.
    """

    growing: Growing
    y: np.ndarray
    weights: np.ndarray | None
    score: Score
    scores: list[float] = field(default_factory=list)

    def to(self, rounds: int) -> float:
        """Grow to so many rounds, and return the score there."""
        while len(self.scores) < rounds:
            found = self.score.of(self.y, self.growing.advance(), self.weights)
            if not np.isfinite(found):
                raise FitError(
                    f"The held-out score ({self.score.name}) is {found} after {len(self.scores) + 1} rounds: the model "
                    "runs away. Lower learning_rate, or look for extreme values in y."
                )
            self.scores.append(found)
        return self.scores[rounds - 1]


def start_folds(
    workshop: Workshop, regularisation: Regularisation, folds: Sequence[Fold], score: Score
) -> list[FoldGrowth]:
    """Return one model of no rounds for every fold."""
    data = workshop.data
    growths: list[FoldGrowth] = []
    for train, test in folds:
        held = np.sort(test)
        weights = None if data.weights is None else data.weights[held]
        growths.append(FoldGrowth(workshop.grow(regularisation, train, held), data.y[held], weights, score))
    return growths


def grow_side_by_side(
    growths: Sequence[FoldGrowth],
    weights: np.ndarray,
    most: int,
    patience: int | None,
    tick: Tick | None = None,
) -> None:
    """Grow all folds until their mean score has not improved for ``patience`` rounds, or to ``most``.

    Rounds that folds have already count as grown: their scores are only looked at.
    """
    sign = -1.0 if growths[0].score.greater_is_better else 1.0
    share = weights / weights.sum()
    best, best_at, at = np.inf, 0, 0
    while at < most and (patience is None or at - best_at < patience):
        at += 1
        mean = float(sum(w * growth.to(at) for w, growth in zip(share, growths, strict=True)))
        if sign * mean < best:
            best, best_at = sign * mean, at
        if tick is not None:
            tick(at, mean)


def curve_of(growths: Sequence[FoldGrowth], weights: np.ndarray) -> KnobCV | None:
    """Return the scores over the rounds that all folds have, or None where there are none."""
    common = min(len(growth.scores) for growth in growths)
    if common == 0:
        return None
    folds = np.column_stack([growth.scores[:common] for growth in growths])
    score = growths[0].score
    return KnobCV.of_rounds(folds, weights, score.name, score.greater_is_better)


def warn_of_the_limit(cv: KnobCV, most: int, stacklevel: int = 3) -> None:
    """Warn where the best number of rounds is the largest that was allowed."""
    if most > 1 and cv.value_min == most:
        warnings.warn(
            f"The best number of rounds is the most that was allowed ({most}), and the score was still improving. "
            "Raise rounds, or learning_rate, which takes fewer of them.",
            GridEdgeWarning,
            stacklevel=stacklevel + 1,
        )
