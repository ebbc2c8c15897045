"""One optimiser step for all lanes: Adam on one flat buffer, then each lane's learning rate, decay and L1."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.optim.adam import adam

from .values import LaneValues
from .weights import LaneWeights, NetShape

__all__ = ["BETAS", "EPS", "LaneAdam"]

BETAS, EPS = (0.9, 0.999), 1e-8


class LaneAdam:
    r"""Adam with decoupled decay and L1 by its proximal map, a learning rate and strengths of their own for every lane.

    torch's fused Adam runs once over the flat buffer with learning rate 1, into a buffer of zeros: that is the
    direction. It is then scaled lane by lane. Decay and L1 act on weight matrices only.

    .. math:: w \\leftarrow \\mathrm{soft}\\bigl(w,\\ \\eta \\lambda / (\\sqrt{\\hat v} + \\epsilon)\\bigr)

    is L1 in Adam's own metric; weights that it sets to zero are exactly zero.

    Parameters
    ----------
    shape : of the nets.
    first, second : Adam's moments.
    order : the names "decay" and "l1" in the order in which they act.
    """

    def __init__(
        self,
        shape: NetShape,
        values: LaneValues,
        first: LaneWeights,
        second: LaneWeights,
        order: tuple[str, ...],
        done: int = 0,
    ) -> None:
        """Make the buffers; ``done`` steps have been taken before."""
        self.shape, self.first, self.second = shape, first, second
        self.order = tuple(name for name in order if (getattr(values, name) > 0).any())
        device = first.flat.device
        self.gradient = LaneWeights.zeros(shape, len(values), device)
        self.move = LaneWeights.zeros(shape, len(values), device)
        self.count, self.steps = torch.tensor(float(done), device=device), done
        self.lr, self.decay, self.independent, self.l1 = (
            torch.as_tensor(getattr(values, name), dtype=torch.float32, device=device)
            for name in ("lr", "decay", "independent", "l1")
        )
        self._coupled = bool((values.independent == 0).all())

    def update(self, weights: LaneWeights, factor: float) -> None:
        """Take one step along the gradient; ``factor`` is that of the schedule."""
        self._direction()
        self.steps += 1
        rate = self.lr * factor
        for w, move in zip(weights.views, self.move.views, strict=True):
            w.addcmul_(move, rate.view(-1, *[1] * (w.ndim - 1)))
        for name in self.order:
            getattr(self, f"_{name}")(weights, rate, factor)

    def _direction(self) -> None:
        """Put minus Adam's direction into ``move``."""
        self.move.flat.zero_()
        adam(
            [self.move.flat],
            [self.gradient.flat],
            [self.first.flat],
            [self.second.flat],
            [],
            [self.count],
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=1.0,
            weight_decay=0.0,
            eps=EPS,
            maximize=False,
        )

    def _decay(self, weights: LaneWeights, rate: Tensor, factor: float) -> None:
        by = rate if self._coupled else torch.where(self.independent > 0, factor, rate)
        keep = 1.0 - by * self.decay
        for w in weights.weights():
            w.mul_(keep[:, None, None])

    def _l1(self, weights: LaneWeights, rate: Tensor, factor: float) -> None:
        size = (rate * self.l1)[:, None, None]
        correction = 1.0 - BETAS[1] ** self.steps
        for w, v in zip(weights.weights(), self.second.weights(), strict=True):
            limit = size / v.div(correction).sqrt_().add_(EPS)
            w.sub_(torch.minimum(torch.maximum(w, -limit), limit))


def zero_share(weights: LaneWeights) -> np.ndarray:
    """Return the share of weights that are exactly zero in every lane, (K,)."""
    zeros = sum((w == 0).sum((1, 2)) for w in weights.weights())
    return (zeros / sum(w[0].numel() for w in weights.weights())).cpu().numpy()  # pyright: ignore
