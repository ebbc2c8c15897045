"""Settings of one architecture and length, trained on all folds: what a family gives to the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import UnsupportedError
from ..architectures import mlp
from ..evaluation.metrics import Metric
from ..schedules import schedule
from ..trainer.plan import Every, planned_steps
from .data import LaneData
from .norms import LaneNorms
from .plan import LanePlan
from .reading import changes_of, dropout_schedule, lane_row, proxes_of
from .run import Trained
from .scores import fold_outputs
from .settings import NetSettings
from .values import LaneValues
from .weights import LaneWeights, NetShape

__all__ = ["Family", "family_plan", "family_values", "net_of"]


def family_plan(
    settings: Sequence[NetSettings], data: LaneData, metric: Metric, evaluate_every: float | str
) -> LanePlan:
    """Return what settings of one family have in common."""
    first = settings[0]
    n, size = data.largest, data.size(int(first.batch_size))
    steps = int(first.steps or planned_steps(first.epochs, n, size))
    every = Every.of(evaluate_every)
    return LanePlan(
        shape=NetShape(data.columns, first.hidden, data.outputs, first.batch_norm),
        size=size,
        steps=steps,
        evaluations=tuple(t for t in range(1, steps + 1) if t == steps or every.due(t, n, size)),
        schedule=schedule(first.schedule),
        metric=metric,
        dropout=dropout_schedule(list(settings)),
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
    bins : whether they see the bins of numbers, where there are some.
    """

    members: np.ndarray
    plan: LanePlan
    trained: Trained
    bins: bool = True

    def outputs(self, data: LaneData, which: Sequence[int], fold: int, rows: Tensor) -> Tensor:
        """Return the outputs of some members' nets of a fold for rows of the table, (members, n, C)."""
        weights, norms = self.nets(data, which, fold)
        return fold_outputs(data.seen(self.bins), weights, norms, slice(None), fold, rows)

    def nets(self, data: LaneData, which: Sequence[int], fold: int) -> tuple[LaneWeights, LaneNorms | None]:
        """Return the weights and statistics of some members' nets of a fold."""
        lanes = [int(s) * len(data.train) + fold for s in which]
        index = torch.tensor(lanes, device=data.device)
        norms = self.trained.norms
        return self.trained.weights.take(index), None if norms is None else norms.take(index)


def net_of(weights: LaneWeights, norms: LaneNorms | None, lane: int) -> nn.Sequential:
    """Return one lane as a plain torch module, on the CPU, in evaluation mode."""
    shape = weights.shape
    net = mlp(shape.inputs, shape.hidden, shape.outputs, norm="batch" if shape.batch_norm else None)
    with torch.no_grad():
        for parameter, block in zip(net.parameters(), weights.views, strict=True):
            parameter.copy_(block[lane])
        layers = [module for module in net if isinstance(module, nn.BatchNorm1d)]
        for i, layer in enumerate(layers if norms is not None else ()):
            layer.running_mean.copy_(norms.mean[i][lane])  # pyright: ignore[reportOptionalMemberAccess]
            layer.running_var.copy_(norms.var[i][lane])  # pyright: ignore[reportOptionalMemberAccess]
    return net.eval()
