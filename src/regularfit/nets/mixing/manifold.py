"""Manifold mixup: rows mixed in a hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from ...errors import UnsupportedError
from .._settings import check_not_negative
from ..dropout.at_layers import AtInputs, weight_layers
from ..randomness import Stream
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from .pairs import Mixer, mix_rows, mix_targets

__all__ = ["ManifoldMixup"]


@dataclass(frozen=True)
class ManifoldMixup(Mixer):
    r"""Mix rows in a hidden layer, another one each step, and their targets with them.

    .. math:: \tilde h_l = \lambda_i h_l(x_i) + (1 - \lambda_i) h_l(x_{\pi(i)}), \qquad
              \lambda_i \sim \mathrm{Beta}(\alpha, \alpha)

    The layer is the input of one of the linear layers and convolutions after the first, all alike likely; in a net
    with only one of them its input. Prefer it to :class:`Mixup` where inputs have no averages: text, categories.

    Parameters
    ----------
    alpha : >= 0; 0.2 keeps most rows near themselves, 2 is that of the paper, 0 is none, for grids.

    Raises
    ------
    InputError
        If ``alpha`` is negative.
    UnsupportedError
        At the start, if the model has no linear layer or convolution; at the first step, if a layer does not see a
        row of inputs as a row.

    Examples
    --------
    >>> ManifoldMixup().alpha
    0.2

    References
    ----------
    Verma, V., Lamb, A., Beckham, C., Najafi, A., Mitliagkas, I., Lopez-Paz, D. and Bengio, Y. (2019). Manifold mixup:
    better representations by interpolating hidden states. ICML.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch", "forward")

    alpha: float = 0.2

    def __post_init__(self) -> None:
        """Check the shape of the distribution."""
        check_not_negative(self.alpha, "ManifoldMixup(alpha)", "0.2 is usual; 0 is none.")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        if not weight_layers(run.model):
            raise UnsupportedError(
                "ManifoldMixup mixes the inputs of linear layers and convolutions, and this model has none; use Mixup."
            )
        return _Manifold(run, self.alpha)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one and that of the paper."""
        return [cls(), cls(2.0)]


class _Manifold(AtInputs):
    """Draws pairs, shares and a layer when the batch comes; mixes when the layer is reached."""

    def __init__(self, run: Run, alpha: float) -> None:
        """Nothing drawn yet."""
        super().__init__(run, self._mix, lambda place, _: float(place == self.place))
        self.alpha, self.place = alpha, -1
        self.pairs: tuple[Tensor, Tensor] | None = None

    def batch(self, batch: Batch) -> Batch:
        """Return the batch with partners; its inputs stay."""
        if self.alpha == 0:
            return batch
        run, n, device = self.run, len(batch.X), batch.X.device
        places = max(len(self.layers) - 1, 1)
        drawn = float(run.stream("manifold mixup", "layer").uniform(1))
        self.place = int(drawn * places) + (len(self.layers) > 1)
        order = run.stream("manifold mixup").permutation(n, device)
        share = run.stream("manifold mixup", "share").beta(self.alpha, n, device=device)
        self.pairs = order, share
        return mix_targets(batch, batch.X, order, share)

    def _mix(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the mixed hidden rows."""
        if self.pairs is None:
            return x
        order, share = self.pairs
        if len(x) != len(order):
            raise UnsupportedError(
                f"ManifoldMixup mixes rows, and a layer sees {len(x)} of them where the batch has {len(order)}; "
                "use Mixup."
            )
        return mix_rows(x, order, share)

    def effect(self) -> Effect:
        """Return the mean share of the partner in the last batch."""
        if self.pairs is None:
            return Effect(self.alpha, acted=False)
        strength = 1.0 - float(self.pairs[1].mean())
        return Effect(strength=strength, acted=self.acted, note="strength: the mean share of the partner")
