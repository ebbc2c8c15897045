r"""How many false selections stability selection lets through at most: closed forms, and one number from two others.

Halves are drawn as B complementary pairs; q columns are selected on each half, of p. A column is stable where its
share of the 2 B selections is at least the cutoff pi. E V is the expected number of stable columns whose chance
of being selected on a half is no better than q / p (noise, where the selection is no worse than guessing):

    "none"       E V <= q^2 / ((2 pi - 1) p)                                   Meinshausen & Buhlmann (2010)
    "unimodal"   E V <= C(pi, B) q^2 / p,  C = 1 / (2 (2 pi - 1 - 1/(2B)))  for pi <= 3/4,
                                           C = 4 (1 - pi + 1/(2B)) / (1 + 1/B)  above     Shah & Samworth (2013)
    "r-concave"  E V <= p min(D(q^2/p^2, 2 pi - 1, B, -1/2), D(q/p, pi, 2B, -1/4)),  D: ``stability_concave.py``

The first needs nothing for columns of low selection probability; the others assume a shape of the distribution of the
share of pairs in which both halves select such a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from .._checks import check_choice, check_positive
from ..errors import InputError
from .stability_concave import tail_bound

__all__ = ["ASSUMPTIONS", "ErrorBound", "false_selections", "needed_count"]

ASSUMPTIONS = ("none", "unimodal", "r-concave")
USUAL_CUTOFF, USUAL_PFER = 0.75, 1.0


@dataclass(frozen=True, slots=True)
class ErrorBound:
    """What is promised about false selections.

    Parameters
    ----------
    cutoff : share of the halves that must select a column, in (0.5, 1].
    q : columns selected on a half at most.
    pfer : the bound on the expected number of false selections, for this cutoff and q.
    p : columns that could be selected.
    pairs : complementary pairs of halves.
    assumption : which of the bounds it is.

    Examples
    --------
    >>> ErrorBound.of(p=9, pairs=50, cutoff=0.75, pfer=1.0)
    ErrorBound(cutoff=0.75, q=2, pfer=0.4535..., p=9, pairs=50, assumption='unimodal')
    """

    cutoff: float
    q: int
    pfer: float
    p: int
    pairs: int
    assumption: str = "unimodal"

    @classmethod
    def of(
        cls,
        p: int,
        pairs: int = 50,
        *,
        cutoff: float | None = None,
        q: int | None = None,
        pfer: float | None = None,
        assumption: str = "unimodal",
    ) -> ErrorBound:
        """Return the bound for any two of cutoff, q and PFER: the third follows.

        Of fewer than two the missing are cutoff = 0.75, then pfer = 1. q is the largest, the cutoff the
        smallest that keeps the bound; the pfer of the answer is what they reach, at most the one asked for.

        Raises
        ------
        InputError
            For all three, for numbers out of range, and where no q or cutoff keeps the bound.
        """
        check_choice(assumption, ASSUMPTIONS, "assumption")
        if cutoff is not None and q is not None and pfer is not None:
            raise InputError(
                f"cutoff={cutoff!r}, q={q!r} and pfer={pfer!r} were all given, but any two settle the third; "
                "leave one out."
            )
        if cutoff is None and (q is None or pfer is None):
            cutoff = USUAL_CUTOFF
        if q is None:
            pfer = USUAL_PFER if pfer is None else check_positive(pfer, "pfer")
            q = _largest_q(_checked_cutoff(cutoff), pfer, p, pairs, assumption)
        q = _checked_q(q, p)
        if cutoff is None:
            cutoff = _smallest_cutoff(q, check_positive(pfer, "pfer"), p, pairs, assumption)
        cutoff = _checked_cutoff(cutoff)
        return cls(cutoff, q, false_selections(cutoff, q, p, pairs, assumption), p, pairs, assumption)

    def under(self, assumption: str) -> float:
        """Return the bound for the same cutoff and q under another assumption."""
        return false_selections(self.cutoff, self.q, self.p, self.pairs, assumption)


def false_selections(cutoff: float, q: int, p: int, pairs: int, assumption: str = "unimodal") -> float:
    """Return the bound on the expected number of false selections.

    A share of 2 ``pairs`` halves reaches the cutoff where it reaches the next multiple of 1 / (2 pairs), and that is
    what counts. Where a bound says nothing (a cutoff near 1/2, a q near p) the next weaker one stands, at most p.

    Examples
    --------
    >>> round(false_selections(0.9, 10, 1000, 50, "none"), 6)
    0.125
    """
    check_choice(assumption, ASSUMPTIONS, "assumption")
    count = needed_count(_checked_cutoff(cutoff), 2 * pairs)
    tau, theta = count / (2 * pairs), q / p
    bound = min(q * theta / (2 * tau - 1), float(p)) if count > pairs else float(p)
    if assumption == "none":
        return bound
    bound = min(bound, q * theta * _unimodal(tau, theta, pairs))
    if assumption == "unimodal" or count <= pairs:
        return bound
    both = tail_bound(theta**2, count - pairs, pairs, -0.5) if count - pairs < pairs + 1 else 1.0
    return min(bound, p * both, p * tail_bound(theta, count, 2 * pairs, -0.25))


def needed_count(cutoff: float, resamples: int) -> int:
    """Return in how many resamples a column must be selected to reach the cutoff.

    >>> needed_count(0.75, 100), needed_count(0.6, 10)
    (75, 6)
    """
    return int(np.ceil(cutoff * resamples - 1e-9 * resamples))  # 0.6 * 10 may round to just above 6


def _unimodal(tau: float, theta: float, pairs: int) -> float:
    """C(tau, B); inf where the theorem says nothing."""
    floor = min(0.5 + theta**2, 0.5 + 1 / (2 * pairs) + 0.75 * theta**2)
    if theta > 1 / np.sqrt(3) or tau <= floor or tau < 0.5 + 1 / pairs - 1e-12:
        return float("inf")
    if tau <= 0.75:
        return 1 / (2 * (2 * tau - 1 - 1 / (2 * pairs)))
    return 4 * (1 - tau + 1 / (2 * pairs)) / (1 + 1 / pairs)


def _largest_q(cutoff: float, pfer: float, p: int, pairs: int, assumption: str) -> int:
    """By bisection: the bound grows with q."""
    low, high = 0, p + 1
    while high - low > 1:
        q = (low + high) // 2
        low, high = (q, high) if false_selections(cutoff, q, p, pairs, assumption) <= pfer else (low, q)
    if low == 0:
        least = false_selections(cutoff, 1, p, pairs, assumption)
        raise InputError(
            f"pfer={pfer:g} cannot be kept with cutoff={cutoff:g} and {p} columns: even q=1 only promises "
            f"{least:.3g}. Raise pfer or cutoff."
        )
    return low


def _smallest_cutoff(q: int, pfer: float, p: int, pairs: int, assumption: str) -> float:
    """By bisection among the shares that can occur: the bound falls with the cutoff."""
    low, high = pairs, 2 * pairs
    if false_selections(1.0, q, p, pairs, assumption) > pfer:
        least = false_selections(1.0, q, p, pairs, assumption)
        raise InputError(
            f"pfer={pfer:g} cannot be kept with q={q} of {p} columns: even cutoff=1 only promises {least:.3g}. "
            "Lower q or raise pfer."
        )
    while high - low > 1:
        count = (low + high) // 2
        kept = false_selections(count / (2 * pairs), q, p, pairs, assumption) <= pfer
        low, high = (low, count) if kept else (count, high)
    return high / (2 * pairs)


def _checked_cutoff(cutoff: Any) -> float:
    cutoff = check_positive(cutoff, "cutoff", "0.6 to 0.9 is usual.")
    if not 0.5 < cutoff <= 1:
        raise InputError(f"cutoff={cutoff:g} must lie above 0.5 and be at most 1; 0.6 to 0.9 is usual.")
    return cutoff


def _checked_q(q: Any, p: int) -> int:
    if isinstance(q, bool) or not isinstance(q, Integral) or not 1 <= int(q) <= p:
        raise InputError(f"q={q!r} must be a whole number from 1 to {p}, the columns that can be selected.")
    return int(q)
