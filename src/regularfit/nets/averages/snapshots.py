"""Snapshot ensembles: one training with a cyclic learning rate, several nets that vote."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

from torch import Tensor, nn

from ..._checks import check_positive
from ...errors import InputError
from ..evaluation.kept import Kept
from ..regulariser import Active, Effect, Regulariser, Run
from ..schedules import WarmRestarts
from .average import run_of
from .voting import voted

__all__ = ["SnapshotEnsemble", "Snapshots"]


@dataclass(frozen=True)
class SnapshotEnsemble(Regulariser):
    """Keep the weights at the end of every cycle of the learning rate; predict by the mean of the last ones.

    Train with ``schedule=SnapshotEnsemble(...).rate_schedule``, so that each cycle ends in a minimum. The members cost
    no training of their own, but each takes a pass at prediction. Prefer EMA or SWA where one net must do.

    Once a run has done all its steps, ``Trainer.predict`` and the predictions of ``NetClassifier`` and
    ``NetRegressor`` are the members' means: of probabilities for classes, of values for numbers. States, checkpoints
    and model files keep the members. The model itself holds the last weights; of a run that ended early (early
    stopping, a time limit, Ctrl-C) it predicts alone.

    Parameters
    ----------
    cycles : of the learning rate, >= 1.
    keep : how many of the last snapshots vote, 1 to ``cycles``.
    growth : length of a cycle over that of the one before, > 0.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> import torch
    >>> model = nn.Linear(1, 1, bias=False)
    >>> snapshots = SnapshotEnsemble(cycles=2, keep=2, growth=1).follow(model, steps=4, task="regression")
    >>> for weight in (1.0, 2.0, 3.0, 4.0):
    ...     _ = nn.init.constant_(model.weight, weight)
    ...     snapshots.update()
    >>> snapshots.predict(lambda: model(torch.ones(1, 1))).item()  # of 2 and 4
    3.0

    References
    ----------
    Huang, Li, Pleiss, Liu, Hopcroft & Weinberger (2017), Snapshot ensembles: train 1, get M for free.
    """

    cycles: int = 3
    keep: int = 3
    growth: float = 2.0

    phases: ClassVar[tuple[str, ...]] = ("average",)

    def __post_init__(self) -> None:
        """Check the settings."""
        for what, value in (("cycles", self.cycles), ("keep", self.keep)):
            if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
                raise InputError(
                    f"SnapshotEnsemble({what}) must be a whole number >= 1; {value!r} was given."
                )
        if self.keep > self.cycles:
            raise InputError(
                f"SnapshotEnsemble(keep={self.keep}) cannot be more than its {self.cycles} cycles: each ends in "
                "one snapshot."
            )
        check_positive(self.growth, "SnapshotEnsemble(growth)")

    @property
    def rate_schedule(self) -> WarmRestarts:
        """The schedule of the learning rate that its cycles belong to."""
        return WarmRestarts(self.cycles, float(self.growth))

    def start(self, run: Run) -> Snapshots:
        """Return what keeps the snapshots of this run."""
        return Snapshots(run, self)

    def follow(self, model: nn.Module, *, steps: int, task: str = "classification") -> Snapshots:
        """Return what a loop of your own, of so many steps, calls ``update()`` of after every step."""
        run = run_of(model, steps)
        run.task = task
        return Snapshots(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second ensemble, and averages, which would each be the net that predicts."""
        if isinstance(other, SnapshotEnsemble) and other is not self:
            return "there would be two ensembles; keep one"
        if getattr(other, "averages_weights", False):
            return "the snapshots predict, and the averaged weights would not; keep one of them"
        return None

    @classmethod
    def examples(cls) -> Sequence[SnapshotEnsemble]:
        """Return instances for the laws."""
        return [cls(), cls(2, 1, 1.0)]


class Snapshots(Active):
    """A snapshot ensemble at work: :meth:`update` after every step, :meth:`predict` afterwards."""

    def __init__(self, run: Run, settings: SnapshotEnsemble) -> None:
        """Start without snapshots."""
        super().__init__(run)
        self.settings, self.count = settings, 0
        self.members: list[Kept] = []  # oldest first
        ends = settings.rate_schedule.ends
        self._ends = {max(math.ceil(end * run.steps - 1e-9), 1) for end in ends}

    def update(self) -> None:
        """Count a step; at the end of a cycle keep the weights."""
        self.count += 1
        if self.count in self._ends:
            full = len(self.members) == self.settings.keep
            member = self.members.pop(0) if full else Kept(self.run.model)
            member.take()
            self.members.append(member)

    average = update

    def predict(self, call: Callable[[], Tensor]) -> Tensor:
        """Return the members' mean prediction: of values, or of probabilities, given back as their logarithms.

        Parameters
        ----------
        call : computes the model's raw outputs, with the weights that it holds then: ``lambda: model(X)``.
        """
        return voted(self.run.model, self.members, self.run.task, call)

    def effect(self) -> Effect:
        """Say how many snapshots vote."""
        return Effect(acted=len(self.members) > 1, note=f"{len(self.members)} snapshots")

    def state_dict(self) -> dict[str, Any]:
        """Return the snapshots and the count."""
        return {"count": self.count, "members": [member.state_dict() for member in self.members]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where an earlier run was."""
        self.count, self.members = state["count"], []
        for stored in state["members"]:
            member = Kept(self.run.model)
            member.load_state_dict(stored)
            self.members.append(member)
