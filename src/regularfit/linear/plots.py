"""Pictures of a path and of its cross-validation, in the manner of scikit-learn's Display objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._typing import Vector
from ..errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CVDisplay", "PathDisplay"]


@dataclass(eq=False)
class PathDisplay:
    """Coefficients along the strengths, weak penalties to the right; made by :meth:`from_estimator`.

    Names stand at the ends of the largest curves, the number of non-zeros on top, and dashed lines mark the
    strength of the best held-out score ("min") and the strongest one not clearly worse ("1se").

    Parameters
    ----------
    strengths : (L,) decreasing.
    coefs : (L, p) on the scale of X.
    names : (p,) labels of the columns.
    nonzeros : (L,) number of coefficients that are not zero.
    marks : label -> strength of the vertical lines.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    lines_, texts_ : the curves and their labels.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> model = rf.PenalizedRegressor(random_state=0, cv=3).fit(X, X[:, 0] + np.sin(np.arange(60)))
    >>> display = model.plot_path()
    >>> len(display.lines_)
    4
    """

    strengths: Vector
    coefs: np.ndarray
    names: tuple[str, ...]
    nonzeros: np.ndarray
    marks: dict[str, float] = field(default_factory=dict)
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    lines_: list[Any] = field(init=False, repr=False)
    texts_: list[Any] = field(init=False, repr=False)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: Axes | None = None,
        output: Any = None,
        gamma: float | None = None,
        **options: Any,
    ) -> PathDisplay:
        """Draw the path of a fitted estimator; ``options`` as for :meth:`plot`.

        ``output`` is the class (its label) or target (its number) whose curves are drawn, where there are several;
        None draws those of all, with the output behind the name. ``gamma`` is for relaxed fits: 1 draws the penalised
        path, 0 its refits; None is the gamma that was chosen.
        """
        check_is_fitted(estimator, "path_")
        gamma = getattr(estimator, "gamma_", 1.0) if gamma is None else gamma
        path = estimator.path_ if gamma == 1 else estimator.path_.blend(gamma)
        names = path.feature_names or tuple(f"x{j}" for j in range(path.columns))
        coefs, names, nonzeros = _curves_of(path, names, getattr(estimator, "classes_", None), output)
        return cls(path.strengths, coefs, names, nonzeros, _marks(estimator)).plot(ax, **options)

    def plot(
        self, ax: Axes | None = None, *, labels: int = 12, line_kw: dict[str, Any] | None = None
    ) -> PathDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        labels : how many curves are named at most, the largest first.
        line_kw : keyword arguments for every curve.
        """
        self.ax_, self.figure_ = _axes(ax)
        ever = np.flatnonzero(np.any(self.coefs != 0, axis=0))
        style: dict[str, Any] = {"linewidth": 1.4} | (line_kw or {})
        if len(self.strengths) == 1:
            style = {"marker": "o"} | style
        self.lines_ = [self.ax_.plot(self.strengths, self.coefs[:, j], **style)[0] for j in ever]
        self.ax_.axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
        self.ax_.set_ylabel("coefficient (on the scale of X)")
        _strength_axis(self.ax_, self.strengths)
        _draw_marks(self.ax_, self.marks)
        _nonzeros_on_top(self.ax_, self.strengths, self.nonzeros)
        self.texts_ = self._name_curves(ever, labels)
        return self

    def _name_curves(self, ever: np.ndarray, labels: int) -> list[Any]:
        """Write names to the right of the ends, moved apart where they would touch."""
        last = self.coefs[-1, ever]
        largest = np.argsort(-np.abs(last))[:labels]
        largest = largest[last[largest] != 0]
        order = largest[np.argsort(last[largest])]
        low, high = self.ax_.get_ylim()
        spots = _spread((last[order] - low) / (high - low), 0.045)
        return [
            self.ax_.annotate(
                self.names[ever[k]],
                xy=(self.strengths[-1], last[k]),
                xytext=(1.03, spot),
                textcoords="axes fraction",
                va="center",
                fontsize="small",
                color=self.lines_[k].get_color(),
                arrowprops={
                    "arrowstyle": "-",
                    "color": self.lines_[k].get_color(),
                    "linewidth": 0.6,
                    "alpha": 0.6,
                },
            )
            for k, spot in zip(order, spots, strict=True)
        ]


@dataclass(eq=False)
class CVDisplay:
    """The held-out score along the strengths, weak penalties to the right; made by :meth:`from_estimator`.

    The line is the mean over the folds, the band one standard error to each side, thin lines single folds;
    dashed lines mark the best ("min") and the strongest not clearly worse strength ("1se"); non-zeros stand
    on top.

    Parameters
    ----------
    strengths : (L,) decreasing.
    mean, se : (L,)
    folds : (L, K)
    score_name : what the vertical axis shows.
    nonzeros : (L,) of the fit on all rows.
    marks : label -> strength of the vertical lines.
    blends : label -> mean along the strengths (L,) of the gammas of relaxed fits, drawn instead of single folds.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    line_, fill_between_, fold_lines_ : what was drawn.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> model = rf.PenalizedRegressor(random_state=0, cv=3).fit(X, X[:, 0] + np.sin(np.arange(60)))
    >>> model.plot_cv(fold_lines=False).ax_.get_ylabel()
    'mean squared error, held out'
    """

    strengths: Vector
    mean: Vector
    se: Vector
    folds: np.ndarray
    score_name: str
    nonzeros: np.ndarray
    marks: dict[str, float] = field(default_factory=dict)
    blends: dict[str, Vector] = field(default_factory=dict)
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    line_: Any = field(init=False, repr=False)
    fill_between_: Any = field(init=False, repr=False)
    fold_lines_: list[Any] = field(init=False, repr=False)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None, **options: Any) -> CVDisplay:
        """Draw the cross-validation behind a fitted estimator; ``options`` as for :meth:`plot`.

        Raises
        ------
        InputError
            Where no folds were fitted: a fixed strength, or a choice by a criterion.
        """
        check_is_fitted(estimator, "path_")
        cv = estimator.cv_
        if cv is None:
            raise InputError(
                "This model was not cross-validated: its strength was given, or chosen by a criterion "
                f"(select={estimator.select!r}). Fit with strength=None and select='min' or '1se', or use "
                "plot_path()."
            )
        nonzeros = estimator.path_.nonzeros
        both = getattr(estimator, "relaxed_cv_", None)
        blends = {} if both is None else {f"gamma {g:g}": both.mean[k] for k, g in enumerate(both.gammas)}
        display = cls(
            cv.strengths, cv.mean, cv.se, cv.folds, cv.score_name, nonzeros, _marks(estimator), blends
        )
        return display.plot(ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        fold_lines: bool = True,
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> CVDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        fold_lines : whether single folds are drawn.
        line_kw, fill_between_kw : keyword arguments for the mean and its band.
        """
        self.ax_, self.figure_ = _axes(ax)
        thin: dict[str, Any] = {"color": "0.7", "linewidth": 0.6, "zorder": 1}
        self.fold_lines_ = (
            self.ax_.plot(self.strengths, self.folds, **thin) if fold_lines and not self.blends else []
        )
        for label, mean in self.blends.items():
            self.ax_.plot(self.strengths, mean, linewidth=1.0, label=label)
        marker = {"marker": "o"} if len(self.strengths) == 1 else {}
        style: dict[str, Any] = {"color": "C3", "linewidth": 1.8, "zorder": 3} | marker | (line_kw or {})
        (self.line_,) = self.ax_.plot(self.strengths, self.mean, **style)
        band = {"color": style["color"], "alpha": 0.2, "linewidth": 0, "zorder": 2} | (fill_between_kw or {})
        self.fill_between_ = self.ax_.fill_between(
            self.strengths, self.mean - self.se, self.mean + self.se, **band
        )
        if self.blends:
            self.ax_.legend(fontsize="small")
        self.ax_.set_ylabel(f"{self.score_name}, held out")
        _strength_axis(self.ax_, self.strengths)
        _draw_marks(self.ax_, self.marks)
        _nonzeros_on_top(self.ax_, self.strengths, self.nonzeros)
        return self


# --- parts of both -------------------------------------------------------------------------------


def _curves_of(
    path: Any, names: tuple[str, ...], classes: np.ndarray | None, output: Any
) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Coefficients (L, curves), their names, and the number of non-zeros."""
    if path.outputs is None:
        return path.coefs, names, path.nonzeros
    labels = list(range(path.outputs)) if classes is None else classes.tolist()
    if output is None:
        every = tuple(f"{name} ({label})" for label in labels for name in names)
        return path.coefs.reshape(len(path), -1), every, path.nonzeros
    if output not in labels:
        shown = ", ".join(map(repr, labels[:8])) + (", ..." if len(labels) > 8 else "")
        raise InputError(
            f"output={output!r} is none of those fitted ({shown}); give one of them, or None for all."
        )
    coefs = path.coefs[:, labels.index(output)]
    return coefs, names, np.count_nonzero(coefs, axis=1)


def _axes(ax: Axes | None) -> tuple[Axes, Figure]:
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure


def _marks(estimator: Any) -> dict[str, float]:
    cv = getattr(estimator, "relaxed_cv_", None) or estimator.cv_
    if cv is None:
        label = "given" if estimator.strength is not None else estimator.select
        return {label: estimator.strength_}
    return {"min": cv.strength_min, "1se": cv.strength_1se}


def _strength_axis(ax: Axes, strengths: Vector) -> None:
    ax.set_xscale("log")
    ax.set_xlabel("strength (weaker penalty to the right)")
    if len(strengths) > 1:
        ax.set_xlim(strengths[0], strengths[-1])


def _draw_marks(ax: Axes, marks: dict[str, float]) -> None:
    """Draw the dashed lines; where two fall together they share one line and label."""
    joined: dict[float, list[str]] = {}
    for label, strength in marks.items():
        joined.setdefault(strength, []).append(label)
    for strength, labels in joined.items():
        ax.axvline(strength, color="0.25", linestyle="--", linewidth=1.0, zorder=2)
        text: dict[str, Any] = {
            "rotation": 90,
            "va": "top",
            "ha": "right",
            "fontsize": "small",
            "color": "0.25",
        }
        ax.annotate(" = ".join(labels), (strength, 0.98), xycoords=("data", "axes fraction"), **text)


def _nonzeros_on_top(ax: Axes, strengths: Vector, nonzeros: np.ndarray, ticks: int = 8) -> None:
    chosen = np.unique(np.linspace(0, len(strengths) - 1, min(ticks, len(strengths))).round().astype(int))
    top = ax.secondary_xaxis("top")
    top.set_xticks(strengths[chosen], labels=[str(k) for k in nonzeros[chosen]])
    top.minorticks_off()
    top.set_xlabel("columns kept (non-zero coefficients)")


def _spread(spots: Vector, gap: float) -> Vector:
    """Move increasing positions the least that keeps them ``gap`` apart, centred on where they were."""
    offsets = np.arange(len(spots)) * gap
    levels: list[list[float]] = []  # pooled runs of (mean, size): isotonic regression of spots - offsets
    for value in spots - offsets:
        levels.append([float(value), 1.0])
        while len(levels) > 1 and levels[-2][0] >= levels[-1][0]:
            (a, m), (b, k) = levels[-2], levels[-1]
            levels[-2:] = [[(a * m + b * k) / (m + k), m + k]]
    pooled = np.concatenate([np.full(int(size), mean) for mean, size in levels]) if levels else np.empty(0)
    return pooled + offsets
