"""A pack: lanes that advance together, step by step, and leave when they are done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from .average import LaneAverage
from .data import LaneData
from .draw import Draws
from .norms import LaneNorms
from .passes import Passes
from .plan import LanePlan
from .refresh import AT_ONCE, refreshed
from .scores import fold_scores
from .state import PackState
from .step import LaneAdam
from .weights import LaneWeights

__all__ = ["Evaluation", "Left", "Pack"]

_COMPACT = 0.25  # share of lanes that have stopped from which the others move together


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
        if self.plan.dropout is not None:
            for part in (self.draws, self.passes):
                part.drop_at(self.plan.dropout_factor(state.step))
        inputs = self.draws.inputs(place)
        self.passes.gradients(
            state.weights,
            state.norms,
            inputs,
            place,
            self.adam.gradient,
            self.data.classification,
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
        self._refresh()
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
        return np.logical_not(finite)

    def _refresh(self) -> None:
        """Estimate batch norm's statistics anew for averages that want it and exist."""
        state = self.state
        if self.average is None or state.average is None or state.average_norms is None:
            return
        wanted = (state.values.refresh > 0) & self.average.exists(state.step) & ~self._done
        for fold, lanes in self._folds():
            if not wanted[lanes].any():
                continue
            which = torch.as_tensor(wanted[lanes], device=self.data.device).unsqueeze(-1)
            x = self.data.rows(self.data.train[fold], fold)
            found = refreshed(state.average, lanes, x, AT_ONCE * self.plan.size)
            for i, (mean, var) in enumerate(found):
                for held, new in ((state.average_norms.mean[i], mean), (state.average_norms.var[i], var)):
                    held[lanes] = torch.where(which, new, held[lanes])

    def _scores(self) -> np.ndarray:
        """Return the scores of all lanes on the rows that their folds watch."""
        found = np.full(len(self.state.ids), np.nan)
        for fold, lanes in self._folds():
            found[lanes] = fold_scores(
                self.data,
                self.plan.metric,
                self.present,
                self.present_norms,
                lanes,
                fold,
                self.data.watch[fold],
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
        self._refresh()
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
