"""Training all lanes of a family: packs of a size that fits the cache, on threads, halved and joined on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import torch

from .data import LaneData
from .halving import Halving, survivors
from .norms import LaneNorms
from .pack import Evaluation, Left, Pack
from .plan import LanePlan
from .state import PackState
from .values import LaneValues
from .weights import LaneWeights

__all__ = ["Trained", "lanes_per_pack", "train_lanes"]

_WORKING = (
    6 << 20
)  # bytes of activations, weights and moments that a pack's step may touch on a CPU: measured


@dataclass(frozen=True, eq=False)
class Trained:
    """All lanes of a family after training, in the order of their ids.

    ``why``, ``step`` (of the weights) and ``stopped`` (steps done) are (K,); ``why`` is "steps", "early stopping",
    "nan", "halved", "interrupted" or "time limit".
    """

    weights: LaneWeights
    norms: LaneNorms | None
    why: list[str]
    step: np.ndarray
    stopped: np.ndarray
    evaluations: list[Evaluation]


def lanes_per_pack(plan: LanePlan, device: torch.device) -> int:
    """Return how many lanes a step should do together: what fits the cache on a CPU, everything on a GPU."""
    shape = plan.shape
    units = sum(out for out, _ in shape.sizes)
    a_lane = 4 * (3 * units * plan.size + 6 * shape.parameters)
    return max(8, _WORKING // a_lane) if device.type == "cpu" else 1 << 16


def train_lanes(
    data: LaneData,
    plan: LanePlan,
    values: LaneValues,
    folds: int,
    *,
    halving: Halving | None = None,
    threads: int = 1,
    deadline: float | None = None,
    pack_lanes: int | None = None,
) -> Trained:
    """Train lanes, ``folds`` neighbours a setting, until they are done; Ctrl-C keeps what there is.

    Parameters
    ----------
    data, plan : what lanes share.
    values : of the lanes, setting by setting.
    folds : lanes a setting.
    halving : which settings are dropped on the way.
    threads : packs trained at the same time, on a CPU.
    deadline : in ``time.monotonic()``, when training ends early.
    pack_lanes : lanes a pack; None measures by the cache.
    """
    runner = _Runner(data, plan, folds, threads if data.device.type == "cpu" else 1, deadline)
    runner.start(values, pack_lanes or lanes_per_pack(plan, data.device))
    marks = () if halving is None else tuple(_rung(plan, p) for p in halving.at)
    for mark in (*marks, plan.steps):
        if not runner.train(mark):
            break
        if mark < plan.steps and halving is not None:
            runner.halve(halving.keep)
    return runner.finish(len(values))


def _rung(plan: LanePlan, progress: float) -> int:
    """Return the first evaluation at or after a share of training."""
    return plan.next_evaluation(math.ceil(progress * plan.steps - 1e-9) - 1)


class _Runner:
    """The packs of a family and what left them."""

    def __init__(
        self, data: LaneData, plan: LanePlan, folds: int, threads: int, deadline: float | None
    ) -> None:
        self.data, self.plan, self.folds, self.threads = data, plan, folds, threads
        self.deadline, self.ended = deadline, ""
        self.packs: list[Pack] = []
        self.left: list[Left] = []
        self.evaluations: list[Evaluation] = []
        self._interrupted = Event()

    def start(self, values: LaneValues, pack_lanes: int) -> None:
        """Make the packs: whole settings, as even as can be, at least one a thread."""
        settings = len(values) // self.folds
        self.pack_lanes = pack_lanes
        count = max(-(-len(values) // pack_lanes), min(self.threads, settings))
        for part in np.array_split(np.arange(settings), min(count, settings)):
            ids = (part[:, None] * self.folds + np.arange(self.folds)).ravel()
            state = PackState.start(self.plan, ids, values.take(ids), self.data.device)
            self.packs.append(Pack(self.data, self.plan, state))

    # ------------------------------------------------------------ rounds

    def train(self, until: int) -> bool:
        """Train all packs up to a step; False where that was ended from outside."""
        self._on_threads([self._training(pack, until) for pack in self.packs])
        if self._interrupted.is_set():
            self.ended = "interrupted"
        return not self.ended

    def _training(self, pack: Pack, until: int) -> Callable[[], None]:
        def work() -> None:
            if self.data.device.type == "cpu":
                torch.set_num_threads(1)
                # moments of units that died shrink for ever; below 1e-38 arithmetic is a hundred times as slow
                torch.set_flush_denormal(True)
            with torch.inference_mode():
                pack.train(until, self._stop)

        return work

    def _stop(self) -> bool:
        if self.deadline is not None and time.monotonic() > self.deadline:
            self.ended = "time limit"
        return bool(self.ended) or self._interrupted.is_set()

    def _on_threads(self, work: list[Callable[[], None]]) -> None:
        """Do work on threads of its own, even when there is one: Ctrl-C reaches this thread and ends whole steps."""
        before = torch.get_num_threads()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="lanes") as pool:
            futures: list[Future[Any]] = [pool.submit(one) for one in work]
            pending = set(futures)
            while pending:
                try:
                    done, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)
                except KeyboardInterrupt:
                    self._interrupted.set()
                    continue
                if any(future.exception() for future in done):
                    self._interrupted.set()
        torch.set_num_threads(before)
        for future in futures:
            future.result()

    # ------------------------------------------------------------ halving

    def halve(self, keep: float) -> None:
        """Let the worse settings go and join what is left into fuller packs."""
        with torch.inference_mode():
            self._collect()
            ids = (
                np.concatenate([pack.state.ids[pack.active] for pack in self.packs])
                if self.packs
                else np.zeros(0, int)
            )
            scores = self._latest()
            known = np.unique([k // self.folds for k in scores])
            table = np.array([[scores[s * self.folds + f] for f in range(self.folds)] for s in known])
            stay = known[survivors(self.plan.metric.sign * table, keep)]
            gone = ids[~np.isin(ids // self.folds, stay)]
            for pack in self.packs:
                pack.leave(gone, "halved")
            self._collect()
            self._join()

    def _latest(self) -> dict[int, float]:
        """Return every lane's score at its last evaluation; the settings that were dropped before left out."""
        dropped = {int(k) // self.folds for left in self.left if left.why == "halved" for k in left.ids}
        latest: dict[int, float] = {}
        for evaluation in self.evaluations:
            latest |= dict(zip(evaluation.ids.tolist(), evaluation.scores.tolist(), strict=True))
        return {k: score for k, score in latest.items() if k // self.folds not in dropped}

    def _collect(self) -> None:
        """Take over what left the packs, and forget empty packs."""
        for pack in self.packs:
            self.left += pack.left
            self.evaluations += pack.evaluations
            pack.left, pack.evaluations = [], []
        self.packs = [pack for pack in self.packs if len(pack)]

    def _join(self) -> None:
        """Join packs while the result still fits the cache and every thread has one."""
        self.packs.sort(key=len)
        while len(self.packs) > self.threads and len(self.packs[0]) + len(self.packs[1]) <= self.pack_lanes:
            first, second = self.packs[:2]
            state = PackState.join([pack.state.take(pack.active) for pack in (first, second)])
            self.packs = sorted([Pack(self.data, self.plan, state), *self.packs[2:]], key=len)

    # ------------------------------------------------------------ the end

    def finish(self, lanes: int) -> Trained:
        """Return everything, by id."""
        with torch.inference_mode():
            for pack in self.packs:
                pack.leave(pack.state.ids, self.ended or "steps")
            self._collect()
        shape, device = self.plan.shape, self.data.device
        weights = LaneWeights.zeros(shape, lanes, device)
        norms = LaneNorms.start(shape, lanes, device) if shape.batch_norm else None
        why, step, stopped = (
            ["" for _ in range(lanes)],
            np.zeros(lanes, dtype=int),
            np.zeros(lanes, dtype=int),
        )
        for left in self.left:
            index = torch.as_tensor(left.ids, device=device)
            weights.put(index, left.weights)
            if norms is not None and left.norms is not None:
                norms.put(index, left.norms)
            step[left.ids], stopped[left.ids] = left.step, left.stopped
            for k in left.ids:
                why[k] = left.why
        self.evaluations.sort(key=lambda evaluation: evaluation.step)
        return Trained(weights, norms, why, step, stopped, self.evaluations)
