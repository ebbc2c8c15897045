"""The weights of many equally shaped nets: one flat buffer, layer after layer, lanes first in every layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..randomness import Stream

__all__ = ["LaneWeights", "NetShape"]


@dataclass(frozen=True)
class NetShape:
    """A multilayer perceptron: linear layers with ReLU (after batch norm, where there is one) between them.

    A layer before batch norm has no bias; batch norm has a gain and a shift instead.

    Parameters
    ----------
    inputs : columns of X.
    hidden : units of each hidden layer; empty for a linear model.
    outputs : classes, or targets of a regression.
    batch_norm : normalise every hidden layer over the rows of a batch.
    """

    inputs: int
    hidden: tuple[int, ...]
    outputs: int
    batch_norm: bool = False

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(outputs, inputs) of every linear layer."""
        widths = [self.inputs, *self.hidden, self.outputs]
        return [(widths[i + 1], widths[i]) for i in range(len(widths) - 1)]

    @cached_property
    def blocks(self) -> list[tuple[str, int, tuple[int, ...]]]:
        """(name, layer, shape) of every parameter of one net, in the order in which they are stored."""
        found: list[tuple[str, int, tuple[int, ...]]] = []
        last = len(self.hidden)
        for i, (out, into) in enumerate(self.sizes):
            found.append(("weight", i, (out, into)))
            if i < last and self.batch_norm:
                found += [("gain", i, (out,)), ("shift", i, (out,))]
            else:
                found.append(("bias", i, (out,)))
        return found

    @property
    def parameters(self) -> int:
        """Numbers a net is made of, running statistics left out."""
        return sum(math.prod(shape) for _, _, shape in self.blocks)


class LaneWeights:
    """A number for every parameter of K nets: weights, or gradients, moments and averages of weights.

    ``flat`` holds all of them; ``block(name, layer)`` is a view with the lanes first. The optimiser's work is done on
    ``flat`` in one go, whatever the number of lanes and layers.
    """

    def __init__(self, shape: NetShape, lanes: int, flat: Tensor) -> None:
        """Make the views."""
        self.shape, self.lanes, self.flat = shape, lanes, flat
        self.views: list[Tensor] = []
        self._at: dict[tuple[str, int], Tensor] = {}
        start = 0
        for name, layer, size in shape.blocks:
            stop = start + lanes * math.prod(size)
            view = flat[start:stop].view(lanes, *size)
            self.views.append(view)
            self._at[name, layer] = view
            start = stop

    @classmethod
    def zeros(cls, shape: NetShape, lanes: int, device: torch.device | str = "cpu") -> LaneWeights:
        """Return zeros."""
        return cls(shape, lanes, torch.zeros(lanes * shape.parameters, device=device))

    @classmethod
    def initial(
        cls, shape: NetShape, seeds: Sequence[int], device: torch.device | str = "cpu"
    ) -> LaneWeights:
        """Return the initial weights of lanes: torch's own distribution, drawn by counter from the lane's seed."""
        made = cls.zeros(shape, len(seeds), device)
        unique = sorted({int(seed) for seed in seeds})
        lane = torch.tensor([unique.index(int(seed)) for seed in seeds], device=device)
        for name, layer, size in shape.blocks:
            if name in ("gain", "shift"):
                made.block(name, layer).fill_(1.0 if name == "gain" else 0.0)
                continue
            stream = Stream.of(unique, "init", layer).at(0 if name == "weight" else 1)
            bound = 1.0 / math.sqrt(shape.sizes[layer][1])
            made.block(name, layer).copy_(((2.0 * stream.uniform(*size, device=device) - 1.0) * bound)[lane])
        return made

    def block(self, name: str, layer: int) -> Tensor:
        """Return one parameter of all lanes, (K, ...)."""
        return self._at[name, layer]

    def weights(self) -> list[Tensor]:
        """Return the weight matrices, what decay and penalties act on, each (K, out, in)."""
        return [self._at["weight", i] for i in range(len(self.shape.sizes))]

    def take(self, index: Tensor) -> LaneWeights:
        """Return a copy of some lanes."""
        flat = torch.cat([view[index].reshape(-1) for view in self.views])
        return LaneWeights(self.shape, len(index), flat)

    def put(self, index: Tensor, other: LaneWeights) -> None:
        """Overwrite some lanes with those of another."""
        for mine, theirs in zip(self.views, other.views, strict=True):
            mine[index] = theirs.to(mine.device)

    def keep_where(self, better: Tensor, other: LaneWeights) -> None:
        """Overwrite the lanes for which ``better``, (K,), is true with those of another; nothing is allocated."""
        for mine, theirs in zip(self.views, other.views, strict=True):
            torch.where(better.view(-1, *[1] * (mine.ndim - 1)), theirs, mine, out=mine)

    @classmethod
    def join(cls, parts: Sequence[LaneWeights]) -> LaneWeights:
        """Return the lanes of several behind each other."""
        shape, lanes = parts[0].shape, sum(part.lanes for part in parts)
        columns = zip(*(part.views for part in parts), strict=True)
        return cls(shape, lanes, torch.cat([torch.cat(column).reshape(-1) for column in columns]))
