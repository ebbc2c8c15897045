"""Facts about models of trees that competed with the linear candidates on the same folds."""

from __future__ import annotations

from dataclasses import dataclass, field

from regularfit.report.codec import LATER
from regularfit.report.honest_facts import HonestFacts

__all__ = ["TreeCandidateFacts", "TreeCurve", "TreesFacts"]


@dataclass(frozen=True, slots=True)
class TreeCurve:
    """Held-out errors along a knob of trees, from the strongest restraint to the weakest.

    ``knob`` names what varies ("rounds", "leaves", "strength", "trees") and ``values`` is (L,) of it, of a long curve
    only some; ``mean``, ``se`` and ``folds`` are as in :class:`~regularfit.report.data.CurveFacts`; ``best`` and
    ``one_se`` are positions in ``values`` (``one_se`` is the most restrained not clearly worse). ``whole`` is the
    held-out error of the whole forest, where trees of one are left out.
    """

    knob: str
    values: tuple[float, ...]
    mean: tuple[float, ...]
    se: tuple[float, ...]
    folds: tuple[tuple[float, ...], ...]
    best: int
    one_se: int
    n_folds: int = 0
    whole: float | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class TreeCandidateFacts:
    """One competing model of trees at the size that was selected for it.

    ``size`` says it in words ("61 rounds"), ``kept`` counts the columns that any split uses; all else is as in
    :class:`~regularfit.report.data.CandidateFacts`.
    """

    name: str
    size: str
    error: float
    se: float
    difference: float
    difference_se: float
    train_error: float
    gap: float
    kept: int
    honest: HonestFacts | None
    curve: TreeCurve
    reason: str


@dataclass(frozen=True, slots=True)
class TreesFacts:
    """The models of trees, and which of them has the lowest error of all candidates; None where a linear one has."""

    candidates: tuple[TreeCandidateFacts, ...]
    winner: int | None
