"""Pictures of a posterior and of the evidence, in the manner of scikit-learn's Display objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Vector
from ..errors import InputError
from ._frame import labels
from .evidence import EvidencePath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EvidenceDisplay", "PosteriorDisplay"]

MEAN, MODE, CURVE = "#0072B2", "#D55E00", "#0072B2"  # Okabe & Ito (2008)


@dataclass(eq=False)
class PosteriorDisplay:
    """Coefficients with two credible intervals each, the largest on top; under L1 the lasso beside the mean.

    Parameters
    ----------
    names : (p,)
    coef : (p,) posterior means (modes, where the posterior is Laplace's).
    inner, outer : (p, 2) ends of the intervals.
    levels : probabilities of the two.
    mode : (p,) the penalised fit, or None where it is the mean.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    points_, mode_points_ : what was drawn; the second None without a mode.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import posterior
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> y = X[:, 0] + np.sin(np.arange(50))
    >>> model = rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, y)
    >>> posterior(model, X, y).plot().ax_.get_xlabel()
    'coefficient'
    """

    names: list[str]
    coef: Vector
    inner: np.ndarray
    outer: np.ndarray
    levels: tuple[float, float]
    mode: Vector | None = None
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    points_: Any = field(init=False, repr=False)
    mode_points_: Any = field(init=False, repr=False)

    @classmethod
    def from_posterior(
        cls, found: Any, *, ax: Axes | None = None, levels: tuple[float, float] = (0.5, 0.95), **options: Any
    ) -> PosteriorDisplay:
        """Draw what :func:`regularfit.diagnostics.posterior` returned; ``options`` as for :meth:`plot`."""
        if len(levels) != 2 or not levels[0] < levels[1]:
            raise InputError(f"levels must be two probabilities, the smaller first; {levels!r} was given.")
        ends = [found.interval(level) for level in levels]
        names = labels(found.names, len(found.coef))
        mode = getattr(found, "mode", None)
        return cls(names, found.coef, ends[0], ends[1], levels, mode).plot(ax, **options)

    def plot(
        self, ax: Axes | None = None, *, most: int = 25, scale: Vector | None = None
    ) -> PosteriorDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        most : how many columns are drawn at most, those with the largest coefficients.
        scale : (p,) what coefficients are multiplied by, such as ``X.std(axis=0)`` for columns in unlike units.
        """
        self.ax_, self.figure_ = _axes(ax)
        scale = np.ones(len(self.coef)) if scale is None else np.asarray(scale, dtype=np.float64)
        if scale.shape != self.coef.shape:
            raise InputError(f"scale must have {len(self.coef)} entries; its shape is {scale.shape}.")
        coef = self.coef * scale
        order = np.argsort(-np.abs(coef), kind="stable")[:most][::-1]
        at = np.arange(len(order))
        for ends, width, level in ((self.outer, 1.4, self.levels[1]), (self.inner, 4.5, self.levels[0])):
            sides = (ends * scale[:, None])[order]
            label = f"{100 * level:g} % interval"
            self.ax_.hlines(at, sides[:, 0], sides[:, 1], color=MEAN, linewidth=width, alpha=0.7, label=label)
        (self.points_,) = self.ax_.plot(
            coef[order], at, "o", color=MEAN, markersize=5, zorder=4, label="mean"
        )
        self.mode_points_ = None
        if self.mode is not None:
            (self.mode_points_,) = self.ax_.plot(
                (self.mode * scale)[order],
                at,
                "D",
                color=MODE,
                markersize=5,
                zorder=5,
                label="mode: penalised fit",
            )
        self.ax_.axvline(0.0, color="0.6", linewidth=0.8, zorder=0)
        self.ax_.set_yticks(at, [self.names[j] for j in order])
        self.ax_.set_ylim(-0.6, len(order) - 0.4)
        self.ax_.set_xlabel("coefficient" if np.all(scale == 1) else "coefficient, scaled")
        self.ax_.legend(loc="best", fontsize="small")
        return self


@dataclass(eq=False)
class EvidenceDisplay:
    """The log evidence along the strengths, weak penalties to the right, with its best and the model's own strength.

    Parameters
    ----------
    evidence : the facts.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    line_ : the curve.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> from regularfit.diagnostics import evidence_path
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> y = X[:, 0] + np.sin(np.arange(50))
    >>> model = rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, y)
    >>> evidence_path(model, X, y).plot().ax_.get_ylabel()
    'log evidence'
    """

    evidence: EvidencePath
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    line_: Any = field(init=False, repr=False)

    @classmethod
    def from_evidence(cls, found: EvidencePath, *, ax: Axes | None = None, **options: Any) -> EvidenceDisplay:
        """Draw what :func:`regularfit.diagnostics.evidence_path` returned; ``options`` as for :meth:`plot`."""
        return cls(found).plot(ax, **options)

    def plot(self, ax: Axes | None = None, *, line_kw: dict[str, Any] | None = None) -> EvidenceDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        line_kw : keyword arguments for the curve.
        """
        self.ax_, self.figure_ = _axes(ax)
        found = self.evidence
        style: dict[str, Any] = {"color": CURVE, "linewidth": 1.8} | (line_kw or {})
        (self.line_,) = self.ax_.plot(found.strengths, found.log_evidence, **style)
        marks = ((found.best, "most probable", "0.25", "--"), (found.chosen, "the model's", MODE, ":"))
        for value, label, colour, dashes in marks:
            self.ax_.axvline(
                value, color=colour, linestyle=dashes, linewidth=1.4, label=f"{label}: {value:.3g}"
            )
        self.ax_.set_xscale("log")
        self.ax_.set_xlim(*sorted(self.ax_.get_xlim(), reverse=True))
        self.ax_.set_xlabel("strength")
        self.ax_.set_ylabel("log evidence")
        self.ax_.legend(loc="best", fontsize="small")
        return self


def _axes(ax: Axes | None) -> tuple[Axes, Figure]:
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure
