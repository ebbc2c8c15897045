"""All that training has made of some lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .draw import group_order
from .norms import LaneNorms
from .plan import LanePlan
from .stopping import LaneStopping
from .values import LaneValues
from .weights import LaneWeights

__all__ = ["PackState"]

_TENSORS = ("weights", "first", "second", "average", "average_norms", "best", "best_norms", "norms")


@dataclass(eq=False)
class PackState:
    """All that training has made of some lanes; what is left out can be made anew from it.

    Parameters
    ----------
    ids : of the lanes, whole numbers of the caller.
    values : their settings.
    weights, first, second : weights and Adam's moments.
    average, average_norms : averaged weights and statistics, or None where no lane has an average.
    best, best_norms : the best weights so far, or None where no lane keeps them.
    norms : batch norm's statistics, or None.
    stopping : scores and patience.
    step : steps done.
    """

    ids: np.ndarray
    values: LaneValues
    weights: LaneWeights
    first: LaneWeights
    second: LaneWeights
    average: LaneWeights | None
    average_norms: LaneNorms | None
    best: LaneWeights | None
    best_norms: LaneNorms | None
    norms: LaneNorms | None
    stopping: LaneStopping
    step: int = 0

    @classmethod
    def start(cls, plan: LanePlan, ids: np.ndarray, values: LaneValues, device: torch.device) -> PackState:
        """Return lanes before their first step."""
        order = group_order(values)
        ids, values, shape, lanes = ids[order], values.take(order), plan.shape, len(ids)
        weights = LaneWeights.initial(shape, values.seed.tolist(), device)
        averaged = bool(((values.ema >= 0) | (values.swa <= 1)).any())
        kept = bool((values.keep_best > 0).any())
        norms = LaneNorms.start(shape, lanes, device) if shape.batch_norm else None
        every = torch.arange(lanes, device=device)
        return cls(
            ids=ids,
            values=values,
            weights=weights,
            first=LaneWeights.zeros(shape, lanes, device),
            second=LaneWeights.zeros(shape, lanes, device),
            average=weights.take(every) if averaged else None,
            average_norms=norms.take(every) if averaged and norms is not None else None,
            best=weights.take(every) if kept else None,
            best_norms=norms.take(every) if kept and norms is not None else None,
            norms=norms,
            stopping=LaneStopping.start(lanes, plan.metric),
        )

    def take(self, keep: np.ndarray) -> PackState:
        """Return some lanes, in any order; they are put into the order of their groups."""
        keep = keep[group_order(self.values.take(keep))]
        index = torch.as_tensor(keep, device=self.weights.flat.device)
        held: dict[str, Any] = {name: getattr(self, name) for name in _TENSORS}
        chosen: dict[str, Any] = {k: None if part is None else part.take(index) for k, part in held.items()}
        return PackState(
            ids=self.ids[keep],
            values=self.values.take(keep),
            stopping=self.stopping.take(keep),
            step=self.step,
            **chosen,
        )

    @classmethod
    def join(cls, parts: list[PackState]) -> PackState:
        """Return the lanes of several packs, which have done as many steps, as one."""
        chosen: dict[str, Any] = {name: _joined(parts, name) for name in _TENSORS}
        joined = cls(
            ids=np.concatenate([part.ids for part in parts]),
            values=LaneValues.join([part.values for part in parts]),
            stopping=LaneStopping.join([part.stopping for part in parts]),
            step=parts[0].step,
            **chosen,
        )
        return joined.take(np.arange(len(joined.ids)))


def _joined(parts: list[PackState], name: str) -> Any:
    """Return one part of all packs; where only some have it, the others hold their weights there."""
    if all(getattr(part, name) is None for part in parts):
        return None
    instead = "norms" if name.endswith("norms") else "weights"
    column = [part.__dict__[name] or part.__dict__[instead] for part in parts]
    return type(column[0]).join(column)
