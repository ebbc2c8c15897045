"""One rule, by name, picks a candidate and a strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._checks import check_choice
from ..errors import InputError
from .criteria import CRITERIA, Criterion
from .cv_result import CVResult

__all__ = ["SELECT", "Choice", "choose"]

SELECT = ("min", "1se", *CRITERIA)


@dataclass(frozen=True)
class Choice:
    """The winning candidate and strength, by index and by value.

    Parameters
    ----------
    candidate : index of the winning candidate.
    index : index of the strength in that candidate's grid.
    strength : the strength itself.
    value : the mean score or the criterion there.
    """

    candidate: int
    index: int
    strength: float
    value: float


def choose(select: str, curves: Sequence[CVResult] | Sequence[Criterion]) -> Choice:
    """Return the choice that the rule ``select`` makes among all candidates and strengths.

    The candidate with the best mean score (or criterion) at its own best strength wins; of equals, the
    first. With ``"1se"`` the strength is then taken along the winner's path, so a chosen strength is never
    below the best one.

    Parameters
    ----------
    select : ``"min"`` or ``"1se"`` for cross-validation; ``"aic"``, ``"bic"``, ``"ebic"``, ``"gcv"``,
        ``"loo"`` for criteria.
    curves : one a candidate: :class:`CVResult` for the first two rules, :class:`Criterion` for the others.

    Raises
    ------
    InputError
        For an unknown rule, no candidates, or curves of the other kind.

    Examples
    --------
    >>> cv = CVResult([1.0, 0.1], [[2.0, 4.0], [1.0, 2.0]], [1.0, 1.0])
    >>> choose("min", [cv])
    Choice(candidate=0, index=1, strength=0.1, value=1.5)
    """
    check_choice(select, SELECT, "select")
    if not len(curves):
        raise InputError("There is no candidate to choose from; give at least one penalty.")
    wanted = select if select in CRITERIA else "cross-validation"
    for curve in curves:
        given = curve.name if isinstance(curve, Criterion) else "cross-validation"
        if given != wanted:
            raise InputError(f"select={select!r} chooses by {wanted}, but the curve given holds {given}.")
    winner = int(np.argmin([_best_loss(curve) for curve in curves]))
    curve = curves[winner]
    index = curve.index_1se if select == "1se" and isinstance(curve, CVResult) else curve.index_min
    values = curve.mean if isinstance(curve, CVResult) else curve.values
    return Choice(winner, index, float(curve.strengths[index]), float(values[index]))


def _best_loss(curve: CVResult | Criterion) -> float:
    if isinstance(curve, Criterion):
        return float(curve.values[curve.index_min])
    return float(-curve.mean[curve.index_min] if curve.greater_is_better else curve.mean[curve.index_min])
