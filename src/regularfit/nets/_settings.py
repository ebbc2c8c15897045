"""Checks that settings of regularisers share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from .._checks import check_positive
from ..errors import InputError

__all__ = ["check_count", "check_domain", "check_not_negative"]


def check_count(count: Any, what: str) -> int:
    """Return a whole number >= 1 as Python's own; those of NumPy are taken, True is not.

    >>> check_count(3, "PGD(steps)")
    3
    """
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise InputError(f"{what} must be a whole number >= 1; {count!r} was given.")
    return int(count)


def check_not_negative(value: Any, what: str, advice: str = "0 adds nothing.") -> float:
    """Return a finite number >= 0.

    >>> check_not_negative(0, "RDrop(weight)")
    0.0
    """
    if isinstance(value, Real) and not isinstance(value, bool) and value == 0:
        return 0.0
    return check_positive(value, what, advice)


def check_domain(domain: Any, what: str) -> None:
    """Refuse what is neither a Domain nor None."""
    from .adversarial.domain import Domain

    if domain is not None and not isinstance(domain, Domain):
        raise InputError(f"{what} must be a Domain, such as Domain.images(); {domain!r} was given.")
