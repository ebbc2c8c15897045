"""Which units are dropped: one random byte a unit, compared with a threshold.

Eight units share 64 random bits, so a mask costs an eighth of what it costs with a float a unit. The price: rates
are multiples of 1/256; the scale of what is kept is that of the rounded rate, so the mean is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..._checks import check_fraction
from ...errors import InputError
from ..randomness import Stream

__all__ = ["MOST", "OCTETS", "Ahead", "check_rate", "drop", "keep_factors", "threshold", "true_rate"]

OCTETS = 256  # values of a byte
_LEAST = 1 / (2 * OCTETS)  # what rounds to no rate at all
_STEPS_AHEAD, _BYTES_AHEAD = 16, 2**20  # masks are made for so many steps at once, in so much memory at most
MOST = 0.998  # just below 255.5 / 256, which rounds to everything


def check_rate(p: Any, what: str) -> float:
    """Return a rate that bytes can express: 0, or 1/512 to just below 1.

    Examples
    --------
    >>> check_rate(0.2, "Dropout(p)")
    0.2
    >>> check_rate(0.001, "Dropout(p)")
    Traceback (most recent call last):
    regularfit.errors.InputError: Dropout(p) is 0.001; rates are rounded to multiples of 1/256, so ...
    """
    rate = check_fraction(p, what)
    if 0 < rate < _LEAST:
        raise InputError(
            f"{what} is {rate:g}; rates are rounded to multiples of 1/256, so one below 1/512 would do nothing: "
            "give 0, or at least 0.002."
        )
    if rate > MOST:
        raise InputError(f"{what} is {rate:g}, which drops everything; give 0.998 at most.")
    return rate


def threshold(p: float) -> int:
    """Return how many of the 256 values of a byte drop a unit, ``round(256 p)``."""
    return math.floor(OCTETS * p + 0.5)


def true_rate(p: float) -> float:
    """Return the rate that a threshold gives: the nearest multiple of 1/256.

    >>> true_rate(0.2)
    0.19921875
    """
    return threshold(p) / OCTETS


def drop(x: Tensor, stream: Stream, p: float | Sequence[float] | np.ndarray) -> Tensor:
    """Return ``x`` with units dropped at random and the others scaled so that the mean stays.

    Parameters
    ----------
    x : any shape; ``(K, ...)`` where the stream has K lanes.
    stream : its first ``x[0].numel()`` bytes decide (``x.numel()`` without lanes), in the order of x.
    p : the rate, or K rates, one a lane; rounded to multiples of 1/256.

    Examples
    --------
    >>> kept = drop(torch.ones(4, 3), Stream.of(0, "dropout", 1), 0.5)
    >>> sorted({float(value) for value in kept.flatten()})
    [0.0, 2.0]
    """
    if np.ndim(p) == 0 and threshold(float(p)) == 0:  # pyright: ignore[reportArgumentType]
        return x
    return x * keep_factors(stream, x.shape[stream.keys.ndim :], p, x.dtype, x.device)


def keep_factors(
    stream: Stream,
    shape: Sequence[int],
    p: float | Sequence[float] | np.ndarray,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return what :func:`drop` multiplies by, of the shape (after the lanes): 0, or 256 / (256 - threshold)."""
    octets = stream.octets(math.prod(shape), device).reshape(*stream.keys.shape, *shape)
    factors = torch.empty(
        octets.shape, dtype=dtype, device=device
    )  # compared into floats: one pass instead of two
    if np.ndim(p) == 0:
        cut = threshold(float(p))  # pyright: ignore[reportArgumentType]
        return torch.ge(octets, cut, out=factors).mul_(OCTETS / (OCTETS - cut))
    cuts = torch.tensor([threshold(float(rate)) for rate in np.asarray(p)], device=device)
    cuts = cuts.view(-1, *[1] * len(shape))
    return torch.ge(octets, cuts.to(torch.uint8), out=factors).mul_((OCTETS / (OCTETS - cuts)).to(dtype))


class Ahead:
    """The factors of one place in a net for some steps at once, since a small mask costs its calls, not its bytes.

    Numbers by counter can be made before they are asked for: what comes out is that of :func:`keep_factors`.

    Parameters
    ----------
    streams : of (step, steps) to the streams of that step and those after it.
    """

    def __init__(self, streams: Callable[[int, int], Stream]) -> None:
        """Nothing made yet."""
        self._streams = streams
        self._first, self._cut, self._shape = 0, -1, torch.Size()
        self._made: tuple[Tensor, ...] = ()
        self._what: tuple[Any, ...] = ()

    def factors(self, step: int, x: Tensor, p: float) -> Tensor:
        """Return the factors for x in a step at a rate."""
        at, cut = step - self._first, threshold(p)
        if 0 <= at < len(self._made) and x.shape == self._shape and cut == self._cut and self._fits(x):
            return self._made[at]
        what = (x.shape, x.dtype, x.device, cut)
        steps = min(_STEPS_AHEAD, _BYTES_AHEAD // max(x.numel() * x.element_size(), 1))
        if (
            what != self._what or steps < 2
        ):  # the first of its kind: what comes next may be of another kind again
            self._made, self._what = (), what
            return keep_factors(self._streams(step, 1), x.shape, p, x.dtype, x.device)[0]
        made = keep_factors(self._streams(step, steps), x.shape, p, x.dtype, x.device)
        self._first, self._made, self._shape, self._cut = step, made.unbind(0), x.shape, cut
        return self._made[0]

    def _fits(self, x: Tensor) -> bool:
        return x.dtype == self._made[0].dtype and x.device == self._made[0].device
