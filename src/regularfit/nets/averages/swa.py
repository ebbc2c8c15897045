"""SWA: the plain mean of the weights along the last part of training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from torch import nn

from ..._checks import check_choice, check_positive
from ...errors import InputError
from ..regulariser import Effect, Regulariser, Run
from .average import STATISTICS, Average, run_of, second_average

__all__ = ["SWA"]


@dataclass(frozen=True)
class SWA(Regulariser):
    """Evaluate and keep the mean of the weights at regular moments of the last part of training.

    Its minimum is wider than that of the last weights. Use it with a learning rate that stays up at the end
    ("constant", "flat_cosine" with a high end): weights that no longer move have nothing to average. Prefer EMA
    where training may be stopped before ``after``, as there is no average before it.

    Parameters
    ----------
    after : share of training after which weights are taken, in [0, 1).
    every : epochs between two of them, > 0; 1 or less in a short training.
    statistics : of norm layers: "refresh" estimates them anew from the training rows (exact; one forward pass over the
        rows at the end and at every evaluation that looks at validation rows), "average" averages them too.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> average = SWA(after=0.5, every=1).follow(model, steps=4)
    >>> for weight in (1.0, 2.0, 3.0, 4.0):  # four steps, an epoch each
    ...     _ = nn.init.constant_(model.weight, weight)
    ...     average.update()
    >>> average.finish()
    >>> model.weight.item()  # of 2, 3 and 4: weights after half of training and later
    3.0

    References
    ----------
    Izmailov, Podoprikhin, Garipov, Vetrov & Wilson (2018), Averaging weights leads to wider optima.
    """

    after: float = 0.75
    every: float = 1.0
    statistics: str = "refresh"

    phases: ClassVar[tuple[str, ...]] = ("data", "average", "evaluate")
    averages_weights: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the settings."""
        number = isinstance(self.after, Real) and not isinstance(self.after, bool)
        if not number or not 0 <= self.after < 1:
            raise InputError(
                f"SWA(after) is a share of training and must lie in [0, 1); {self.after!r} was given. "
                "0.75 averages weights of the last quarter."
            )
        check_positive(self.every, "SWA(every)", "It counts epochs; 1 is usual.")
        check_choice(self.statistics, STATISTICS, "SWA(statistics)")

    def start(self, run: Run) -> Average:
        """Return the average of this run."""
        return _SWA(run, self)

    def follow(
        self,
        model: nn.Module,
        batches: Iterable[Any] | None = None,
        call: Callable[[nn.Module, Any], Any] | None = None,
        *,
        steps: int,
        epoch_steps: int = 1,
    ) -> Average:
        """Return the average for a loop of your own: ``update()`` after every step, ``evaluate()``, ``finish()``.

        Parameters
        ----------
        model : the net.
        batches : training inputs, a list or a DataLoader; needed where norm statistics are refreshed.
        call : see :func:`~regularfit.nets.refresh_batch_stats`.
        steps : updates in the whole training.
        epoch_steps : updates in an epoch.
        """
        return _SWA(run_of(model, steps, epoch_steps), self, batches, call)

    def conflict(self, other: Regulariser) -> str | None:
        """The fitted model can be one average only."""
        return second_average(self, other)

    @classmethod
    def examples(cls) -> Sequence[SWA]:
        """Return instances for the laws."""
        return [cls(), cls(0.0, 0.5), cls(0.5, statistics="average")]


class _SWA(Average):
    def __init__(
        self,
        run: Run,
        settings: SWA,
        batches: Iterable[Any] | None = None,
        call: Callable[[nn.Module, Any], Any] | None = None,
    ) -> None:
        super().__init__(run, settings.statistics, batches, call)
        self.settings = settings
        self.steps = 0  # counted here, so that it does not matter when the run counts
        self._last = -1  # how many intervals since the start the last weights were taken at

    def due(self) -> bool:
        """Tell whether training has come far enough, and an interval further than the last time."""
        self.steps += 1
        first = math.ceil(self.settings.after * self.run.steps - 1e-9)
        if self.steps < max(first, 1):
            return False
        epochs = (self.steps - first) * self.run.batch_size / max(self.run.n, 1)
        interval = math.floor(epochs / self.settings.every + 1e-9)
        due, self._last = interval > self._last, interval
        return due

    def weight(self) -> float:
        return 1.0 / (self.count + 1)

    def effect(self) -> Effect:
        if not self.count:
            note = (
                f"no average: training ended before {self.settings.after:.0%} of its {self.run.steps} steps"
            )
            return Effect(acted=False, note=note)
        return Effect(acted=self.count > 1, note=f"mean of {self.count} weights")

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "steps": self.steps, "last": self._last}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.steps, self._last = state["steps"], state["last"]
