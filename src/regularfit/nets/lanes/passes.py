"""Forward and backward through all nets of a pack, written out: rows are the last axis, so that everything is one GEMM.

Activations are (lanes, units, rows). In this layout the first layer of all lanes of a group is one product of
stacked weights with the group's batch, a bias is added along rows, and the gradient of a weight is one batched product.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .draw import CUTS, Draws, Inputs, cuts
from .norms import LaneNorms
from .values import LaneValues
from .weights import LaneWeights, NetShape

__all__ = ["Passes"]


class Passes:
    """The training passes of one pack: buffers made once, and :meth:`gradients`.

    Dropout on the input of layer i multiplies by 0 or 256 / (256 - cut). The zeros are put into the activations; the
    factor, one number a lane, goes into the next layer's weights, which are smaller than the activations.
    """

    def __init__(
        self, shape: NetShape, values: LaneValues, draws: Draws, size: int, device: torch.device
    ) -> None:
        """Allocate the buffers."""
        self.shape, self.draws, lanes = shape, draws, len(values)
        self.lanes = lanes
        self.acts = [torch.empty(lanes, out, size, device=device) for out, _ in shape.sizes]
        self.back = [torch.empty_like(act) for act in self.acts]
        self.mask = torch.empty(max(act.numel() for act in self.acts), device=device)
        self.rates, self.device = values.rates, device
        self.drop_at(1.0)
        self.scaled = {
            i: torch.empty(lanes, *shape.sizes[i], device=device)
            for i in range(1, len(shape.sizes))
            if draws.dropped[i]
        }
        self.smoothing = None
        if (values.smoothing > 0).any():
            self.smoothing = torch.as_tensor(values.smoothing, dtype=torch.float32, device=device)[
                :, None, None
            ]

    def drop_at(self, factor: float) -> None:
        """Multiply the rates of dropout by a factor from now on."""
        cut = torch.as_tensor(cuts(self.rates * factor), dtype=torch.float32, device=self.device)
        self.cut = [cut[:, i, None, None] for i in range(cut.shape[1])]
        self.factor = [CUTS / (CUTS - c) for c in self.cut]

    def gradients(
        self,
        weights: LaneWeights,
        norms: LaneNorms | None,
        inputs: Inputs,
        place: int,
        grads: LaneWeights,
        classification: bool,
        losses: Tensor,
    ) -> None:
        """Put the gradient of every lane's loss into ``grads`` and the losses, (K,), into ``losses``."""
        self._forward(weights, norms, inputs.x, place)
        self._loss(inputs, classification, losses)
        self._backward(weights, norms, inputs.x, grads)

    # ------------------------------------------------------------ forward

    def _forward(self, weights: LaneWeights, norms: LaneNorms | None, x: Tensor, place: int) -> None:
        last = len(self.shape.hidden)
        for i in range(last + 1):
            act = self.acts[i]
            self._multiply(weights.block("weight", i), i, x)
            if i < last and norms is not None:
                norms.forward(i, act, weights.block("gain", i), weights.block("shift", i))
            else:
                act.add_(weights.block("bias", i).unsqueeze(-1))
            if i < last:
                act.relu_()
                if self.draws.dropped[i + 1]:
                    act.mul_(torch.ge(self.draws.octets(i + 1, place), self.cut[i + 1], out=self._masked(i)))

    def _multiply(self, weight: Tensor, i: int, x: Tensor) -> None:
        """Put the products of a layer's weights with its inputs into its activations."""
        if i > 0:
            if i in self.scaled:
                weight = torch.mul(weight, self.factor[i], out=self.scaled[i])
            torch.bmm(weight, self.acts[i - 1], out=self.acts[i])
        elif self.draws.even:
            groups, into = len(x), weight.shape[-1]
            torch.bmm(weight.view(groups, -1, into), x.mT, out=self.acts[0].view(groups, -1, x.shape[1]))
        else:
            for g, (w, act) in enumerate(self._by_group(weight, self.acts[0])):
                torch.mm(w, x[g].mT, out=act)

    def _by_group(self, first: Tensor, second: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return two tensors of lanes split by group, the lanes stacked as rows."""
        parts = zip(first.split(self.draws.counts), second.split(self.draws.counts), strict=True)
        return [(a.view(-1, a.shape[-1]), b.view(-1, b.shape[-1])) for a, b in parts]

    def _masked(self, i: int) -> Tensor:
        """Return the mask's memory in the shape of a layer's activations."""
        act = self.acts[i]
        return self.mask[: act.numel()].view(act.shape)

    # ------------------------------------------------------------ loss

    def _loss(self, inputs: Inputs, classification: bool, losses: Tensor) -> None:
        """Put the gradient for the outputs into ``back`` of the last layer."""
        out, back = self.acts[-1], self.back[-1]
        group = self.draws.group
        target, weight = inputs.target[group], inputs.weight[group].unsqueeze(1)
        if not classification:
            torch.sub(out, target, out=back)
            torch.sum(back.square().mul_(weight), (1, 2), out=losses).mul_(0.5)
            back.mul_(weight)
            return
        if self.smoothing is not None:
            target = target * (1.0 - self.smoothing) + self.smoothing / out.shape[1]
        logs = torch.log_softmax(out, 1)
        torch.exp(logs, out=back)
        back.sub_(target).mul_(weight)
        torch.sum(logs.mul_(target).mul_(weight), (1, 2), out=losses).neg_()

    # ------------------------------------------------------------ backward

    def _backward(self, weights: LaneWeights, norms: LaneNorms | None, x: Tensor, grads: LaneWeights) -> None:
        last = len(self.shape.hidden)
        for i in range(last, -1, -1):
            back = self.back[i]
            if i < last and norms is not None:
                back = norms.backward(
                    i, back, weights.block("gain", i), grads.block("gain", i), grads.block("shift", i)
                )
            else:
                torch.sum(back, -1, out=grads.block("bias", i))
            if i == 0:
                self._first_gradient(back, x, grads.block("weight", 0))
                return
            before = self.acts[i - 1]
            torch.bmm(back, before.mT, out=grads.block("weight", i))
            if i in self.scaled:
                grads.block("weight", i).mul_(self.factor[i])
            weight = self.scaled[i] if i in self.scaled else weights.block("weight", i)
            torch.bmm(weight.mT, back, out=self.back[i - 1])
            # what ReLU or dropout set to zero is zero in the activation: one comparison serves both
            self.back[i - 1].mul_(torch.gt(before, 0.0, out=self._masked(i - 1)))

    def _first_gradient(self, back: Tensor, x: Tensor, grad: Tensor) -> None:
        if self.draws.even:
            groups = len(x)
            torch.bmm(back.view(groups, -1, x.shape[1]), x, out=grad.view(groups, -1, x.shape[2]))
            return
        for g, (b, out) in enumerate(self._by_group(back, grad)):
            torch.mm(b, x[g], out=out)
