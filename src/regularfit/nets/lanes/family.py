"""Settings of one architecture and length, trained on all folds: what a family gives to the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import UnsupportedError
from ..metrics import Metric
from ..schedules import schedule
from ..trainer.plan import planned_steps
from .data import LaneData
from .norms import LaneNorms
from .plan import LanePlan
from .reading import changes_of, lane_row, proxes_of
from .run import Trained
from .scores import fold_outputs
from .settings import NetSettings
from .values import LaneValues
from .weights import LaneWeights, NetShape

__all__ = ["Family", "family_plan", "family_values", "net_of"]


def family_plan(
    settings: Sequence[NetSettings], data: LaneData, metric: Metric, evaluate_every: float
) -> LanePlan:
    """Return what settings of one family have in common."""
    first, size = settings[0], data.size(settings[0].batch_size)
    steps = first.steps or planned_steps(first.epochs, data.largest, size)
    return LanePlan(
        shape=NetShape(data.X.shape[1], first.hidden, data.outputs, first.batch_norm),
        size=size,
        steps=int(steps),
        every=max(1, min(round(evaluate_every * data.largest / size), int(steps))),
        schedule=schedule(first.schedule),
        metric=metric,
        changes=changes_of(list(settings)),
        proxes=proxes_of(list(settings)),
    )


def family_values(settings: Sequence[NetSettings], data: LaneData) -> LaneValues:
    """Return the lanes of a family: every setting with every fold, the folds of a setting next to each other."""
    rows: list[dict[str, Any]] = []
    for one in settings:
        row = lane_row(one)
        if not data.classification and row.get("smoothing"):
            raise UnsupportedError("LabelSmoothing works on classes; leave it out for a regression.")
        rows += [{**row, "fold": fold} for fold in range(len(data.train))]
    return LaneValues.of(rows)


@dataclass(frozen=True, eq=False)
class Family:
    """Trained lanes of one architecture: lane ``s * folds + f`` is setting ``members[s]`` on fold f.

    Parameters
    ----------
    members : places of its settings in the grid.
    plan : what its lanes had in common.
    trained : their weights.
    """

    members: np.ndarray
    plan: LanePlan
    trained: Trained

    def outputs(self, data: LaneData, which: Sequence[int], fold: int, rows: Tensor) -> Tensor:
        """Return the outputs of some members' nets of a fold for rows of the table, (members, n, C)."""
        weights, norms = self.nets(data, which, fold)
        return fold_outputs(data, weights, norms, slice(None), fold, rows)

    def nets(self, data: LaneData, which: Sequence[int], fold: int) -> tuple[LaneWeights, LaneNorms | None]:
        """Return the weights and statistics of some members' nets of a fold."""
        lanes = [int(s) * len(data.train) + fold for s in which]
        index = torch.tensor(lanes, device=data.device)
        norms = self.trained.norms
        return self.trained.weights.take(index), None if norms is None else norms.take(index)


def net_of(weights: LaneWeights, norms: LaneNorms | None, lane: int) -> nn.Sequential:
    """Return one lane as a plain torch module, on the CPU, in evaluation mode."""
    shape, modules = weights.shape, []
    for i, (out, into) in enumerate(shape.sizes):
        last = i == len(shape.hidden)
        linear = nn.Linear(into, out, bias=last or norms is None)
        modules.append(linear)
        _copy(linear.weight, weights.block("weight", i)[lane])
        if linear.bias is not None:
            _copy(linear.bias, weights.block("bias", i)[lane])
        if not last and norms is not None:
            norm = nn.BatchNorm1d(out)
            _copy(norm.weight, weights.block("gain", i)[lane])
            _copy(norm.bias, weights.block("shift", i)[lane])
            _copy(norm.running_mean, norms.mean[i][lane])
            _copy(norm.running_var, norms.var[i][lane])
            modules.append(norm)
        if not last:
            modules.append(nn.ReLU())
    return nn.Sequential(*modules).eval()


def _copy(to: Any, values: Tensor) -> None:
    with torch.no_grad():
        to.copy_(values)
