"""What an input of a net may be: its bounds, the unit in which a change is measured, and what may be changed at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import InputError, UnsupportedError
from ..regulariser import Block

__all__ = ["Domain"]

_SLACK = 1e-4  # of the domain's width: rounding of a standardisation is not data outside the domain

Numbers = float | Sequence[float]


@dataclass(frozen=True)
class Domain:
    """The inputs that a net may meet, and the unit of ``eps``: a change of feature j is at most ``eps * scale[j]``.

    Attacks, adversarial training and input-gradient penalties take their geometry from here, so that no z-scored
    column is cut to [0, 1], no category is moved by 0.1, and ``eps`` has one meaning.

    Parameters
    ----------
    low, high : the bounds, one number or one a feature (of images: one a channel); infinite where there are none.
    scale : the unit of ``eps``, > 0, one number or one a feature: standard deviations of a table, the pixel range.
    mask : which features may be moved, one bool a feature; None: all. Categories and binary columns never should.
    unit : what one unit is, for messages.

    Raises
    ------
    InputError
        If bounds cross, a scale is not positive, or lengths disagree.

    Examples
    --------
    >>> Domain.images().high, Domain.standardised().high
    (1.0, inf)
    >>> X = torch.tensor([[1.0, 0.0], [3.0, 1.0], [5.0, 1.0]])
    >>> domain = Domain.learn(X)  # the second column is binary
    >>> domain.mask, round(domain.scale[0], 3)
    ((True, False), 1.633)
    """

    low: Numbers = -math.inf
    high: Numbers = math.inf
    scale: Numbers = 1.0
    mask: Sequence[bool] | None = None
    unit: str = "units of the inputs"

    def __post_init__(self) -> None:
        """Make every setting a float or a tuple, and check it."""
        for name in ("low", "high", "scale"):
            object.__setattr__(self, name, _plain(getattr(self, name), f"Domain({name})"))
        if self.mask is not None:
            object.__setattr__(self, "mask", tuple(bool(m) for m in np.asarray(self.mask).ravel().tolist()))
        given = (self.low, self.high, self.scale, self.mask)
        lengths = {len(value) for value in given if isinstance(value, tuple)}
        if len(lengths) > 1:
            raise InputError(
                f"Domain: low, high, scale and mask speak of {sorted(lengths)} features; give one length."
            )
        if not (np.asarray(self.scale) > 0).all() or not np.isfinite(self.scale).all():
            raise InputError(f"Domain(scale) must be positive and finite; {_short(self.scale)} was given.")
        if not (np.asarray(self.low) < np.asarray(self.high)).all():
            raise InputError(f"Domain: low={_short(self.low)} must lie below high={_short(self.high)}.")

    # ---------------------------------------------------------------- how to get one

    @classmethod
    def images(
        cls, low: float = 0.0, high: float = 1.0, *, mean: Numbers | None = None, sd: Numbers | None = None
    ) -> Domain:
        """Return the domain of pixels in [low, high]; ``eps`` is a share of that range, as in the literature.

        Parameters
        ----------
        low, high : the range of the pixels, before normalisation.
        mean, sd : where the net is given (pixel - mean) / sd: what was taken off and divided by, one number or one a
            channel. The bounds and ``eps`` still speak of pixels.

        Examples
        --------
        >>> Domain.images(mean=0.5, sd=0.25).low
        -2.0
        """
        centre, spread = np.asarray(0.0 if mean is None else mean), np.asarray(1.0 if sd is None else sd)
        if not (spread > 0).all():
            raise InputError(f"Domain.images(sd) must be positive; {_short(_plain(sd, 'sd'))} was given.")
        bounds = [((end - centre) / spread).tolist() for end in (low, high)]
        return cls(*bounds, scale=((high - low) / spread).tolist(), unit="shares of the pixel range")

    @classmethod
    def standardised(cls, mask: Sequence[bool] | None = None) -> Domain:
        """Return the domain of z-scored columns: no bounds, ``eps`` in standard deviations."""
        return cls(mask=mask, unit="standard deviations")

    @classmethod
    def learn(cls, X: Any, *, bounded: bool = False) -> Domain:
        """Return the domain of the columns of a table, from training rows.

        ``eps`` is in standard deviations of each column. Columns with one or two values are never moved.

        Parameters
        ----------
        X : training rows, (n, d).
        bounded : also keep every column within the range seen here.

        Raises
        ------
        InputError
            If ``X`` is not a finite table.
        """
        return cls.of_table((), X, bounded=bounded)

    @classmethod
    def of_table(cls, blocks: Sequence[Block], X: Any, *, bounded: bool = False) -> Domain:
        """Return the domain of an encoded table: as :meth:`learn`, and blocks of kind "category" are never moved.

        Parameters
        ----------
        blocks : the encoded columns of each original one.
        X : training rows, encoded, (n, d).
        bounded : also keep every column within the range seen here.

        Examples
        --------
        >>> X = torch.arange(20.0).reshape(5, 4)
        >>> Domain.of_table([Block("age", 0, 1), Block("town", 1, 4, "category")], X).mask
        (True, False, False, False)
        """
        table = torch.as_tensor(np.asarray(X) if not isinstance(X, Tensor) else X).detach().double()
        if table.ndim != 2 or len(table) == 0 or not bool(table.isfinite().all()):
            raise InputError(
                f"Domain.learn needs a finite table, (n, d) with n >= 1; the shape is {tuple(table.shape)}. "
                "For images take Domain.images()."
            )
        low, high = table.amin(0), table.amax(0)
        movable = ~((table == low) | (table == high)).all(0)
        for block in blocks:
            if block.kind == "category":
                movable[block.start : block.stop] = False
        sd = table.std(0, correction=0)
        scale = torch.where(sd > 0, sd, torch.ones_like(sd)).tolist()
        ends = (
            (low - ~(low < high) * 1.0, high)
            if bounded
            else (torch.tensor(-math.inf), torch.tensor(math.inf))
        )
        return cls(ends[0].tolist(), ends[1].tolist(), scale, movable.tolist(), "standard deviations")

    # ---------------------------------------------------------------- what it says about a batch

    @property
    def features(self) -> int | None:
        """How many features it speaks of; None: any number."""
        given = (self.low, self.high, self.scale, self.mask)
        return next((len(value) for value in given if isinstance(value, tuple)), None)

    def unit_of(self, X: Tensor) -> Tensor:
        """Return the unit of every feature, 0 where it may not be moved; it broadcasts against ``X``."""
        scale = self._like(self.scale, X)
        return scale if self.mask is None else scale * self._like(self.mask, X)

    def bounds_of(self, X: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the least and the largest values that rows ``X`` may take, None where there is no bound.

        What lies outside already (noise does that to augmented rows) may stay where it is.
        """
        low = None if self.low == -math.inf else torch.minimum(self._like(self.low, X), X)
        high = None if self.high == math.inf else torch.maximum(self._like(self.high, X), X)
        return low, high

    def clip(self, X: Tensor) -> Tensor:
        """Return rows cut to the bounds.

        >>> Domain.images().clip(torch.tensor([-0.5, 0.5, 1.5]))
        tensor([0.0000, 0.5000, 1.0000])
        """
        if self.features is None:
            return X if self.low == -math.inf and self.high == math.inf else X.clamp(self.low, self.high)  # pyright: ignore
        return X.clamp(self._like(self.low, X), self._like(self.high, X))

    def check(self, X: Tensor, eps: float | None = None, what: str = "X") -> None:
        """Refuse data outside the domain, and an ``eps`` that cannot be meant in its unit.

        Raises
        ------
        UnsupportedError
            If ``X`` holds whole numbers, such as tokens.
        InputError
            If it lies outside the bounds, has another number of features, or ``eps`` is wider than the domain.
        """
        if not X.is_floating_point():
            raise UnsupportedError(
                f"{what} holds whole numbers ({str(X.dtype).removeprefix('torch.')}): they cannot be moved a little. "
                "Attack their embeddings, or convert images with .float()."
            )
        self.unit_of(X)  # refuses another number of features
        low, high = self._like(self.low, X), self._like(self.high, X)
        slack = (_SLACK * (high - low)).nan_to_num(posinf=0.0)
        if bool((low - slack > X).any()) or bool((high + slack < X).any()):
            raise InputError(
                f"{what} holds values from {float(X.min()):.3g} to {float(X.max()):.3g}, but its domain is "
                f"{_short(self.low)} to {_short(self.high)}. For z-scored columns give "
                "Domain.standardised() or Domain.learn(X); for normalised images Domain.images(mean=..., sd=...)."
            )
        if eps is not None and bool((eps * self._like(self.scale, X) > high - low).any()):
            raise InputError(
                f"eps={eps:g} is in {self.unit}, and {eps:g} of them is more than the whole domain, {_short(self.low)} "
                f"to {_short(self.high)}; for pixels counted to 255 give eps/255."
            )

    def _like(self, value: Any, X: Tensor) -> Tensor:
        """Return a setting as a tensor that broadcasts against a batch: by column, or by channel of images."""
        if not isinstance(value, tuple):
            return _tensor(value, X.dtype, X.device, 0)
        where = X.shape[1] if X.ndim > 1 else 0
        if len(value) != where:
            raise InputError(
                f"The domain speaks of {len(value)} features, but the inputs have shape {tuple(X.shape)}: one number "
                f"a column or channel would be {where}."
            )
        return _tensor(value, X.dtype, X.device, X.ndim - 2)


@lru_cache(maxsize=64)  # the same few settings at every step
def _tensor(
    value: float | tuple[float, ...], dtype: torch.dtype, device: torch.device, behind: int
) -> Tensor:
    """Return a setting as a tensor with axes of length 1 behind it; not to be written to."""
    made = torch.tensor(value, dtype=dtype, device=device)
    return made.reshape((*made.shape, *[1] * behind)) if made.ndim else made


def _plain(value: Any, what: str) -> float | tuple[float, ...]:
    """Return a number, or a tuple of numbers, none of them NaN."""
    try:
        array = np.asarray(value.cpu() if isinstance(value, Tensor) else value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be a number or one number a feature; {value!r} was given.") from None
    if np.isnan(array).any():
        raise InputError(f"{what} holds NaN.")
    return float(array) if array.ndim == 0 else tuple(array.ravel().tolist())


def _short(value: Any) -> str:
    """Return a setting for a message: the number, or the smallest and the largest."""
    if not isinstance(value, tuple):
        return f"{value:g}"
    return f"{min(value):g}..{max(value):g} ({len(value)} features)"
