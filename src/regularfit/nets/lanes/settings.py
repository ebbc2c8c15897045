"""The settings of one net that is to be trained in lockstep with others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..._checks import check_positive
from ...errors import InputError
from ..schedules import schedule

__all__ = ["NetSettings"]


@dataclass(frozen=True)
class NetSettings:
    """A multilayer perceptron for a table, and how it is trained: what the estimators say, without a fitted state.

    Parameters
    ----------
    hidden : units of each hidden layer; empty for a linear model.
    regularisers : values such as ``WeightDecay(1e-2)``, ``Dropout(0.2)``, ``EMA()``.
    lr : learning rate of AdamW, > 0.
    schedule : of the learning rate, a name or a function of progress.
    batch_size : rows a step, >= 1, cut to the smallest training set; or "auto", as in the estimators.
    epochs : how often the training rows are seen, > 0.
    steps : overrides ``epochs``.
    batch_norm : normalise hidden layers.
    bins : whether the net sees the bins of numbers, where the table was encoded with them (scaling "piecewise").
    seed : of all random numbers, >= 0.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> NetSettings(hidden=(32,), lr=1e-2).epochs
    100.0
    """

    hidden: tuple[int, ...] = (128, 128)
    regularisers: tuple[Any, ...] = ()
    lr: float = 1e-3
    schedule: str | Callable[[float], float] = "cosine"
    batch_size: int | str = 128
    epochs: float = 100.0
    steps: int | None = None
    batch_norm: bool = False
    bins: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the numbers."""
        object.__setattr__(self, "hidden", tuple(int(h) for h in self.hidden))
        object.__setattr__(self, "regularisers", tuple(self.regularisers))
        for name in ("lr", "epochs", *(() if self.batch_size == "auto" else ("batch_size",))):
            check_positive(getattr(self, name), name)
        if any(h < 1 for h in self.hidden):
            raise InputError(f"hidden={self.hidden} must hold whole numbers >= 1, one a hidden layer.")
        if self.steps is not None and self.steps < 1:
            raise InputError(f"steps must be a whole number >= 1; {self.steps!r} was given.")
        if self.seed < 0:
            raise InputError(f"seed must be a whole number >= 0; {self.seed!r} was given.")
        schedule(self.schedule)

    @property
    def family(self) -> tuple[Any, ...]:
        """What nets must have in common to be lanes of one pack."""
        return (
            self.hidden, self.batch_norm, self.bins, self.batch_size, float(self.epochs), self.steps, self.schedule,
        )  # fmt: skip
