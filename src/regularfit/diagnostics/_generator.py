"""One rule for ``random_state``: None is 0, so that the same call gives the same answer."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from ..errors import InputError

__all__ = ["generator", "whole_number"]


def generator(random_state: Any) -> np.random.Generator:
    """Return a generator; a number gives the same one at every call, a RandomState or Generator draws on.

    >>> int(generator(None).integers(10)), int(generator(0).integers(10))
    (8, 8)
    """
    if random_state is None:
        return np.random.default_rng(0)
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    if isinstance(random_state, Integral) and not isinstance(random_state, bool) and int(random_state) >= 0:
        return np.random.default_rng(int(random_state))
    raise InputError(
        f"random_state={random_state!r} must be None, a whole number >= 0, a Generator or a RandomState."
    )


def whole_number(value: Any, what: str, least: int, advice: str) -> int:
    """Return a whole number of at least ``least``.

    >>> whole_number(3, "replicates", 3, "200 is usual.")
    3
    """
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least:
        return int(value)
    raise InputError(f"{what}={value!r} must be a whole number >= {least}; {advice}")
