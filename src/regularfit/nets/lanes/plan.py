"""What all lanes of a pack have in common: how long, in what steps, by which measure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from ..evaluation.metrics import Metric
from .weights import NetShape

__all__ = ["LanePlan"]


@dataclass(frozen=True)
class LanePlan:
    """The settings that every lane of a pack shares.

    Parameters
    ----------
    shape : of the nets.
    size : rows a batch.
    steps : planned steps; progress is a share of them.
    evaluations : the steps after which lanes are evaluated, increasing; the last is ``steps``.
    schedule : of progress to a factor of the learning rate.
    dropout : of progress to a factor of all rates of dropout, or None where they are constant.
    metric : what early stopping and halving look at.
    changes : order of what changes rows: "swap", "mixup", "noise".
    proxes : order of what acts after the step: "decay", "l1".
    """

    shape: NetShape
    size: int
    steps: int
    evaluations: tuple[int, ...]
    schedule: Callable[[float], float]
    metric: Metric
    dropout: Callable[[float], float] | None = None
    changes: tuple[str, ...] = ("swap", "mixup", "noise")
    proxes: tuple[str, ...] = ("decay", "l1")

    def factor(self, step: int) -> float:
        """Return the schedule's factor for the step after ``step`` steps."""
        return float(self.schedule(min(step / self.steps, 1.0)))

    def dropout_factor(self, step: int) -> float:
        """Return the factor of dropout's rates in the step after ``step`` steps."""
        return 1.0 if self.dropout is None else float(self.dropout(min(step / self.steps, 1.0)))

    def next_evaluation(self, step: int) -> int:
        """Return the first evaluation after ``step`` steps."""
        return self.evaluations[min(bisect_right(self.evaluations, step), len(self.evaluations) - 1)]

    @property
    def longest(self) -> int:
        """The most steps between two evaluations."""
        return max(b - a for a, b in zip((0, *self.evaluations), self.evaluations, strict=False))
