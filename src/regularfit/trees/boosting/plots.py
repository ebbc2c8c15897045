"""The picture of cross-validation along the rounds, in the manner of scikit-learn's Display objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ...errors import InputError
from ..knob_cv import KnobCV

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["RoundsDisplay"]


@dataclass(eq=False)
class RoundsDisplay:
    """The held-out score along the rounds; made by :meth:`from_estimator`.

    The line is the mean over the folds, the band one standard error to each side, thin lines single folds, the grey
    line the loss on the training rows; dashed lines mark the best number of rounds ("min") and the fewest that are not
    clearly worse ("1se").

    Parameters
    ----------
    cv : the held-out scores.
    training_loss : (R,) of the model on all rows, or None where the score is another than the loss.

    Attributes
    ----------
    ax_, figure_ : the matplotlib axes and figure, after :meth:`plot`.
    line_, fill_between_, fold_lines_, training_line_ : what was drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from regularfit.trees import BoostingRegressor
    >>> X = np.random.default_rng(0).uniform(size=(100, 2))
    >>> model = BoostingRegressor(engine="sklearn", rounds=300, patience=20, n_jobs=1).fit(X, X[:, 0] ** 2)
    >>> model.plot_cv(fold_lines=False).ax_.get_xlabel()
    'rounds'
    """

    cv: KnobCV
    training_loss: np.ndarray | None = None
    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)
    line_: Any = field(init=False, repr=False)
    fill_between_: Any = field(init=False, repr=False)
    fold_lines_: list[Any] = field(init=False, repr=False)
    training_line_: Any = field(init=False, repr=False)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None, **options: Any) -> RoundsDisplay:
        """Draw the cross-validation behind a fitted estimator; ``options`` as for :meth:`plot`.

        Raises
        ------
        InputError
            Where no folds were grown.
        """
        check_is_fitted(estimator, "booster_")
        if estimator.cv_ is None:
            raise InputError(
                "This model was not cross-validated: its rounds were given. Fit with cv=5 and select='min' or '1se'."
            )
        shown = estimator.path_.training_loss if estimator.scoring is None else None
        return cls(estimator.cv_, shown).plot(ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        fold_lines: bool = True,
        training: bool = True,
        line_kw: dict[str, Any] | None = None,
        fill_between_kw: dict[str, Any] | None = None,
    ) -> RoundsDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure.
        fold_lines : whether single folds are drawn.
        training : whether the loss on the training rows is drawn.
        line_kw, fill_between_kw : keyword arguments for the mean and its band.
        """
        self.ax_, self.figure_ = _axes(ax)
        cv = self.cv
        thin: dict[str, Any] = {"color": "0.7", "linewidth": 0.6, "zorder": 1}
        self.fold_lines_ = self.ax_.plot(cv.values, cv.folds, **thin) if fold_lines else []
        self.training_line_ = None
        if training and self.training_loss is not None:
            rounds = np.arange(1, len(self.training_loss) + 1)
            grey: dict[str, Any] = {"color": "0.4", "linewidth": 1.0, "label": "training rows"}
            (self.training_line_,) = self.ax_.plot(rounds, self.training_loss, **grey)
        style: dict[str, Any] = {"color": "C3", "linewidth": 1.8, "zorder": 3, "label": "held-out rows"}
        style |= line_kw or {}
        (self.line_,) = self.ax_.plot(cv.values, cv.mean, **style)
        band = {"color": style["color"], "alpha": 0.2, "linewidth": 0, "zorder": 2} | (fill_between_kw or {})
        self.fill_between_ = self.ax_.fill_between(cv.values, cv.mean - cv.se, cv.mean + cv.se, **band)
        self.ax_.set_xlabel("rounds")
        self.ax_.set_ylabel(f"{cv.score_name}, held out")
        self._draw_marks()
        if self.training_line_ is not None:
            self.ax_.legend(fontsize="small")
        return self

    def _draw_marks(self) -> None:
        """Draw the dashed lines; where two fall together they share one line and label."""
        joined: dict[float, list[str]] = {}
        for label, rounds in {"min": self.cv.value_min, "1se": self.cv.value_1se}.items():
            joined.setdefault(rounds, []).append(label)
        text: dict[str, Any] = {
            "rotation": 90,
            "va": "top",
            "ha": "right",
            "fontsize": "small",
            "color": "0.25",
        }
        for rounds, labels in joined.items():
            self.ax_.axvline(rounds, color="0.25", linestyle="--", linewidth=1.0, zorder=2)
            self.ax_.annotate(" = ".join(labels), (rounds, 0.98), xycoords=("data", "axes fraction"), **text)


def _axes(ax: Axes | None) -> tuple[Axes, Figure]:
    import matplotlib.pyplot as plt

    if ax is not None:
        return ax, ax.figure  # type: ignore[return-value]
    figure, ax = plt.subplots(layout="constrained")
    return ax, figure
