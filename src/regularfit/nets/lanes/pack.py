"""A pack: lanes that advance together, step by step, and leave when they are done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .average import LaneAverage
from .data import LaneData
from .draw import Draws, group_order
from .norms import LaneNorms
from .passes import Passes
from .plan import LanePlan
from .scores import fold_scores
from .step import LaneAdam
from .stopping import LaneStopping
from .values import LaneValues
from .weights import LaneWeights

__all__ = ["Evaluation", "Left", "Pack", "PackState"]

_TENSORS = ("weights", "first", "second", "average", "average_norms", "best", "best_norms", "norms")
_COMPACT = 0.25  # share of lanes that have stopped from which the others move together


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
        held = {name: getattr(self, name) for name in _TENSORS}
        return PackState(
            ids=self.ids[keep],
            values=self.values.take(keep),
            stopping=self.stopping.take(keep),
            step=self.step,
            **{name: None if part is None else part.take(index) for name, part in held.items()},
        )

    @classmethod
    def join(cls, parts: list[PackState]) -> PackState:
        """Return the lanes of several packs, which have done as many steps, as one."""
        held = {name: [getattr(part, name) for part in parts] for name in _TENSORS}
        joined = cls(
            ids=np.concatenate([part.ids for part in parts]),
            values=LaneValues.join([part.values for part in parts]),
            stopping=LaneStopping.join([part.stopping for part in parts]),
            step=parts[0].step,
            **{name: None if column[0] is None else type(column[0]).join(column) for name, column in held.items()},
        )
        return joined.take(np.arange(len(joined.ids)))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an evaluation found: a score and a training loss for every lane, by id."""

    step: int
    ids: np.ndarray
    scores: np.ndarray
    losses: np.ndarray


@dataclass(frozen=True, eq=False)
class Left:
    """Lanes that are done, with the weights they end with.

    ``why`` is "steps", "early stopping", "nan", "halved" or "interrupted"; ``step`` is that of the weights,
    ``stopped`` how many steps were done (for "nan" the step whose loss was not finite).
    """

    ids: np.ndarray
    weights: LaneWeights
    norms: LaneNorms | None
    why: str
    step: np.ndarray
    stopped: np.ndarray


class Pack:
    """Lanes in training.

    Parameters
    ----------
    data : the shared table.
    plan : what the lanes have in common.
    state : the lanes.
    """

    def __init__(self, data: LaneData, plan: LanePlan, state: PackState) -> None:
        """Make the buffers."""
        self.data, self.plan = data, plan
        self.evaluations: list[Evaluation] = []
        self.left: list[Left] = []
        self._done = np.zeros(0, dtype=bool)
        self._settle(state)

    def _settle(self, state: PackState) -> None:
        """Make everything that depends on which lanes there are."""
        plan, data = self.plan, self.data
        self.state, values = state, state.values
        self._done = np.zeros(len(values), dtype=bool)
        self.draws = Draws(data, plan.shape, values, plan.size, plan.changes)
        self.passes = Passes(plan.shape, values, self.draws, plan.size, data.device)
        self.adam = LaneAdam(plan.shape, values, state.first, state.second, plan.proxes, state.step)
        self.average = None
        if state.average is not None:
            epoch = np.array([len(rows) for rows in data.train])[values.fold] / plan.size
            self.average = LaneAverage(values, state.average, state.average_norms, plan.steps, epoch)
        self._losses = torch.zeros(plan.longest, len(values), device=data.device)
        self._logged = 0

    def __len__(self) -> int:
        """How many lanes are still in training."""
        return int((~self._done).sum())

    @property
    def active(self) -> np.ndarray:
        """Places of the lanes that are still in training."""
        return np.flatnonzero(~self._done)

    # ------------------------------------------------------------ steps

    def train(self, until: int, stop: Callable[[], bool] = lambda: False) -> None:
        """Do steps up to number ``until``, evaluating on the way; ``stop`` is asked before every step."""
        while len(self) and self.state.step < until:
            pause = min(self.plan.next_evaluation(self.state.step), until)
            while self.state.step < pause:
                if stop():
                    return
                self._step(pause)
            if pause == self.plan.next_evaluation(pause - 1):
                self._evaluate()

    def _step(self, pause: int) -> None:
        state = self.state
        place = self.draws.ready(state.step, pause)
        inputs = self.draws.inputs(place)
        self.passes.gradients(
            state.weights, state.norms, inputs, place, self.adam.gradient, self.data.classification,
            self._losses[self._logged],
        )
        self.adam.update(state.weights, self.plan.factor(state.step))
        state.step += 1
        self._logged += 1
        if self.average is not None:
            self.average.update(state.weights, state.norms, state.step)

    # ------------------------------------------------------------ evaluations

    @property
    def present(self) -> LaneWeights:
        """The weights that are judged: averages where there are any."""
        return self.state.weights if self.state.average is None else self.state.average

    @property
    def present_norms(self) -> LaneNorms | None:
        """The statistics that belong to them."""
        return self.state.norms if self.state.average is None else self.state.average_norms

    def _evaluate(self) -> None:
        state = self.state
        scores = self._scores()
        losses = self._losses[: self._logged].double().cpu().numpy()
        self._logged = 0
        going = ~self._done
        mean = losses.mean(axis=0)
        self.evaluations.append(Evaluation(state.step, state.ids[going], scores[going], mean[going]))
        broken = self._broken(losses) & going
        exists = np.ones(len(going), dtype=bool) if self.average is None else self.average.exists(state.step)
        better, stop = state.stopping.look(scores, self.plan.metric, state.values, exists, state.step)
        self._keep(better & going & (state.values.keep_best > 0))
        self._leave(broken, "nan", state.step - len(losses) + _first_bad(losses))
        self._leave(stop & going & ~broken, "early stopping")
        if state.step >= self.plan.steps:
            self._leave(~self._done, "steps")
        self._compact()

    def _broken(self, losses: np.ndarray) -> np.ndarray:
        """Tell which lanes have a loss or a weight that is not finite."""
        finite = np.isfinite(losses).all(axis=0)
        for view in self.state.weights.views:
            finite &= view.flatten(1).isfinite().all(1).cpu().numpy()
        return ~finite

    def _scores(self) -> np.ndarray:
        """Return the scores of all lanes on the rows that their folds watch."""
        found = np.full(len(self.state.ids), np.nan)
        for fold, lanes in self._folds():
            found[lanes] = fold_scores(
                self.data, self.plan.metric, self.present, self.present_norms, lanes, fold, self.data.watch[fold]
            )
        return found

    def _folds(self) -> list[tuple[int, slice]]:
        """Return which neighbouring lanes belong to which fold."""
        fold = self.state.values.fold
        begins = np.flatnonzero(np.diff(fold, prepend=-1))
        ends = np.append(begins[1:], len(fold))
        return [(int(fold[a]), slice(int(a), int(b))) for a, b in zip(begins, ends, strict=True)]

    def _keep(self, better: np.ndarray) -> None:
        state = self.state
        if state.best is None or not better.any():
            return
        which = torch.as_tensor(better, device=self.data.device)
        state.best.keep_where(which, self.present)
        norms = self.present_norms
        if norms is not None and state.best_norms is not None:
            state.best_norms.keep_where(which, norms)

    # ------------------------------------------------------------ leaving

    def leave(self, ids: np.ndarray, why: str) -> None:
        """Let lanes go, such as those that a halving drops."""
        self._leave(np.isin(self.state.ids, ids), why)
        self._compact(at_once=True)

    def _leave(self, which: np.ndarray, why: str, stopped: np.ndarray | None = None) -> None:
        which = which & ~self._done
        if not which.any():
            return
        state, lanes = self.state, np.flatnonzero(which)
        index = torch.as_tensor(lanes, device=self.data.device)
        weights = self.present.take(index)
        norms = None if self.present_norms is None else self.present_norms.take(index)
        step = np.full(len(lanes), state.step)
        kept = (state.values.keep_best[lanes] > 0) & (state.stopping.best_step[lanes] >= 0)
        if state.best is not None and kept.any():
            use = torch.as_tensor(kept, device=self.data.device)
            weights.keep_where(use, state.best.take(index))
            if norms is not None and state.best_norms is not None:
                norms.keep_where(use, state.best_norms.take(index))
            step = np.where(kept, state.stopping.best_step[lanes], step)
        done = np.full(len(lanes), state.step) if stopped is None else stopped[lanes]
        self.left.append(Left(state.ids[lanes], weights, norms, why, step, done))
        self._done[lanes] = True

    def _compact(self, at_once: bool = False) -> None:
        """Move the lanes that go on together, when enough have stopped."""
        share = self._done.mean()
        if 0 < share < 1 and (at_once or share >= _COMPACT):
            self._settle(self.state.take(self.active))


def _first_bad(losses: np.ndarray) -> np.ndarray:
    """Return the place of the first loss that is not finite in every column (the last where all are finite)."""
    bad = ~np.isfinite(losses)
    return np.where(bad.any(axis=0), bad.argmax(axis=0), len(losses) - 1)
