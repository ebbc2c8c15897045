"""Bridge balls, for drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._checks import check_positive
from .._typing import Vector

__all__ = ["Bridge"]


@dataclass(frozen=True, slots=True)
class Bridge:
    r"""The shape of any power: a diamond at 1, a disc at 2, a star below 1. Not a penalty that can be fitted.

    .. math:: P(b) = \sum_j |b_j|^q

    Prefer it in :func:`~regularfit.diagnostics.geometry` to show what happens between L1 and L2, and below; to fit, use
    :class:`~regularfit.L1`, :class:`~regularfit.L2`, or :class:`~regularfit.MCP` where less than L1 is wanted.

    Parameters
    ----------
    power : q > 0, finite.

    Raises
    ------
    InputError
        If ``power`` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> Bridge(0.5).value(np.array([4.0, -9.0]))
    5.0

    References
    ----------
    Frank & Friedman (1993), A statistical view of some chemometrics regression tools. Technometrics 35.
    """

    power: float

    def __post_init__(self) -> None:
        """Check the power."""
        object.__setattr__(self, "power", check_positive(self.power, "Bridge(power)"))

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        return float((np.abs(w) ** self.power).sum())
