"""What an estimator tunes by folds, as a value: nested cross-validation runs it again within every set of folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from .._typing import Vector
from ..errors import InputError
from ..lockstep import Problem
from ..lockstep.result import Score
from ..losses import Squared, SquaredOutputs
from ..penalties import Penalty

__all__ = ["NestedPlan"]

HELD_OUT = 50  # folds, over all partitions, from which the standard error of a skewed loss is steady enough
ROWS = (
    1000  # partitions times rows: with more of them the naive standard error is not far off, and the cost is
)


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

    def repeats(self, cv: Any) -> int:
        """Return how many random partitions the standard error needs.

        One for the squared loss. The errors of other losses are skewed, and from one partition the estimated mean
        squared error of cross-validation is negative in a third to half of all small data sets, which leaves the
        naive standard error, too small. Averaged over 50 folds in all it hardly ever is. With many rows the naive
        one is nearly right and one partition is enough.
        """
        if isinstance(self.problem.loss, (Squared, SquaredOutputs)) or not (
            cv is None or isinstance(cv, Integral)
        ):
            return 1
        folds = 5 if cv is None else max(int(cv), 1)
        return max(1, min(-(-HELD_OUT // folds), ROWS // self.problem.n))
