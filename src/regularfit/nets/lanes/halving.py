"""Successive halving inside a pack: at given moments only the best share of the settings goes on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._checks import check_fraction
from ...errors import InputError

__all__ = ["Halving", "survivors"]


@dataclass(frozen=True)
class Halving:
    """When settings are dropped, and how many stay.

    Parameters
    ----------
    at : shares of training, in (0, 1), increasing.
    keep : the share of the settings that stays each time, in (0, 1).

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> Halving((0.25, 0.5)).cost  # of the cost of training every setting to its end
    0.5
    """

    at: tuple[float, ...] = (0.125, 0.25, 0.5)
    keep: float = 0.5

    def __post_init__(self) -> None:
        """Check the numbers."""
        object.__setattr__(self, "at", tuple(self.at))
        inside = all(0 < p < 1 for p in self.at)
        if not self.at or not inside or list(self.at) != sorted(set(self.at)):
            raise InputError(
                f"Halving(at) must be increasing shares of training between 0 and 1; {self.at!r} was given."
            )
        if check_fraction(self.keep, "Halving(keep)") in (0.0, 1.0):
            raise InputError(f"Halving(keep) must lie between 0 and 1; {self.keep!r} was given.")

    @classmethod
    def of(cls, given: Any) -> Halving | None:
        """Return what ``halving=`` means: None or False, True (the defaults), shares of training, or a Halving."""
        if given is None or given is False:
            return None
        if given is True:
            return cls()
        if isinstance(given, cls):
            return given
        if isinstance(given, Sequence) and not isinstance(given, str):
            return cls(tuple(float(p) for p in given))
        raise InputError(
            f"halving={given!r} is not understood; give True, shares of training such as (0.25, 0.5), or Halving(...)."
        )

    @property
    def cost(self) -> float:
        """Share of the steps that are taken, where nothing else stops lanes."""
        marks = (0.0, *self.at, 1.0)
        return sum((b - a) * self.keep**i for i, (a, b) in enumerate(itertools.pairwise(marks)))


def survivors(scores: np.ndarray, keep: float) -> np.ndarray:
    """Return which settings go on, by index: the best share, rounded up, by mean score over folds, lower is better.

    A setting with a lane whose score is not finite goes last. Of equals the first stays.

    >>> survivors(np.array([[0.3, 0.3], [0.1, 0.2], [float("nan"), 0.0]]), keep=0.5)
    array([0, 1])
    """
    mean = scores.mean(axis=1)
    order = np.argsort(np.where(np.isfinite(mean), mean, np.inf), kind="stable")
    return np.sort(order[: max(1, math.ceil(keep * len(mean) - 1e-9))])
