"""The picture of cross-validation along a path of trees, in the manner of scikit-learn's Display objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._typing import Vector
from .knob_cv import KnobCV

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["KnobDisplay"]


@dataclass(eq=False)
class KnobDisplay:
    """The held-out score along a knob: mean, one standard error to each side, single folds, and both choices.

    Dashed lines mark the best score ("min") and the strongest restraint not clearly worse ("1se").

    Parameters
    ----------
    cv : the held-out scores.
    positions : (L,) where each point of the path stands on the horizontal axis, > 0.
    label : what that axis shows.
    zero : which of the positions stands for none at all, and is labelled 0, or None.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    line_, fill_between_, fold_lines_ : what was drawn.

    Examples
    --------
    >>> import numpy as np
    >>> cv = KnobCV([2.0, 1.0], [[3.0, 4.0], [2.0, 1.0]], [1.0, 1.0], knob="shrinkage")
    >>> KnobDisplay(cv, np.array([2.0, 1.0]), "strength").plot().ax_.get_ylabel()
    'loss, held out'
    """

    cv: KnobCV
    positions: Vector
    label: str
    zero: float | None = None
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    line_: Any = field(init=False, repr=False)
    fill_between_: Any = field(init=False, repr=False)
    fold_lines_: list[Any] = field(init=False, repr=False)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        fold_lines: bool = True,
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> KnobDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        fold_lines : whether single folds are drawn.
        line_kw, fill_between_kw : keyword arguments for the mean and its band.
        """
        self.ax_, self.figure_ = _axes(ax)
        cv, x = self.cv, self.positions
        thin: dict[str, Any] = {"color": "0.7", "linewidth": 0.6, "zorder": 1}
        self.fold_lines_ = self.ax_.plot(x, cv.folds, **thin) if fold_lines else []
        style: dict[str, Any] = {"color": "C3", "linewidth": 1.8, "zorder": 3} | (line_kw or {})
        if len(x) < 30:
            style = {"marker": "o", "markersize": 3} | style
        (self.line_,) = self.ax_.plot(x, cv.mean, **style)
        band = {"color": style["color"], "alpha": 0.2, "linewidth": 0, "zorder": 2} | (fill_between_kw or {})
        self.fill_between_ = self.ax_.fill_between(x, cv.mean - cv.se, cv.mean + cv.se, **band)
        self.ax_.set_xscale("log")
        self.ax_.set_xlabel(self.label)
        self.ax_.set_ylabel(f"{cv.score_name}, held out")
        self._draw_marks()
        if self.zero is not None:
            self.ax_.annotate(
                "0", (self.zero, -0.01), xycoords=("data", "axes fraction"), ha="center", va="top"
            )
        return self

    def _draw_marks(self) -> None:
        """Draw the dashed lines; where two fall together they share one line and label."""
        joined: dict[float, list[str]] = {}
        for label, index in (("min", self.cv.index_min), ("1se", self.cv.index_1se)):
            joined.setdefault(float(self.positions[index]), []).append(label)
        text: dict[str, Any] = {
            "rotation": 90,
            "va": "top",
            "ha": "right",
            "fontsize": "small",
            "color": "0.25",
        }
        for at, labels in joined.items():
            self.ax_.axvline(at, color="0.25", linestyle="--", linewidth=1.0, zorder=2)
            self.ax_.annotate(" = ".join(labels), (at, 0.98), xycoords=("data", "axes fraction"), **text)


def _axes(ax: Axes | None) -> tuple[Axes, Figure]:
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure
