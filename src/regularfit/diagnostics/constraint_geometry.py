"""Constraint geometry: the loss's ellipses and the penalty's ball for two columns, as polylines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import check_choice, check_positive
from .._typing import Matrix, Vector
from ..errors import InputError, UnsupportedError
from ..linear import PenalizedRegressor
from ..penalties import Penalty
from ._ball import Ball, nearest_on
from ._frame import labels
from ._plane import Plane, read_plane

if TYPE_CHECKING:
    import pandas as pd

    from .geometry_plot import GeometryDisplay

__all__ = ["Geometry", "geometry"]

STEPS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # sizes of the ellipses; 1 goes through the solution
FLAT = 1e-12  # a loss that rises by less than this share of itself has its minimum at the solution


@dataclass(frozen=True, eq=False)
class Geometry:
    """Ellipses, ball and the point where they touch; all on the scale on which columns are penalised.

    Parameters
    ----------
    names : of the two columns.
    standardized : whether a unit is that of a column with standard deviation 1.
    minimum : (2,) where the loss is smallest.
    solution : (2,) where it is smallest within the ball.
    zeros : (2,) which of the solution's coefficients are exactly zero.
    budget : the penalty's value on the ball's edge.
    ball : (m, 2) the edge, closed; nan where the penalty has no edge in that direction.
    levels : (K,) values of the loss on the contours; one of them goes through the solution.
    contours : (K, m, 2) ellipses, closed.
    hessian : (2, 2) of the loss.
    others : "held" or "profiled", or "none" where X has two columns.
    penalty : what it is, in words.
    least : the loss at its minimum.
    """

    names: tuple[str, str]
    standardized: bool
    minimum: Vector
    solution: Vector
    zeros: Vector
    budget: float
    ball: Matrix
    levels: Vector
    contours: np.ndarray
    hessian: Matrix
    others: str
    penalty: str
    least: float

    @property
    def on_axis(self) -> bool:
        """Whether the solution lies on an axis: at a corner of the diamond, for L1."""
        return bool(self.zeros.any())

    @property
    def inside(self) -> bool:
        """Whether the loss's minimum lies within the ball, so that nothing is restrained."""
        return bool(self.loss(self.solution)[0] - self.least <= FLAT * self.least)

    def loss(self, points: Any) -> Vector:
        """Return the loss at points (m, 2)."""
        away = np.atleast_2d(np.asarray(points, dtype=np.float64)) - self.minimum
        return self.least + 0.5 * ((away @ self.hessian) * away).sum(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a point of a line: kind ("ball" or "contour"), level, and both coordinates."""
        import pandas as pd

        lines = [("ball", self.budget, self.ball)]
        lines += [("contour", level, line) for level, line in zip(self.levels, self.contours, strict=True)]
        return pd.concat(
            [
                pd.DataFrame({"kind": kind, "level": level, "first": line[:, 0], "second": line[:, 1]})
                for kind, level, line in lines
            ],
            ignore_index=True,
        )

    def plot(self, ax: Any = None, **options: Any) -> GeometryDisplay:
        """Draw it; see :class:`regularfit.diagnostics.GeometryDisplay`."""
        from .geometry_plot import GeometryDisplay

        return GeometryDisplay.from_geometry(self, ax=ax, **options)


def geometry(
    model: Any,
    X: Any,
    y: Any,
    *,
    columns: Sequence[Any] = (0, 1),
    strength: float | None = None,
    budget: float | None = None,
    others: str = "held",
    points: int = 360,
    standardize: bool = True,
    sample_weight: Any = None,
    offset: Any = None,
) -> Geometry:
    r"""Return the picture behind "L1 makes zeros, L2 does not" for two columns of your own data.

    .. math:: \min_b f(b_1, b_2) \quad\text{subject to}\quad P(b_1, b_2) \le t

    with f the squared loss, an ellipse around its minimum, and t the penalty's value at the solution. An ellipse and
    the ball touch at the solution; at a corner of the ball it is an axis, and one coefficient zero. Prefer it to
    explain or to teach; with many columns two of them tell little of the fit.

    Parameters
    ----------
    model : fitted PenalizedRegressor (squared loss); or a penalty, or any object with ``value(b)``
        A penalty needs ``strength`` (it is fitted then) or ``budget``. Shapes that cannot be fitted, such as
        :class:`~regularfit.diagnostics.Bridge` take a budget.
    X, y, sample_weight, offset : the rows it was fitted on.
    columns : two names or numbers of columns.
    strength : float > 0 of the penalty.
    budget : float > 0, t; the penalty is taken as it is at strength 1.
    others : "held" or "profiled"
        What the other columns do: "held" keeps them at their fitted values, so that the picture touches at the model's
        own coefficients; "profiled" refits them without a penalty at every point, as if these two columns alone were
        penalised (the solution is then that of this problem, at the same t; it takes more rows than columns). Over the
        intercept the loss is always minimised.
    points : how many points a line has, >= 8.
    standardize : for a penalty instead of a model.

    Returns
    -------
    Geometry
        ``minimum``, ``solution``, ``ball``, ``contours``, ``on_axis``, ``to_frame()``, ``plot()``.

    Raises
    ------
    InputError
        For columns that are copies or constant, rows that do not fit the model, numbers out of range.
    UnsupportedError
        For other losses.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import geometry
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> y = X @ [1.0, 0.1] + 0.1 * np.random.default_rng(1).normal(size=50)
    >>> geometry(rf.L1(), X, y, strength=0.3).on_axis
    True
    >>> geometry(rf.L2(), X, y, strength=0.3).on_axis
    False

    References
    ----------
    Hoerl & Kennard (1970), Technometrics 12; Tibshirani (1996), JRSS B 58, figure 2.
    """
    check_choice(others, ["held", "profiled"], "others")
    if isinstance(points, bool) or not isinstance(points, (int, np.integer)) or points < 8:
        raise InputError(f"points must be a whole number of at least 8; {points!r} was given.")
    given: dict[str, Any] = {"sample_weight": sample_weight, "offset": offset}
    if isinstance(model, PenalizedRegressor):
        if strength is not None or budget is not None:
            raise InputError("A fitted model has its strength; give strength or budget with a penalty only.")
        plane = read_plane(model, X, y, columns, others, **given)
    else:
        plane = _plane_of_penalty(model, X, y, columns, others, strength, budget, standardize, given)
    return _drawn(plane, int(points))


def _plane_of_penalty(
    penalty: Any,
    X: Any,
    y: Any,
    columns: Any,
    others: str,
    strength: float | None,
    budget: float | None,
    standardize: bool,
    given: dict[str, Any],
) -> Plane:
    if not callable(getattr(penalty, "value", None)):
        raise UnsupportedError(
            f"geometry takes a fitted PenalizedRegressor, a penalty or an object with value(b); {penalty!r:.80} was "
            f"given."
        )
    if (strength is None) == (budget is None):
        raise InputError(
            "With a penalty give strength, or budget (the penalty's value on the edge of the ball)."
        )
    if budget is not None:
        from ._plane import plane_of_shape

        t = check_positive(budget, "budget")
        return plane_of_shape(penalty, X, y, columns, t, standardize=standardize, **given)
    if not isinstance(penalty, Penalty):
        raise UnsupportedError(
            f"{penalty!r} cannot be fitted, as it is no Penalty; give budget instead of strength."
        )
    s = check_positive(strength, "strength")
    model = PenalizedRegressor(penalty, strength=s, standardize=standardize, tol=1e-10)
    return read_plane(model.fit(X, y, **given), X, y, columns, others, **given)


def _drawn(plane: Plane, points: int) -> Geometry:
    """Lines of a plane; the number of points is rounded up so that the axes are among them."""
    turns = np.linspace(0.0, 2 * np.pi, 4 * -(-points // 4) + 1)
    ball = Ball.around(plane.value, plane.budget, plane.view, plane.solution)
    edge = ball.edge(turns)
    solution = (
        plane.solution
        if plane.solution is not None
        else nearest_on(ball, plane.hessian, plane.minimum, edge, turns)
    )
    away = solution - plane.minimum
    excess = 0.5 * float(away @ plane.hessian @ away)
    unit = excess if excess > FLAT * plane.least else 0.05 * max(plane.least, np.finfo(np.float64).tiny)
    levels = plane.least + unit * np.square(STEPS)
    values, vectors = np.linalg.eigh(plane.hessian)
    circle = np.column_stack([np.cos(turns), np.sin(turns)]) / np.sqrt(values) @ vectors.T
    contours = plane.minimum + np.sqrt(2 * unit) * np.array(STEPS)[:, None, None] * circle
    names = labels(plane.names, plane.p)
    return Geometry(
        (names[plane.columns[0]], names[plane.columns[1]]),
        plane.standardize,
        plane.minimum,
        solution,
        solution == 0,
        plane.budget,
        edge,
        levels,
        contours,
        plane.hessian,
        plane.others,
        plane.penalty,
        plane.least,
    )
