"""How much of what a model explains it only remembers: the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Vector

if TYPE_CHECKING:
    import pandas as pd

    from .plots import GapDisplay

__all__ = ["OverfittingGap"]

HALF, TENTH = 0.5, 0.1  # of what is explained, gone on new rows: from where on the sentence says so


@dataclass(frozen=True, eq=False)
class OverfittingGap:
    """Training and held-out error of the same models on the same rows; every array is (L,), one entry a strength.

    Parameters
    ----------
    strengths : (L,) decreasing, or None where the model has no strength or chose its own; L is then 1.
    train, held_out : mean loss of a row by the models that trained on it, and by the one that did not.
    gap : ``held_out - train``; its error is that of the mean of the rows' own differences, so that what makes a row
        hard for every model cancels.
    train_se, held_out_se, gap_se : (L,) standard errors, from the spread over rows.
    null : held-out loss of the mean (or of the shares of the classes) alone.
    null_train : its loss on training rows.
    fits : how many models were fitted.
    loss_name : what the loss is.
    """

    strengths: Vector | None
    train: Vector
    held_out: Vector
    gap: Vector
    train_se: Vector
    held_out_se: Vector
    gap_se: Vector
    null: float
    null_train: float
    fits: int
    loss_name: str

    def __len__(self) -> int:
        """Return the number of strengths, or 1."""
        return len(self.gap)

    @property
    def relative(self) -> Vector:
        """The gap as a share of the null model's error, (L,)."""
        return self.gap / self.null

    @property
    def explained_train(self) -> Vector:
        """Share of the null model's loss that is explained on training rows, (L,)."""
        return 1 - self.train / self.null_train

    @property
    def explained(self) -> Vector:
        """The same on new rows, (L,); below zero where the null model predicts better."""
        return 1 - self.held_out / self.null

    @property
    def lost(self) -> Vector:
        """Share of what is explained on training rows that is gone on new rows, (L,); above 1 where worse than null.

        nan where nothing is explained on training rows.
        """
        seen = self.explained_train
        return 1 - np.divide(self.explained, seen, out=np.full(len(self), np.nan), where=seen > 1e-9)

    @property
    def index_min(self) -> int:
        """Where the held-out error is smallest."""
        return int(np.argmin(self.held_out))

    @property
    def strength_min(self) -> float | None:
        """The strength with the smallest held-out error; None where there are no strengths."""
        return None if self.strengths is None else float(self.strengths[self.index_min])

    @property
    def finding(self) -> str:
        """One sentence, on the model with the smallest held-out error; the weakest penalty in a second one."""
        first = self._sentence(self.index_min)
        if self.strengths is None or len(self) == 1:
            return first
        best = f"At strength {self.strengths[self.index_min]:.3g}, best on new rows: {first}"
        if self.index_min == len(self) - 1:
            return f"{best} It is the weakest of them."
        weakest = self._sentence(len(self) - 1)
        return f"{best} At the weakest, {self.strengths[-1]:.3g}: {weakest}"

    def _sentence(self, k: int) -> str:
        lost, gap, se = float(self.lost[k]), float(self.gap[k]), float(self.gap_se[k])
        numbers = f"{self.loss_name} {self.train[k]:.3g} on training rows, {self.held_out[k]:.3g} on new ones"
        if np.isnan(lost):
            return f"explains nothing, so there is nothing to remember ({numbers})."
        if lost > 1 and gap > 2 * se:
            return (
                f"memorises: on new rows it is worse than the null model ({numbers}, null {self.null:.3g})."
            )
        share = (
            f"{100 * lost:.0f} % of what it explains on its training rows is gone on new rows ({numbers})."
        )
        if gap <= 2 * se:
            return f"does not measurably overfit: the gap of {gap:.2g} is within two standard errors ({numbers})."
        return (
            f"{'memorises' if lost >= HALF else 'overfits' if lost >= TENTH else 'hardly overfits'}: {share}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a strength."""
        import pandas as pd

        facts: dict[str, Any] = {} if self.strengths is None else {"strength": self.strengths}
        for name in ("train", "held_out", "gap"):
            facts |= {name: getattr(self, name), f"{name}_se": getattr(self, f"{name}_se")}
        return pd.DataFrame(facts | {"relative": self.relative, "lost": self.lost})

    def plot(self, ax: Any = None, **options: Any) -> GapDisplay:
        """Draw both errors along the strengths; see :class:`regularfit.diagnostics.GapDisplay`."""
        from .plots import GapDisplay

        return GapDisplay(self).plot(ax, **options)
