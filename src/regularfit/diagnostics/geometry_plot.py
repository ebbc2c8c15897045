"""The picture of ellipses and a ball, in the manner of scikit-learn's Display objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .constraint_geometry import Geometry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["GeometryDisplay"]

# Of the colours that Okabe & Ito (2008) chose to be told apart by everyone.
BALL, LOSS, POINT = "#0072B2", "#D55E00", "#000000"


@dataclass(eq=False)
class GeometryDisplay:
    """Ellipses of the loss around its minimum, the penalty's ball around zero, and the point where they touch.

    Both axes have the same scale. The ellipse through the solution is drawn strongly.

    Parameters
    ----------
    geometry : the facts.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    contours_, ball_, minimum_, solution_ : what was drawn.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import geometry
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> geometry(rf.L1(), X, X @ [1.0, 0.2], strength=0.3).plot().ax_.get_xlabel()
    'coefficient of x0, per standard deviation'
    """

    geometry: Geometry
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    contours_: list[Any] = field(init=False, repr=False)
    ball_: Any = field(init=False, repr=False)
    minimum_: Any = field(init=False, repr=False)
    solution_: Any = field(init=False, repr=False)

    @classmethod
    def from_geometry(cls, facts: Geometry, *, ax: Axes | None = None, **options: Any) -> GeometryDisplay:
        """Draw what :func:`regularfit.diagnostics.geometry` returned; ``options`` as for :meth:`plot`."""
        return cls(facts).plot(ax, **options)

    def plot(self, ax: Axes | None = None, *, title: bool = True, legend: bool = True) -> GeometryDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        title, legend : whether there are any.
        """
        self.ax_, self.figure_ = _axes(ax)
        facts = self.geometry
        for line in (self.ax_.axhline, self.ax_.axvline):
            line(0.0, color="0.6", linewidth=0.8, zorder=0)
        self._draw_contours()
        (self.ball_,) = self.ax_.plot(
            *facts.ball.T, color=BALL, linewidth=1.8, zorder=3, label="penalty's ball"
        )
        self.ax_.fill(*facts.ball[np.isfinite(facts.ball).all(axis=1)].T, color=BALL, alpha=0.15, zorder=1)
        (self.minimum_,) = self.ax_.plot(
            *facts.minimum, "x", color=LOSS, markersize=9, markeredgewidth=2, zorder=4, label="loss's minimum"
        )
        (self.solution_,) = self.ax_.plot(
            *facts.solution, "o", color=POINT, markersize=7, zorder=5, label=self._what()
        )
        self._frame()
        if title:
            self.ax_.set_title(facts.penalty, fontsize="medium")
        if legend:
            self.ax_.legend(loc="best", fontsize="small", framealpha=0.9)
        return self

    def _draw_contours(self) -> None:
        facts = self.geometry
        away = facts.solution - facts.minimum
        through = facts.least + 0.5 * float(away @ facts.hessian @ away)
        touching = int(np.argmin(np.abs(facts.levels - through)))
        self.contours_ = [
            self.ax_.plot(
                *line.T,
                color=LOSS,
                linewidth=2.0 if k == touching else 1.0,
                alpha=1.0 if k == touching else 0.55,
                zorder=2,
                label="equal loss" if k == touching else None,
            )[0]
            for k, line in enumerate(facts.contours)
        ]

    def _what(self) -> str:
        facts = self.geometry
        zero = [name for name, gone in zip(facts.names, facts.zeros, strict=True) if gone]
        return f"solution ({' and '.join(zero)} at zero)" if zero else "solution (no zero)"

    def _frame(self) -> None:
        """Equal scales, wide enough for ball, minimum and the ellipse that touches."""
        facts = self.geometry
        size = max(float(np.abs(facts.minimum).max()), float(np.abs(facts.solution).max()), 1e-300)
        near = facts.ball[np.isfinite(facts.ball).all(axis=1) & (np.abs(facts.ball).max(axis=1) < 2.1 * size)]
        away = facts.solution - facts.minimum
        through = facts.least + 0.5 * float(away @ facts.hessian @ away)
        ellipse = facts.contours[int(np.argmin(np.abs(facts.levels - through)))]
        seen = np.vstack([near, facts.minimum[None], facts.solution[None], ellipse])
        low, high = np.minimum(seen.min(axis=0), 0), np.maximum(seen.max(axis=0), 0)
        margin = 0.08 * float((high - low).max())
        self.ax_.set_xlim(low[0] - margin, high[0] + margin)
        self.ax_.set_ylim(low[1] - margin, high[1] + margin)
        self.ax_.set_aspect("equal", adjustable="box")
        unit = ", per standard deviation" if facts.standardized else ""
        self.ax_.set_xlabel(f"coefficient of {facts.names[0]}{unit}")
        self.ax_.set_ylabel(f"coefficient of {facts.names[1]}{unit}")


def _axes(ax: Axes | None) -> tuple[Axes, Figure]:
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure
