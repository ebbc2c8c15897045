"""What cross-validation found along a path of trees: rounds, pruning, shrinkage, or trees kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .._typing import Vector
from ..errors import InputError
from ..selection import CVResult

__all__ = ["KnobCV"]


@dataclass(frozen=True, eq=False)
class KnobCV(CVResult):
    """Held-out scores along a path that one fit a fold has given, from the strongest restraint to the weakest.

    ``mean`` and ``se`` are over folds, weighted by their rows; ``value_min`` is the knob at the best mean score,
    ``value_1se`` where it restrains most and is not clearly worse, by paired errors of the folds.

    Parameters
    ----------
    strengths : (L,) decreasing; how strongly each point is restrained (for rounds: one over their number).
    folds, weights, score_name, greater_is_better : as in :class:`~regularfit.selection.CVResult`.
    knob : what ``values`` are: "rounds" of boosting, "ccp_alpha" of pruning, "shrinkage" (its strength, in rows),
        "trees" that a sparse forest keeps, or "rules" (terms, the linear ones included) that a rule model keeps.
    values : (L,) of that knob, in the order of ``strengths``; of rules and trees on all rows.

    Raises
    ------
    InputError
        As for :class:`~regularfit.selection.CVResult`, and for other than one value a strength.

    Examples
    --------
    >>> cv = KnobCV.of_rounds([[2.0, 4.0], [1.0, 2.0], [1.5, 2.0]], [1.0, 1.0])
    >>> cv.value_min, cv.values.tolist()
    (2.0, [1.0, 2.0, 3.0])
    """

    knob: str = "strength"
    values: Vector = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Take any arrays; the values are the strengths unless they are given."""
        super().__post_init__()
        values = np.asarray(self.values, dtype=np.float64)
        if values.size and values.shape != self.strengths.shape:
            raise InputError(
                f"values has shape {values.shape}, but there are {len(self.strengths)} strengths; give one each."
            )
        object.__setattr__(self, "values", values if values.size else self.strengths)

    @classmethod
    def of_rounds(
        cls,
        folds: Vector,
        weights: Vector,
        score_name: str = "loss",
        greater_is_better: bool = False,
        *,
        knob: str = "rounds",
    ) -> KnobCV:
        """Return the result for 1, 2, ... rounds: ``folds`` is (rounds, K)."""
        rounds = np.arange(1, len(folds) + 1, dtype=np.float64)
        return cls(1.0 / rounds, folds, weights, score_name, greater_is_better, knob, rounds)

    @property
    def value_min(self) -> float:
        """The knob at the best mean score; of ties, where it restrains most."""
        return float(self.values[self.index_min])

    @property
    def value_1se(self) -> float:
        """The knob where it restrains most and is not clearly worse than the best, by paired fold errors."""
        return float(self.values[self.index_1se])
