"""Linear constraints on coefficients: what they are, and whether any coefficients obey them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import optimize

from .._typing import Vector
from ..errors import InputError

__all__ = ["LinearConstraints", "check_feasible"]

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class LinearConstraints:
    r"""What sums of coefficients may be: ``lower <= A b <= upper`` on the scale of the X that was given.

    .. math:: l_i \le \sum_j a_{ij} b_j \le u_i

    Prefer it for what is known of the coefficients together: they add up to zero (log-contrasts), to one (weights of a
    portfolio), or grow from column to column (``monotone``). For one column at a time ``penalty.bounded`` is faster.
    It goes with the squared loss and penalties of l1, l2 and bounds per column. Zero need not be allowed; where it is
    not, no strength makes all coefficients zero.

    Parameters
    ----------
    A : (m, p) or (p,) coefficients of the sums.
    lower, upper : number or (m,); equal ones ask for that value, -inf and inf leave a side open.

    Raises
    ------
    InputError
        For shapes that do not fit, NaN, a lower side above its upper one, a row of zeros.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> one = rf.LinearConstraints([1, 1, 1], lower=1, upper=1)
    >>> path = rf.fit_path(X, X @ [0.8, 0.4, 0.1], rf.L1().nonnegative(), strengths=[1e-3], linear_constraints=one)
    >>> float(path.coefs.sum().round(12))
    1.0

    References
    ----------
    James, Paulson & Rusmevichientong (2020), Penalized and constrained optimization. JASA 115.
    """

    A: Any
    lower: Any = -np.inf
    upper: Any = np.inf

    def __post_init__(self) -> None:
        """Keep tuples, so that constraints can be compared, hashed and stored."""
        A = np.atleast_2d(_numbers(self.A, "A"))
        if A.ndim != 2 or not A.size or not np.isfinite(A).all():
            raise InputError(
                f"LinearConstraints(A) must be a matrix of finite numbers; its shape is {A.shape}."
            )
        sides = [_numbers(side, name) for side, name in ((self.lower, "lower"), (self.upper, "upper"))]
        for side, name in zip(sides, ("lower", "upper"), strict=True):
            if side.ndim > 1 or (side.ndim == 1 and len(side) != len(A)) or np.isnan(side).any():
                raise InputError(
                    f"LinearConstraints({name}) must be one number, or one for each of the {len(A)} rows of A, "
                    f"without NaN; its shape is {side.shape}."
                )
        low, high = (np.broadcast_to(side, (len(A),)) for side in sides)
        _check_rows(A, low, high)
        object.__setattr__(self, "A", tuple(map(tuple, A.tolist())))
        object.__setattr__(self, "lower", tuple(low.tolist()))
        object.__setattr__(self, "upper", tuple(high.tolist()))

    @classmethod
    def monotone(cls, p: int, columns: Sequence[int] | None = None) -> LinearConstraints:
        """Return coefficients that never fall from one column to the next, over ``columns`` (default: all p).

        >>> LinearConstraints.monotone(3).A
        ((-1.0, 1.0, 0.0), (0.0, -1.0, 1.0))
        """
        order = list(range(p)) if columns is None else list(columns)
        if len(order) < 2 or min(order) < 0 or max(order) >= p:
            raise InputError(f"monotone needs two or more columns from 0 to {p - 1}; {order!r} was given.")
        A = np.zeros((len(order) - 1, p))
        for k, (before, after) in enumerate(pairwise(order)):
            A[k, before] -= 1.0
            A[k, after] += 1.0
        return cls(A, lower=0.0)

    def arrays(self, p: int) -> tuple[np.ndarray, Vector, Vector]:
        """Return A, lower and upper for p columns."""
        A = np.array(self.A)
        if A.shape[1] != p:
            raise InputError(
                f"linear_constraints are on {A.shape[1]} columns, but X has {p}; give one coefficient a column."
            )
        return A, np.array(self.lower), np.array(self.upper)


def _numbers(values: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"LinearConstraints({name}) must hold numbers; {values!r:.80} was given.") from error


def _check_rows(A: np.ndarray, low: Vector, high: Vector) -> None:
    for k, (row, least, most) in enumerate(zip(A, low, high, strict=True)):
        if least > most or least == np.inf or most == -np.inf:
            raise InputError(
                f"LinearConstraints: in row {k} lower ({least:g}) lies above upper ({most:g}), or nothing lies between."
            )
        if not row.any():
            raise InputError(
                f"LinearConstraints: row {k} of A is zero, so it says nothing of any coefficient."
            )


def check_feasible(constraints: LinearConstraints, lower: Vector, upper: Vector) -> None:
    """Refuse constraints that no coefficients within their bounds obey, and name the rows that contradict each other.

    A linear program looks for the coefficients that break them least. If it must break some, its dual (Farkas) is a sum
    of rows that asks for the impossible; those rows are named.
    """
    A, low, high = constraints.arrays(len(lower))
    sides = [(A[k], high[k], 1.0, k) for k in np.flatnonzero(np.isfinite(high))]
    sides += [(-A[k], -low[k], -1.0, k) for k in np.flatnonzero(np.isfinite(low))]
    if not sides:
        return
    scale = np.abs(A).max(axis=1)
    G = np.array([row / scale[k] for row, _, _, k in sides])
    h = np.array([side / scale[k] for _, side, _, k in sides])
    cost = np.concatenate([np.zeros(A.shape[1]), np.ones(len(h))])
    limits = [*zip(lower, upper, strict=True), *[(0, None)] * len(h)]
    found: Any = optimize.linprog(cost, np.hstack([G, -np.eye(len(h))]), h, bounds=limits, method="highs")
    if found.x is None or found.fun <= ROUNDING * (1 + float(np.abs(h).max())):
        return
    parts = np.abs(found.ineqlin.marginals) > 1e-9
    rows = sorted({sides[k][3] for k in np.flatnonzero(parts)})
    named = (
        f"row {rows[0]}" if len(rows) == 1 else "rows " + ", ".join(map(str, rows[:-1])) + f" and {rows[-1]}"
    )
    raise InputError(
        f"linear_constraints cannot hold: no coefficients obey {named} of A together (counted from 0) with the bounds "
        "of the penalty and columns that it excludes. Loosen one of these rows."
    )
