"""The picture of a stability selection, in the manner of scikit-learn's Display objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Mask, Vector
from .plots import _axes, _spread, _strength_axis  # pyright: ignore[reportPrivateUsage]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .stability import StabilitySelection

__all__ = ["StabilityDisplay"]


@dataclass(eq=False)
class StabilityDisplay:
    """How often columns are in, along the strengths, weak penalties to the right; see :meth:`from_selection`.

    Stable columns are drawn in colour with their names at the ends, the others thin and grey; the dashed line is the
    cutoff.

    Parameters
    ----------
    strengths : (L,) decreasing.
    frequencies : (L, p)
    names : (p,) labels of the columns.
    stable : (p,) which columns reach the cutoff.
    cutoff : share of the halves.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    lines_, other_lines_, texts_ : curves of stable columns, of others, and the names.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(80, 6))
    >>> found = rf.stability_selection(rf.PenalizedRegressor(), X, X[:, 2] + np.sin(np.arange(80)), resamples=20)
    >>> len(found.plot().lines_)
    1
    """

    strengths: Vector
    frequencies: np.ndarray
    names: tuple[str, ...]
    stable: Mask
    cutoff: float
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    lines_: list[Any] = field(init=False, repr=False)
    other_lines_: list[Any] = field(init=False, repr=False)
    texts_: list[Any] = field(init=False, repr=False)

    @classmethod
    def from_selection(
        cls, found: StabilitySelection, *, ax: Axes | None = None, **options: Any
    ) -> StabilityDisplay:
        """Draw what :func:`regularfit.stability_selection` returned; ``options`` as for :meth:`plot`."""
        names = found.names or tuple(f"x{j}" for j in range(len(found.counts)))
        display = cls(found.strengths, found.frequencies, names, found.stable(), found.bound.cutoff)
        return display.plot(ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        labels: int = 12,
        others: int = 200,
        line_kw: dict[str, Any] | None = None,
    ) -> StabilityDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        labels : how many stable columns are named at most, the most frequent first.
        others : how many columns that are not stable are drawn at most, the most frequent first.
        line_kw : keyword arguments for the curves of stable columns.
        """
        self.ax_, self.figure_ = _axes(ax)
        last = self.frequencies[-1]
        order = np.argsort(-last, kind="stable")
        stable = order[self.stable[order]]
        rest = order[~self.stable[order] & (last[order] > 0)][:others]
        style: dict[str, Any] = {"linewidth": 1.6, "zorder": 3} | (line_kw or {})
        thin: dict[str, Any] = {"color": "0.7", "linewidth": 0.6, "zorder": 1}
        self.other_lines_ = [self._curve(j, thin) for j in rest]
        self.lines_ = [self._curve(j, style) for j in stable]
        self.ax_.axhline(self.cutoff, color="0.25", linestyle="--", linewidth=1.0, zorder=2)
        self.ax_.annotate(
            f"cutoff {self.cutoff:g}",
            (0.01, self.cutoff),
            xycoords=("axes fraction", "data"),
            va="bottom",
            fontsize="small",
            color="0.25",
        )
        self.ax_.set_ylim(0.0, 1.03)
        self.ax_.set_ylabel("share of halves on which the column is in")
        _strength_axis(self.ax_, self.strengths)
        self.texts_ = self._names(stable[:labels])
        return self

    def _curve(self, j: int, style: dict[str, Any]) -> Any:
        marker: dict[str, Any] = {"marker": "o"} if len(self.strengths) == 1 else {}
        return self.ax_.plot(self.strengths, self.frequencies[:, j], **(marker | style))[0]

    def _names(self, stable: np.ndarray) -> list[Any]:
        """Write names to the right of the ends, moved apart where they would touch."""
        ends = self.frequencies[-1, stable]
        order = np.argsort(ends, kind="stable")
        spots = _spread(ends[order] / 1.03, 0.045)
        return [
            self.ax_.annotate(
                self.names[stable[k]],
                xy=(self.strengths[-1], ends[k]),
                xytext=(1.03, spot),
                textcoords="axes fraction",
                va="center",
                fontsize="small",
                color=self.lines_[k].get_color(),
            )
            for k, spot in zip(order, spots, strict=True)
        ]
