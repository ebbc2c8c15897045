"""Pictures of the diagnostics, in the manner of scikit-learn's Display objects; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Vector
from .decomposition import BiasVariance
from .learning_result import LearningCurve
from .overfitting_result import OverfittingGap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BiasVarianceDisplay", "GapDisplay", "LearningCurveDisplay"]

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
        self._set_limits()
        self.ax_.legend(frameon=False)
        return self

    def _set_limits(self) -> None:
        """From zero; where the bootstrap's variance leaves the error behind, it leaves the picture as well."""
        self.ax_.set_ylim(bottom=min(0.0, self.ax_.get_ylim()[0]))
        if self.parts.overshoots.any():
            top = 1.2 * float(np.max(self.parts.error + self.parts.error_se))
            self.ax_.set_ylim(-0.1 * top, top)

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


@dataclass(eq=False)
class LearningCurveDisplay:
    """Training and held-out score over the number of rows, with a standard error to each side.

    Parameters
    ----------
    curve : what :func:`regularfit.diagnostics.learning_curve` found.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    lines_, bands_ : what was drawn: "train" and "test".
    """

    curve: LearningCurve
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    lines_: dict[str, Any] = field(init=False, repr=False)
    bands_: dict[str, Any] = field(init=False, repr=False)

    def plot(self, ax: Axes | None = None, *, log: bool = True) -> LearningCurveDisplay:
        """Draw; ``log`` says that the number of rows stands on a logarithmic axis, its sizes as ticks."""
        self.ax_, self.figure_ = axes_of(ax)
        curve = self.curve
        self.lines_, self.bands_ = both_errors(
            self.ax_, curve.sizes, (curve.train, curve.train_se), (curve.test, curve.test_se)
        )
        if log:
            self.ax_.set_xscale("log")
            self.ax_.set_xticks(curve.sizes, [str(size) for size in curve.sizes])
            self.ax_.set_xticks([], minor=True)
        self.ax_.set_xlabel("rows in the training set")
        self.ax_.set_ylabel(curve.score_name)
        return self


@dataclass(eq=False)
class GapDisplay:
    """Training and held-out error along the strengths, and the null model's; bars where there is one point.

    Parameters
    ----------
    gap : what :func:`regularfit.diagnostics.overfitting_gap` found.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    lines_, bands_ : what was drawn: "train", "test"; "null" among the lines.
    """

    gap: OverfittingGap
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    lines_: dict[str, Any] = field(init=False, repr=False)
    bands_: dict[str, Any] = field(init=False, repr=False)

    def plot(self, ax: Axes | None = None, *, minimum: bool = True) -> GapDisplay:
        """Draw; ``minimum`` says whether a dashed line marks the smallest held-out error."""
        self.ax_, self.figure_ = axes_of(ax)
        gap = self.gap
        rows = (gap.train, gap.train_se), (gap.held_out, gap.held_out_se)
        if len(gap) == 1:
            self.bands_ = {}
            names = {"train": "training rows", "test": "held-out rows"}
            self.lines_ = {
                name: self.ax_.bar([label], value, yerr=se, color=color, capsize=4)
                for (name, label), (value, se), color in zip(names.items(), rows, (SKY, RED), strict=True)
            }
        else:
            self.lines_, self.bands_ = both_errors(self.ax_, gap.strengths, *rows)
            strength_axis(self.ax_, gap.strengths)
            if minimum and gap.strength_min is not None:
                self.ax_.axvline(gap.strength_min, color="0.25", linestyle="--", linewidth=1.0, zorder=1)
        self.lines_["null"] = self.ax_.axhline(
            gap.null, color="0.4", linestyle=":", linewidth=1.4, label="null model"
        )
        self.ax_.legend(frameon=False)
        self.ax_.set_ylabel(gap.loss_name)
        return self


# --- what all of them share ----------------------------------------------------------------------


def axes_of(ax: Axes | None) -> tuple[Axes, Figure]:
    """Return the axes and their figure, new ones for None."""
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure


def both_errors(
    ax: Axes, x: Any, train: tuple[Vector, Vector], test: tuple[Vector, Vector]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw training and held-out values with bands of one standard error; return lines and bands by name."""
    lines: dict[str, Any] = {}
    bands: dict[str, Any] = {}
    marker: dict[str, Any] = {"marker": "o", "markersize": 4} if len(x) < 30 else {}
    for name, label, color, (y, se) in (
        ("test", "held-out rows", RED, test),
        ("train", "training rows", SKY, train),
    ):
        (lines[name],) = ax.plot(x, y, color=color, linewidth=2.0, label=label, zorder=3, **marker)
        bands[name] = ax.fill_between(x, y - se, y + se, color=color, alpha=0.2, linewidth=0, zorder=2)
    ax.legend(frameon=False)
    return lines, bands


def strength_axis(ax: Axes, strengths: Vector | None) -> None:
    """Make the horizontal axis that of strengths: logarithmic, the strongest penalty to the left as in a path."""
    if strengths is None:
        return
    ax.set_xscale("log")
    ax.set_xlim(float(np.max(strengths)), float(np.min(strengths)))
    ax.set_xlabel("strength (weaker penalty to the right)")
