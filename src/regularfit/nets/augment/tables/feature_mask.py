"""Feature masking: columns of a row hidden, as if they were missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ...._checks import check_choice, check_fraction
from ....errors import UnsupportedError
from ...dropout.masks import check_rate, threshold
from ...regulariser import Active, Batch, Effect, Regulariser, Run
from .columns import columns_of, refuse_all_but_tables
from .feature_swap import row_masks

__all__ = ["FeatureMask", "RowCutout", "pick"]

FILLS = ["zero", "mean"]


@dataclass(frozen=True)
class FeatureMask(Regulariser):
    """Hide each column of a row with probability p; the label stays.

    A column is an original one: a category is hidden as a whole. Unlike dropout on the inputs nothing is scaled up,
    so that what is left keeps its meaning. Prefer it where columns may be missing when the net is used; prefer
    :class:`FeatureSwap` elsewhere, whose values are real.

    Parameters
    ----------
    p : the probability, 0 to 0.998; 0.05 to 0.3 is usual. Rounded to a multiple of 1/256.
    fill : what stands there instead: "zero" (the mean of a standardised number; no category), or "mean", that of the
        training rows (of a category: how frequent each is).

    Raises
    ------
    InputError
        If ``p`` is not in its range (between 0 and 1/512 included) or the fill is unknown.
    UnsupportedError
        At the first step, for anything but an encoded table.

    Examples
    --------
    >>> FeatureMask(0.2).fill
    'zero'
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "batch")

    p: float = 0.1
    fill: str = "zero"

    def __post_init__(self) -> None:
        """Check the settings."""
        check_rate(self.p, "FeatureMask(p)")
        check_choice(self.fill, FILLS, "FeatureMask(fill)")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Masking(run, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and a hard one."""
        return [cls(), cls(0.0), cls(0.9, "mean")]


@dataclass(frozen=True)
class RowCutout(Regulariser):
    """Hide a fixed share of the columns in some rows, other columns in each; the label stays.

    This is cut-out as the cocktails paper has it for tables, but with columns of its own for every row. Prefer
    :class:`FeatureMask`, which has one setting less, unless that paper's space is searched.

    Parameters
    ----------
    p : the share of rows that are hit, 0 to 1.
    share : of their columns that are hidden, 0 to 1; rounded to whole columns.
    fill : "zero" or "mean", see :class:`FeatureMask`.

    Raises
    ------
    InputError
        If a setting is out of range.
    UnsupportedError
        At the first step, for anything but an encoded table.

    Examples
    --------
    >>> RowCutout(0.5, 0.2).share
    0.2

    References
    ----------
    DeVries, T. and Taylor, G. (2017). Improved regularization of convolutional neural networks with cutout.
    Kadra, A., Lindauer, M., Hutter, F. and Grabocka, J. (2021). Well-tuned simple nets excel on tabular datasets.
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "batch")

    p: float = 0.5
    share: float = 0.2
    fill: str = "zero"

    def __post_init__(self) -> None:
        """Check the settings."""
        check_fraction(self.p, "RowCutout(p)")
        check_fraction(self.share, "RowCutout(share)")
        check_choice(self.fill, FILLS, "RowCutout(fill)")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _CuttingOut(run, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and a hard one."""
        return [cls(), cls(0.0), cls(1.0, 0.6)]


class _Hiding(Active):
    """What both share: what is put in, and putting it in."""

    def __init__(self, run: Run, settings: FeatureMask | RowCutout) -> None:
        """Remember the settings."""
        super().__init__(run)
        self.settings, self.acted = settings, False
        self.means: Tensor | None = None

    def data(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Look at the means of the training rows."""
        if self.settings.fill == "mean":
            refuse_all_but_tables(X, type(self.settings).__name__, "For images use Erase or Cutout.")
            self.means = X.mean(0)
        return X, y

    def hide(self, batch: Batch, mask: Tensor) -> Batch:
        """Return the batch with the encoded columns of masked original ones replaced."""
        if self.settings.fill == "mean" and self.means is None:
            raise UnsupportedError(
                f"{type(self.settings).__name__}(fill='mean') needs the training rows: call data(X, y) first, or take "
                "fill='zero'."
            )
        fill = batch.X.new_zeros(()) if self.means is None else self.means.to(batch.X)
        self.acted = True
        return batch.with_(X=torch.where(mask, fill, batch.X))

    def effect(self) -> Effect:
        """Return the probability."""
        return Effect(strength=self.settings.p, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return the means."""
        return {"acted": self.acted} | ({} if self.means is None else {"means": self.means})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the means."""
        self.acted, self.means = bool(state["acted"]), state.get("means")


class _Masking(_Hiding):
    """Hides columns one by one."""

    def batch(self, batch: Batch) -> Batch:
        """Return the batch with columns hidden."""
        refuse_all_but_tables(batch.X, "FeatureMask", "For images use Erase or Cutout.")
        if threshold(self.settings.p) == 0:
            return batch
        of_column, m = columns_of(self.run.blocks, batch.X.shape[1], batch.X.device)
        mask = row_masks(self.run.stream("feature mask"), batch.rows, m, self.settings.p, batch.X.device)
        return self.hide(batch, mask[:, of_column])


class _CuttingOut(_Hiding):
    """Hides a share of the columns of some rows."""

    def batch(self, batch: Batch) -> Batch:
        """Return the batch with columns hidden."""
        refuse_all_but_tables(batch.X, "RowCutout", "For images use Erase or Cutout.")
        settings, X = self.settings, batch.X
        of_column, m = columns_of(self.run.blocks, X.shape[1], X.device)
        count = round(settings.share * m)  # pyright: ignore[reportAttributeAccessIssue]
        if settings.p == 0 or count == 0:
            return batch
        numbers = self.run.stream("row cutout").each(batch.rows).uniform(m + 1, device=X.device)
        hit = numbers[:, :1] < settings.p
        return self.hide(batch, (hit & pick(numbers[:, 1:], count))[:, of_column])


def pick(numbers: Tensor, count: int | Tensor) -> Tensor:
    """Return which columns have the ``count`` smallest numbers of their row, bool, (b, m).

    >>> pick(torch.tensor([[0.3, 0.1, 0.2]]), 2)
    tensor([[False,  True,  True]])
    """
    rank = numbers.argsort(dim=-1, stable=True).argsort(dim=-1)
    return rank < count
