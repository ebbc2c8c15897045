"""What a pack's steps are trained on: batches, mixing and noise, drawn once for all lanes that share them.

Lanes of the same fold and seed see the same rows; lanes whose inputs are also changed alike (mixup, feature swap,
noise) form a *group* and share one input. Random numbers are drawn for a chunk of steps at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..augment.tables.columns import columns_of
from ..augment.tables.feature_swap import donors
from ..batches import BatchRows
from ..randomness import Stream, beta_quantiles, interpolate
from .data import LaneData
from .values import LaneValues
from .weights import NetShape

__all__ = ["CUTS", "Draws", "Inputs", "cuts", "group_order"]

CUTS = 256  # values of a random byte; a rate is a number of them
_CHUNK = 32  # steps drawn at once
_FLOATS = 1 << 21  # random numbers held at once, about


def cuts(rates: np.ndarray) -> np.ndarray:
    """Return how many of the 256 values of a byte drop a unit."""
    return np.floor(CUTS * rates + 0.5)


def group_order(values: LaneValues) -> np.ndarray:
    """Return the order of lanes in which those with the same inputs follow each other."""
    return np.lexsort(_keys(values).T[::-1])


def _keys(values: LaneValues) -> np.ndarray:
    """What makes the inputs of lanes differ, (K, 6)."""
    own = (values.fold, values.seed, values.swap, values.mixup, values.noise, values.rates[:, 0])
    return np.column_stack(own).astype(np.float64)


@dataclass(frozen=True)
class Inputs:
    """A batch of every group: x (G, b, d), target (G, C, b), weight (G, b), which sums to 1."""

    x: Tensor
    target: Tensor
    weight: Tensor


class Draws:
    """The random side of a pack, whose lanes are in :func:`group_order`.

    Parameters
    ----------
    data : the shared table.
    shape : of the nets.
    values : of the lanes.
    size : rows a batch.
    order : the names of regularisers that change rows, in the order in which they do: "swap", "mixup", "noise".
    """

    def __init__(
        self, data: LaneData, shape: NetShape, values: LaneValues, size: int, order: tuple[str, ...]
    ) -> None:
        """Find the groups; nothing is drawn yet."""
        self.data, self.size, device = data, size, data.device
        keys, first, lane = np.unique(_keys(values), axis=0, return_index=True, return_inverse=True)
        self.group = torch.as_tensor(lane.reshape(-1), device=device)  # of every lane
        counts = np.bincount(lane.reshape(-1))
        self.counts, self.even = counts.tolist(), len(set(counts)) == 1
        self._group_fold = torch.as_tensor(values.fold[first], device=device)
        self.seeds = np.unique(values.seed)
        place = torch.as_tensor(np.searchsorted(self.seeds, values.seed), device=device)
        self.lane_seed, self.group_seed = place, place[torch.as_tensor(first, device=device)]
        sources, self.source = np.unique(keys[:, :2].astype(np.int64), axis=0, return_inverse=True)
        self.source = torch.as_tensor(self.source.reshape(-1), device=device)
        self._rows = [BatchRows(int(seed), len(data.train[fold]), size) for fold, seed in sources]
        self._trains = [data.train[fold] for fold, _ in sources]
        self._changes = [name for name in order if (getattr(values, name) > 0).any()]
        self._strength = {name: getattr(values, name)[first] for name in self._changes}
        self.dropped = [bool((values.rates[:, i] > 0).any()) for i in range(values.rates.shape[1])]
        self._units = [into for _, into in shape.sizes]
        self._input_rates = values.rates[first, 0]
        self.drop_at(1.0)
        self._tables = [
            beta_quantiles(a).to(device) if a > 0 else None for a in self._strength.get("mixup", ())
        ]
        self._categories = [block for block in data.blocks if block.kind == "category"]
        self._column, self._m = columns_of(data.blocks, data.columns, device)
        hits = np.minimum(cuts(self._strength.get("swap", np.zeros(1))), CUTS - 1)
        self._swap_cuts = torch.as_tensor(hits, dtype=torch.uint8, device=device)[:, None, None]
        self._source_seeds = sources[:, 1]
        self._first, self._steps = 0, 0

    # ------------------------------------------------------------ drawing a chunk

    def ready(self, step: int, stop: int) -> int:
        """Draw for steps from ``step`` on, up to ``stop``, unless that is done; return the place in the chunk."""
        if not self._first <= step < self._first + self._steps:
            a_step = self.size * self._a_row()
            self._first, self._steps = step, max(1, min(_CHUNK, stop - step, _FLOATS // a_step))
            self._draw(np.arange(step, step + self._steps))
        return step - self._first

    def _a_row(self) -> int:
        """Return how many numbers are drawn for one row of a step, about."""
        units = sum(u for u, on in zip(self._units, self.dropped, strict=True) if on)
        noise = self._units[0] if "noise" in self._changes else 0
        swap = 9 * self._m * len(self._rows) if "swap" in self._changes else 0
        return 1 + len(self.seeds) * (units + noise) + swap + len(self._group_fold)

    def _draw(self, steps: np.ndarray) -> None:
        spans = [
            train[rows.span(int(steps[0]), len(steps)).to(train.device)]
            for rows, train in zip(self._rows, self._trains, strict=True)
        ]
        self._batches = torch.stack(spans)  # (sources, T, b) rows of the table
        self._octets = {i: self._draw_octets(i, steps) for i, on in enumerate(self.dropped) if on}
        self._drawn = {name: getattr(self, f"_draw_{name}")(steps) for name in self._changes}

    def _stream(self, steps: np.ndarray, *purpose: str | int) -> Stream:
        return Stream.of(self.seeds, *purpose).at(steps)

    def _draw_octets(self, layer: int, steps: np.ndarray) -> Tensor:
        """Return bytes as floats, (T, seeds, units, b); those of the inputs (T, seeds, b, d)."""
        b, units = self.size, self._units[layer]
        octets = self._stream(steps, "dropout", layer).octets(b * units, self.data.device)
        octets = octets.view(len(self.seeds), len(steps), b, units).transpose(0, 1)
        return (octets if layer == 0 else octets.transpose(2, 3)).to(torch.float32).contiguous()

    def _draw_mixup(self, steps: np.ndarray) -> dict[str, Tensor]:
        order = self._stream(steps, "mixup").permutation(self.size, self.data.device)
        u = self._stream(steps, "mixup", "share").uniform(self.size, device=self.data.device)
        rows = [
            torch.ones_like(u[0]) if table is None else interpolate(table, u[s])
            for table, s in zip(self._tables, self.group_seed.tolist(), strict=True)
        ]
        drawn = {"order": order, "share": torch.stack(rows)}  # (seeds, T, b), (G, T, b)
        if self._categories:
            stream = self._stream(steps, "mixup", "categories")
            drawn["u"] = stream.uniform(self.size, len(self._categories), device=self.data.device)
        return drawn

    def _draw_swap(self, steps: np.ndarray) -> dict[str, Tensor]:
        """Return bytes and donors of every original column, (sources, T, b, m)."""
        device = self.data.device
        rows = torch.stack([r.span(int(steps[0]), len(steps)) for r in self._rows])
        hits, givers = (
            Stream.of(self._source_seeds, *p).at(steps)
            for p in (("feature swap",), ("feature swap", "donors"))
        )
        octets = hits.each(rows).octets(self._m, device)
        return {"octets": octets, "givers": donors(givers, rows, self._m, device)}

    def _draw_noise(self, steps: np.ndarray) -> dict[str, Tensor]:
        stream = self._stream(steps, "input noise")
        return {"noise": stream.normal(self.size, self.data.columns, device=self.data.device)}

    # ------------------------------------------------------------ one step

    def drop_at(self, factor: float) -> None:
        """Multiply the rates of dropout on inputs by a factor from now on."""
        cut = torch.as_tensor(cuts(self._input_rates * factor), dtype=torch.float32, device=self.data.device)
        self._input_cuts = cut[:, None, None]

    def inputs(self, place: int) -> Inputs:
        """Return what the groups are trained on at a place of the chunk."""
        rows = self._batches[self.source, place]
        x, target = self.data.inputs(rows, self._group_fold), self.data.targets(rows, self._group_fold)
        weight = torch.ones_like(x[..., 0]) if self.data.weight is None else self.data.weight[rows]
        for name in self._changes:
            x, target, weight = getattr(self, f"_{name}")(place, x, target, weight)
        if self.dropped[0]:
            keep = (self._octets[0][place][self.group_seed] >= self._input_cuts).to(x.dtype)
            x = x * keep * (CUTS / (CUTS - self._input_cuts))
        return Inputs(x, target, weight / weight.sum(-1, keepdim=True))

    def _mixup(self, place: int, x: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        drawn = self._drawn["mixup"]
        order, share = drawn["order"][self.group_seed, place], drawn["share"][:, place]
        wide = share.unsqueeze(-1)
        if self._categories:  # taken whole from one of the two rows
            own = (drawn["u"][self.group_seed, place] < wide).to(x.dtype)
            wide = wide.expand_as(x).clone()
            for j, block in enumerate(self._categories):
                wide[..., block.start : block.stop] = own[..., j : j + 1]
        return (
            torch.lerp(_taken(x, order), x, wide),
            torch.lerp(_taken(target.mT, order), target.mT, share.unsqueeze(-1)).mT,
            torch.lerp(weight.gather(1, order), weight, share),
        )

    def _swap(self, place: int, x: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        drawn = self._drawn["swap"]
        hit = drawn["octets"][self.source, place] < self._swap_cuts
        givers = drawn["givers"][self.source, place]
        return torch.where(hit[..., self._column], x.gather(1, givers[..., self._column]), x), target, weight

    def _noise(self, place: int, x: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        scale = torch.as_tensor(self._strength["noise"], dtype=torch.float32, device=x.device)[:, None, None]
        noise = self._drawn["noise"]["noise"][self.group_seed, place]
        return x + scale * self.data.spreads[self._group_fold].unsqueeze(1) * noise, target, weight

    def octets(self, layer: int, place: int) -> Tensor:
        """Return the bytes of a layer's dropout, (units, b) where all lanes share them, else (K, units, b)."""
        drawn = self._octets[layer][place]
        return drawn[0] if len(self.seeds) == 1 else drawn[self.lane_seed]


def _taken(x: Tensor, order: Tensor) -> Tensor:
    """Return the rows of x, (G, b, d), in another order, (G, b)."""
    return x.gather(1, order.unsqueeze(-1).expand_as(x))
