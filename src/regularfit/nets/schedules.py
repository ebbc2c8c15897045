"""Factors along training: of the learning rate, of a dropout rate, of anything. Functions of progress from 0 to 1.

No schedule knows steps or epochs, so none can be stepped at the wrong moment or over the wrong horizon. In a loop
of your own: ``LambdaLR(optimizer, lambda step: factor(step / steps))`` with ``factor = schedule("cosine")``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from .._checks import check_choice, check_fraction, check_positive
from ..errors import InputError

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "FlatCosine",
    "Linear",
    "OneCycle",
    "WarmRestarts",
    "schedule",
]


def schedule(name: str | Callable[[float], float]) -> Callable[[float], float]:
    """Return a schedule: by name, or a function of progress, which is checked.

    Parameters
    ----------
    name : "constant", "linear", "cosine", "flat_cosine", "one_cycle", "warm_restarts"; or any function of progress in
        [0, 1] to a finite factor >= 0, such as ``WarmRestarts(cycles=4)`` or ``lambda progress: 1 - progress**2``.

    Raises
    ------
    InputError
        If the name is unknown, or a function gives a factor that is negative or not finite.

    Examples
    --------
    >>> [round(schedule("cosine")(p), 3) for p in (0, 0.5, 1)]
    [1.0, 0.5, 0.0]
    >>> schedule(lambda progress: 0.5 - progress)
    Traceback (most recent call last):
    regularfit.errors.InputError: A schedule must give finite factors >= 0; at progress 0.51 it gives -0.01.
    """
    if not callable(name):
        return SCHEDULES[check_choice(name, list(SCHEDULES), "schedule")]()
    if type(name) in SCHEDULES.values():
        return name
    checked = name if isinstance(name, _Checked) else _Checked(name)
    for i in range(101):
        checked(i / 100)
    return checked


@dataclass(frozen=True, slots=True)
class _Checked:
    """A user's function; what it gives is looked at every time."""

    function: Callable[[float], float]

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        given: Any = self.function(progress)
        try:
            factor = float(given)
        except (TypeError, ValueError):
            raise InputError(
                f"A schedule must give numbers; at progress {progress:g} it gives {given!r}."
            ) from None
        if not (math.isfinite(factor) and factor >= 0):
            raise InputError(
                f"A schedule must give finite factors >= 0; at progress {progress:g} it gives {factor:g}."
            )
        return factor


def _fall(share: float, end: float) -> float:
    """Return the half cosine wave from 1 at share 0 to ``end`` at share 1."""
    return end + (1.0 - end) * 0.5 * (1.0 + math.cos(math.pi * min(max(share, 0.0), 1.0)))


@dataclass(frozen=True, slots=True)
class Constant:
    """The factor is 1 throughout.

    >>> Constant()(0.3)
    1.0
    """

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Linear:
    """A straight line from ``start`` to ``end``.

    Parameters
    ----------
    start, end : factors >= 0.

    Examples
    --------
    >>> Linear()(0.25), Linear(start=0, end=1)(0.25)
    (0.75, 0.25)
    """

    start: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        """Check the ends."""
        _check_factor(self.start, "Linear(start)")
        _check_factor(self.end, "Linear(end)")

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        return self.start + (self.end - self.start) * progress


@dataclass(frozen=True, slots=True)
class Cosine:
    """From 1 to ``end`` along half a cosine wave (Loshchilov & Hutter, 2017).

    Parameters
    ----------
    end : the last factor, >= 0. Exact zeros by proximal steps want 0, the default.

    Examples
    --------
    >>> Cosine(end=0.1)(1.0)
    0.1
    """

    end: float = 0.0

    def __post_init__(self) -> None:
        """Check the end."""
        _check_factor(self.end, "Cosine(end)")

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        return _fall(progress, self.end)


@dataclass(frozen=True, slots=True)
class FlatCosine:
    """1 for the share ``flat`` of training, then down to ``end`` along half a cosine wave.

    Parameters
    ----------
    flat : share of training at full rate, 0 to 1 (1: constant).
    end : the last factor, >= 0.

    Examples
    --------
    >>> FlatCosine()(0.4), round(FlatCosine()(0.75), 3)
    (1.0, 0.5)
    """

    flat: float = 0.5
    end: float = 0.0

    def __post_init__(self) -> None:
        """Check share and end."""
        check_fraction(self.flat, "FlatCosine(flat)")
        _check_factor(self.end, "FlatCosine(end)")

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        return 1.0 if progress <= self.flat else _fall((progress - self.flat) / (1.0 - self.flat), self.end)


@dataclass(frozen=True, slots=True)
class OneCycle:
    """Up from ``start`` to 1, then down to ``end``, both along half cosine waves (Smith & Topin, 2018).

    The defaults are those of ``torch.optim.lr_scheduler.OneCycleLR``.

    Parameters
    ----------
    warmup : share of training that goes up, 0 to 1.
    start, end : first and last factor, >= 0.

    Examples
    --------
    >>> OneCycle()(0.0), OneCycle()(0.3)
    (0.04, 1.0)
    """

    warmup: float = 0.3
    start: float = 0.04
    end: float = 4e-6

    def __post_init__(self) -> None:
        """Check share and ends."""
        check_fraction(self.warmup, "OneCycle(warmup)")
        _check_factor(self.start, "OneCycle(start)")
        _check_factor(self.end, "OneCycle(end)")

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        if progress < self.warmup:
            return _fall(1.0 - progress / self.warmup, self.start)
        return _fall((progress - self.warmup) / (1.0 - self.warmup), self.end) if self.warmup < 1 else 1.0


@dataclass(frozen=True, slots=True)
class WarmRestarts:
    """Cosine falls, each of which starts again at 1 and is ``growth`` times as long as the one before.

    Three cycles that double are those of the cocktails paper (15 + 30 + 60 epochs). Snapshot ensembles keep the
    weights at the end of each cycle. Source: Loshchilov & Hutter (2017).

    Parameters
    ----------
    cycles : how many, >= 1.
    growth : length of a cycle over that of the one before, > 0.
    end : the last factor of every cycle, >= 0.

    Examples
    --------
    >>> [round(end, 3) for end in WarmRestarts().ends]
    [0.143, 0.429, 1.0]
    >>> WarmRestarts(cycles=2, growth=1)(0.5)
    1.0
    """

    cycles: int = 3
    growth: float = 2.0
    end: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not isinstance(self.cycles, Integral) or isinstance(self.cycles, bool) or self.cycles < 1:
            raise InputError(f"WarmRestarts(cycles) must be a whole number >= 1; {self.cycles!r} was given.")
        check_positive(self.growth, "WarmRestarts(growth)")
        _check_factor(self.end, "WarmRestarts(end)")

    @property
    def ends(self) -> tuple[float, ...]:
        """The progress at which each cycle ends."""
        lengths = [self.growth**i for i in range(self.cycles)]
        return tuple(sum(lengths[: i + 1]) / sum(lengths) for i in range(self.cycles))

    def __call__(self, progress: float) -> float:
        """Return the factor."""
        begin = 0.0
        for end in self.ends:
            if progress < end:
                return _fall((progress - begin) / (end - begin), self.end)
            begin = end
        return self.end


def _check_factor(value: Any, what: str) -> None:
    if isinstance(value, (bool, str)) or not (math.isfinite(value) and value >= 0):
        raise InputError(f"{what} must be a finite number >= 0; {value!r} was given.")


SCHEDULES: dict[str, Callable[[], Callable[[float], float]]] = {
    "constant": Constant,
    "linear": Linear,
    "cosine": Cosine,
    "flat_cosine": FlatCosine,
    "one_cycle": OneCycle,
    "warm_restarts": WarmRestarts,
}
