"""Mixup: straight lines between training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .._settings import check_not_negative
from ..regulariser import Active, Batch, Regulariser, Run
from .pairs import Mixer, Mixing, mix_rows, mix_targets, refuse_tokens

__all__ = ["Mixup"]


@dataclass(frozen=True)
class Mixup(Mixer):
    r"""Train on rows between rows: a share of one, the rest of another, and the same shares of their targets.

    .. math:: \tilde x = \lambda_i x_i + (1 - \lambda_i) x_{\pi(i)}, \qquad \lambda_i \sim \mathrm{Beta}(\alpha, \alpha)

    Every row has a share of its own; any batch size works, and a batch of one row stays as it is. Categories of a
    table are taken whole from one of the two rows, never averaged. Prefer it on tables of numbers and on images;
    prefer :class:`FeatureSwap` where columns are categories or far from normal, :class:`ManifoldMixup` for text.

    Parameters
    ----------
    alpha : >= 0; 0.2 keeps most rows near themselves, 1 mixes evenly, 0 is none, for grids.

    Raises
    ------
    InputError
        If ``alpha`` is negative.
    UnsupportedError
        At the first step, for tokens.

    Examples
    --------
    >>> Mixup(0.4).alpha
    0.4

    References
    ----------
    Zhang, H., Cisse, M., Dauphin, Y. and Lopez-Paz, D. (2018). mixup: beyond empirical risk minimization. ICLR.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    alpha: float = 0.2

    def __post_init__(self) -> None:
        """Check the shape of the distribution."""
        check_not_negative(self.alpha, "Mixup(alpha)", "0.2 is usual; 0 is none.")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Mixup(run, self.alpha)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one and an even one."""
        return [cls(), cls(1.0)]


class _Mixup(Mixing):
    """Mixes every batch."""

    def __init__(self, run: Run, alpha: float) -> None:
        """Remember the distribution."""
        super().__init__(run)
        self.alpha = alpha

    def batch(self, batch: Batch) -> Batch:
        """Return the mixed batch."""
        refuse_tokens(batch.X, "Mixup")
        if self.alpha == 0:
            return batch
        run, n, device = self.run, len(batch.X), batch.X.device
        order = run.stream("mixup").permutation(n, device)
        share = run.stream("mixup", "share").beta(self.alpha, n, device=device)
        X = mix_rows(batch.X, order, share, run.blocks, run.stream("mixup", "categories"))
        return self.seen(mix_targets(batch, X, order, share))
