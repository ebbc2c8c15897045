"""What an estimator tunes by folds, as a value: nested cross-validation runs it again within every set of folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._typing import Vector
from ..errors import InputError
from ..lockstep import Problem
from ..lockstep.result import Score
from ..penalties import Penalty

__all__ = ["NestedPlan"]


@dataclass(frozen=True, eq=False)
class NestedPlan:
    """What an estimator would tune, so that it can be tuned within every set of folds.

    Parameters
    ----------
    problem : the checked data.
    penalties : the candidates.
    grids : one decreasing grid (L,) a candidate; the same in every fold, as in glmnet.
    select : ``"min"`` or ``"1se"``.
    tol, threads, score : as for :func:`~regularfit.lockstep.fit_lanes`.
    score_name : what the score is; None for the loss's own.
    greater_is_better : whether larger values of ``score`` are better.
    groups : (n,) labels of rows that belong together, or None.
    cut : as for :func:`~regularfit.lockstep.fit_lanes`: whether paths end where they reproduce their training rows,
        as they do in the fit itself when the grids come from the data.
    """

    problem: Problem
    penalties: Sequence[Penalty]
    grids: Sequence[Vector]
    select: str = "min"
    tol: float = 1e-7
    threads: int | None = None
    score: Score | None = None
    score_name: str | None = None
    greater_is_better: bool = False
    groups: Vector | None = None
    cut: bool = False

    def __post_init__(self) -> None:
        """Refuse rules that do not choose by folds."""
        if self.select not in ("min", "1se"):
            raise InputError(
                f'select={self.select!r} does not choose by folds; a NestedPlan takes "min" or "1se".'
            )
        if not len(self.penalties) or len(self.penalties) != len(self.grids):
            raise InputError(
                f"{len(self.penalties)} penalties but {len(self.grids)} grids; give one grid each."
            )
