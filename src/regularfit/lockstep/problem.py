"""What is fitted: the data and the loss of a family of lanes, as one immutable value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from .. import losses
from .._checks import check_offset, check_offsets, check_weights
from .._typing import Vector
from ..designs import Design, as_design
from ..errors import InputError, UnsupportedError
from ..losses import Loss, SeveralLoss
from .constraints import LinearConstraints

__all__ = ["Lane", "Problem", "columns_of", "make_problem"]


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, loss and conventions that all lanes share.

    ``(1/n) sum_i w_i loss(y_i, offset_i + intercept + x_i b) + strength * penalty(b)``; weights sum to n. With several
    linear predictors y and offset are (n, K), and the loss is a :class:`~regularfit.losses.SeveralLoss`.
    """

    design: Design
    y: Vector
    loss: Loss
    sample_weight: Vector
    offset: Vector
    fit_intercept: bool = True
    standardize: bool = True
    unit: float = 1.0  # of columns that are not standardised: the engine penalises them in it
    saturation: float = np.inf  # deviance ratio at which a path ends early
    constraints: LinearConstraints | None = None  # on the coefficients, on the scale of X

    @property
    def n(self) -> int:
        """Rows."""
        return self.design.n

    @property
    def p(self) -> int:
        """Columns."""
        return self.design.p

    @property
    def outputs(self) -> int | None:
        """How many linear predictors there are; None for the usual one."""
        return self.y.shape[1] if isinstance(self.loss, SeveralLoss) else None

    @property
    def codes(self) -> np.ndarray:
        """The class of every row of a classifier's problem, (n,), counted from 0."""
        return self.y.astype(int) if self.y.ndim == 1 else self.y.argmax(axis=1)


@dataclass(frozen=True, eq=False)
class Lane:
    """One fit among many: the rows it learns from and the rows it is scored on.

    Parameters
    ----------
    train : row indices; a repeated row counts as often as it is named.
    tests : groups of row indices, each scored apart.
    keep : whether the coefficients are wanted, not only the scores.
    without : groups of rows, when ``train`` is every row once except theirs; None says nothing. Lanes that name the
        same arrays (not copies) are told apart without looking at every row.
    most : with ``keep``, end the path at the first strength where more columns than this have ever been non-zero: for
        those who ask which columns enter first. Ridge and a user's own penalty go on regardless.
    """

    train: np.ndarray
    tests: tuple[np.ndarray, ...] = field(default=())
    keep: bool = False
    without: tuple[np.ndarray, ...] | None = None
    most: int | None = None

    def weights(self, problem: Problem) -> Vector:
        """Row weights of this lane, (n,), summing to one."""
        counts = np.bincount(self.train, minlength=problem.n) * problem.sample_weight
        total = counts.sum()
        if not total > 0:
            raise InputError(
                "A training set has no row with a positive weight; check the splits and sample_weight."
            )
        return counts / total


def make_problem(
    X: Any,
    y: Any,
    loss: Loss | SeveralLoss | str = "squared",
    *,
    sample_weight: Any = None,
    offset: Any = None,
    fit_intercept: bool = True,
    standardize: bool = True,
    constraints: LinearConstraints | None = None,
) -> Problem:
    """Return checked data as a problem; weights are scaled to sum to n.

    >>> make_problem([[0.0], [1.0]], [1.0, 2.0]).n
    2
    """
    design = as_design(X)
    several = losses.get_several(loss, columns_of(y))
    chosen = (
        cast("Loss", several)
        if several
        else losses.get(loss)
        if isinstance(loss, str)
        else cast("Loss", loss)
    )
    target = chosen.check_target(y)
    if len(target) != design.n:
        raise InputError(
            f"y has {len(target)} entries but X has {design.n} rows; give one entry for every row."
        )
    weights = check_weights(sample_weight, design.n)
    weights = weights * (design.n / weights.sum())
    if constraints is not None:
        constraints.arrays(design.p)  # which refuses another number of columns
        if target.ndim == 2:
            raise UnsupportedError("linear_constraints go with one target; fit each column of y by itself.")
    known = check_offsets(offset, *target.shape) if several else check_offset(offset, design.n)
    return Problem(
        design, target, chosen, weights, known, fit_intercept, standardize, constraints=constraints
    )


def columns_of(y: Any) -> int:
    """How many columns a target has: 1 for a vector, and for what its own check will refuse."""
    shape = getattr(y, "shape", None) or np.shape(y)
    return int(shape[1]) if len(shape) == 2 else 1
