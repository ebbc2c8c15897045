"""Pictures of the diagnostics, in the manner of scikit-learn's Display objects; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Vector
from .decomposition import BiasVariance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BiasVarianceDisplay"]

# Okabe & Ito (2008): told apart by readers who are blind to some colours, and in grey by their styles
ORANGE, SKY, GREEN, BLUE, RED, BLACK = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#000000"


@dataclass(eq=False)
class BiasVarianceDisplay:
    """Bias squared, variance, noise and their sum along the strengths, with a standard error to each side.

    Where there is one point only the parts are bars.

    Parameters
    ----------
    parts : what :func:`regularfit.diagnostics.bias_variance` found.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    lines_, bands_ : what was drawn, by the name of the part.
    """

    parts: BiasVariance
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    lines_: dict[str, Any] = field(init=False, repr=False)
    bands_: dict[str, Any] = field(init=False, repr=False)

    def plot(self, ax: Axes | None = None, *, minimum: bool = True) -> BiasVarianceDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        minimum : whether a dashed line marks the smallest error.
        """
        self.ax_, self.figure_ = axes_of(ax)
        self.lines_, self.bands_ = {}, {}
        if len(self.parts) == 1:
            self._bars()
            return self
        for name, label, color, style in self._rows():
            self._curve(name, label, color, style)
        strength_axis(self.ax_, self.parts.strengths)
        if minimum:
            self.ax_.axvline(
                float(self.parts.strength_min or 1.0), color="0.25", linestyle="--", linewidth=1.0, zorder=1
            )
        self.ax_.set_ylabel(self.parts.loss_name)
        self.ax_.set_ylim(bottom=min(0.0, self.ax_.get_ylim()[0]))
        self.ax_.legend(frameon=False)
        return self

    def _rows(self) -> list[tuple[str, str, str, str]]:
        apart = [
            ("bias2", "bias squared", BLUE, "-"),
            ("variance", "variance", RED, "-"),
            ("noise", "noise", GREEN, ":"),
        ]
        joined = [("bias2_noise", "bias squared and noise", BLUE, "-"), ("variance", "variance", RED, "-")]
        return [*(apart if self.parts.separated else joined), ("error", "error: the sum", BLACK, "-")]

    def _curve(self, name: str, label: str, color: str, style: str) -> None:
        x: Any = self.parts.strengths
        y, se = getattr(self.parts, name), getattr(self.parts, f"{name}_se")
        width = 2.2 if name == "error" else 1.6
        (self.lines_[name],) = self.ax_.plot(x, y, style, color=color, linewidth=width, label=label, zorder=3)
        self.bands_[name] = self.ax_.fill_between(
            x, y - se, y + se, color=color, alpha=0.2, linewidth=0, zorder=2
        )

    def _bars(self) -> None:
        for at, (name, label, color, _) in enumerate(self._rows()):
            se = getattr(self.parts, f"{name}_se")
            self.lines_[name] = self.ax_.bar(
                [at], getattr(self.parts, name), yerr=se, color=color, capsize=4, label=label
            )
        self.ax_.set_xticks(range(len(self._rows())), [row[1] for row in self._rows()])
        self.ax_.set_ylabel(self.parts.loss_name)


# --- what all of them share ----------------------------------------------------------------------


def axes_of(ax: Axes | None) -> tuple[Axes, Figure]:
    """Return the axes and their figure, new ones for None."""
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure


def strength_axis(ax: Axes, strengths: Vector | None) -> None:
    """Make the horizontal axis that of strengths: logarithmic, the strongest penalty to the left as in a path."""
    if strengths is None:
        return
    ax.set_xscale("log")
    ax.set_xlim(float(np.max(strengths)), float(np.min(strengths)))
    ax.set_xlabel("strength (weaker penalty to the right)")
