"""EMA: an exponential moving average of the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from torch import nn

from ..._checks import check_choice
from ...errors import InputError
from ..regulariser import Effect, Regulariser, Run
from .average import STATISTICS, Average, run_of, second_average

__all__ = ["EMA", "ema_decay"]


def ema_decay(decay: float, count: int) -> float:
    """Return the share of the old average in the update after ``count`` updates; 0 at the first, which copies.

    >>> [round(ema_decay(0.9, count), 3) for count in (0, 1, 20, 1000)]
    [0.0, 0.182, 0.7, 0.9]
    """
    return min(decay, (1 + count) / (10 + count)) if count else 0.0


@dataclass(frozen=True)
class EMA(Regulariser):
    r"""Evaluate and keep an exponential moving average of the weights instead of the last ones.

    .. math:: \bar w \leftarrow d_t \bar w + (1 - d_t) w, \quad d_t = \min(d, (1 + t) / (10 + t))

    after every step, t updates done before; the first copies. It takes away the noise of the last steps, as a
    falling learning rate does, and costs next to nothing. Prefer it to SWA where training may be stopped early.
    With few steps (below 1 / (1 - d)) the warm-up keeps the average from remembering the initial weights.

    Parameters
    ----------
    decay : share of the old average, in [0, 1): 0.999 averages about the last 1000 steps.
    statistics : of norm layers: "refresh" estimates them anew from the training rows (exact; one forward pass over the
        rows at the end and at every evaluation that looks at validation rows, only where there are such layers),
        "average" averages them too, which costs nothing.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(model.weight, 1.0)
    >>> average = EMA(0.1).follow(model)
    >>> for weight in (1.0, 2.0):  # two steps of an optimiser
    ...     _ = nn.init.constant_(model.weight, weight)
    ...     average.update()
    >>> with average.evaluate():
    ...     round(model.weight.item(), 4)  # 0.1 of 1 and 0.9 of 2
    1.9
    >>> average.finish()  # from now on the model is the average

    References
    ----------
    Polyak & Juditsky (1992), Acceleration of stochastic approximation by averaging.
    """

    decay: float = 0.999
    statistics: str = "refresh"

    phases: ClassVar[tuple[str, ...]] = ("data", "average", "evaluate")
    averages_weights: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the settings."""
        number = isinstance(self.decay, Real) and not isinstance(self.decay, bool)
        if not number or not 0 <= self.decay < 1:
            raise InputError(
                f"EMA(decay) is the share of the old average and must lie in [0, 1); {self.decay!r} was given. "
                "0.999 averages about the last 1000 steps."
            )
        check_choice(self.statistics, STATISTICS, "EMA(statistics)")

    def start(self, run: Run) -> Average:
        """Return the average of this run."""
        return _EMA(run, self)

    def follow(
        self,
        model: nn.Module,
        batches: Iterable[Any] | None = None,
        call: Callable[[nn.Module, Any], Any] | None = None,
    ) -> Average:
        """Return the average for a loop of your own: ``update()`` after every step, ``evaluate()``, ``finish()``.

        Parameters
        ----------
        model : the net.
        batches : training inputs, a list or a DataLoader; needed where norm statistics are refreshed.
        call : see :func:`~regularfit.nets.refresh_batch_stats`.
        """
        return _EMA(run_of(model), self, batches, call)

    def conflict(self, other: Regulariser) -> str | None:
        """The fitted model can be one average only."""
        return second_average(self, other)

    @classmethod
    def examples(cls) -> Sequence[EMA]:
        """Return instances for the laws."""
        return [cls(), cls(0.5), cls(0.9, statistics="average")]


class _EMA(Average):
    def __init__(
        self,
        run: Run,
        settings: EMA,
        batches: Iterable[Any] | None = None,
        call: Callable[[nn.Module, Any], Any] | None = None,
    ) -> None:
        super().__init__(run, settings.statistics, batches, call)
        self.decay = float(settings.decay)

    def weight(self) -> float:
        return 1.0 - ema_decay(self.decay, self.count)

    def effect(self) -> Effect:
        return Effect(
            ema_decay(self.decay, self.count), acted=self.count > 1, note=f"after {self.count} updates"
        )
