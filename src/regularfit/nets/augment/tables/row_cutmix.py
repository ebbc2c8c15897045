"""CutMix for tables: some columns of a row from another one, labels mixed by how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from ...._checks import check_fraction, check_positive
from ...mixing.pairs import Mixer, Mixing, mix_targets
from ...regulariser import Active, Batch, Regulariser, Run
from .columns import columns_of, refuse_all_but_tables
from .feature_mask import pick

__all__ = ["RowCutMix"]


@dataclass(frozen=True)
class RowCutMix(Mixer):
    r"""Take some columns of a row from one other row, and mix the labels by the share of columns.

    With lambda from Beta(alpha, alpha), a row keeps about ``lambda`` of its columns; the share of its label is the
    share it kept, exactly. This is CutMix as the cocktails paper has it for tables, but with columns, partner and
    share of its own for every row. A column is an original one: a category moves as a whole. Prefer it to
    :class:`Mixup` for categories: alone it helped more of that paper's 40 tables than anything else. Prefer
    :class:`FeatureSwap`, which keeps the label, for a regression with few columns.

    Parameters
    ----------
    p : the share of rows that are mixed, 0 to 1.
    alpha : > 0; 1 makes all shares alike.

    Raises
    ------
    InputError
        If a setting is out of range.
    UnsupportedError
        At the first step, for anything but an encoded table.

    Examples
    --------
    >>> RowCutMix(0.3).alpha
    1.0

    References
    ----------
    Kadra, A., Lindauer, M., Hutter, F. and Grabocka, J. (2021). Well-tuned simple nets excel on tabular datasets.
    NeurIPS.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    p: float = 0.5
    alpha: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers."""
        check_fraction(self.p, "RowCutMix(p)")
        check_positive(self.alpha, "RowCutMix(alpha)", "1 is usual.")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _RowCutMix(run, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and all."""
        return [cls(), cls(0.0), cls(1.0, 0.3)]


class _RowCutMix(Mixing):
    """Takes columns from partners."""

    def __init__(self, run: Run, settings: RowCutMix) -> None:
        """Remember the settings."""
        super().__init__(run)
        self.settings = settings

    def batch(self, batch: Batch) -> Batch:
        """Return the mixed batch."""
        refuse_all_but_tables(batch.X, "RowCutMix", "For images use CutMix.")
        if self.settings.p == 0:
            return batch
        run, n, device = self.run, len(batch.X), batch.X.device
        of_column, m = columns_of(run.blocks, batch.X.shape[1], device)
        order = run.stream("row cutmix").permutation(n, device)
        keep = run.stream("row cutmix", "share").beta(self.settings.alpha, n, device=device)
        hit = run.stream("row cutmix", "rows").uniform(n, device=device) < self.settings.p
        count = ((1 - keep) * m).round() * hit
        taken = pick(run.stream("row cutmix", "columns").uniform(n, m, device=device), count[:, None])
        X = torch.where(taken[:, of_column], batch.X[order], batch.X)
        return self.seen(mix_targets(batch, X, order, 1 - count / m))
