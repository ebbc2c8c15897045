"""The search: waves of cocktails, halved on the way, the next wave bred from the best; all within a budget."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..evaluation.metrics import Metric
from ..lanes.face import Face
from ..lanes.grid import grid_settings
from ..lanes.halving import Halving
from ..lanes.lockstep import train_settings
from ..lanes.prepare import Prepared
from ..lanes.result import LockstepResult
from ..trainer.plan import planned_steps
from .space import Point, Space

__all__ = ["DEFAULTS", "Search"]

# Cocktails that are always tried first: nothing, and the recipe of the estimators (early stopping apart).
DEFAULTS: tuple[Point, ...] = (
    {},
    {"FeatureSwap.p": 0.05, "Dropout.p": 0.15, "WeightDecay.rate": 1e-2, "EMA.decay": 0.99},
    {
        "batch_norm": True,
        "FeatureSwap.p": 0.1,
        "Dropout.p": 0.2,
        "WeightDecay.rate": 0.1,
        "EMA.decay": 0.98,
        "lr": 3e-3,
    },
)
SMALLEST, LARGEST = 8, 64  # settings a wave
SHARE = 0.85  # of the budget that training may take; scoring and picking the ensemble need the rest
EPOCHS, STEPS = 100.0, 2500  # a run has so many epochs, but no more steps than that unless an epoch has
# A setting that learns slowly must have the time to show what it can: the first cut is late.
HALVING = Halving((0.25, 0.5))
FIRST = 0.3  # of the budget is for the first wave, at most


@dataclass
class Search:
    """A search for cocktails.

    Parameters
    ----------
    prepared, face : the data, and what is not varied.
    space : what is.
    measure : what is to become best.
    budget : seconds.
    seed : of the cocktails and of the nets.
    threads : packs trained at once.
    """

    prepared: Prepared
    face: Face
    space: Space
    measure: Metric
    budget: float
    seed: int
    threads: int

    def run(self) -> LockstepResult:
        """Return the scores and nets of all waves; at least the defaults are trained."""
        begun = time.monotonic()
        rng = np.random.default_rng(self.seed)
        cost = self._probe()  # seconds a step of one setting
        steps = self._steps(cost)
        waves: list[LockstepResult] = []
        while True:
            left = self.budget * SHARE - (time.monotonic() - begun)
            count = self._count(left, cost * steps, first=not waves)
            if waves and count < SMALLEST // 2:
                return LockstepResult.join(waves)
            before = time.monotonic()
            wave = self._wave(self._points(waves, count, rng), len(waves), steps, left if waves else None)
            waves.append(wave)
            if (wave.why == "interrupted").any() or not wave.complete.any():
                return LockstepResult.join(waves)
            cost = (time.monotonic() - before) / (count * steps * HALVING.cost)

    # ------------------------------------------------------------ how much

    def _probe(self) -> float:
        """Return the seconds that a step of one setting on all folds takes, from a few steps."""
        points = list(DEFAULTS[1:2]) * SMALLEST
        times: list[float] = []
        for steps in (1, 5, 35):  # the first run of anything is slow
            before = time.monotonic()
            self._wave(points, 0, steps, None, probe=True)
            times.append(time.monotonic() - before)
        return max(times[2] - times[1], 1e-4) / (30 * SMALLEST)

    def _steps(self, cost: float) -> int:
        """Return the steps of a run: many epochs if there is time for a first wave of them."""
        data = self.prepared.data
        size = data.size(int(self.face.resolved(self.face.settings, data.largest).batch_size))
        wanted = min(
            planned_steps(EPOCHS, data.largest, size), max(STEPS, planned_steps(10.0, data.largest, size))
        )
        affordable = FIRST * self.budget / (cost * SMALLEST * HALVING.cost)
        return max(int(min(wanted, affordable)), 50)

    def _count(self, left: float, a_setting: float, *, first: bool) -> int:
        """Return how many settings the next wave has: about half of what is left, a third of all in the first."""
        seconds = (
            min(left, FIRST * self.budget) if first else left * (0.5 if left > FIRST * self.budget else 0.9)
        )
        count = int(seconds / (a_setting * HALVING.cost))
        return max(min(count, LARGEST), SMALLEST) if first else min(count, LARGEST)

    # ------------------------------------------------------------ what

    def _points(self, waves: list[LockstepResult], count: int, rng: np.random.Generator) -> list[Point]:
        if not waves:
            return [*DEFAULTS, *(self.space.draw(rng) for _ in range(count - len(DEFAULTS)))]
        known = LockstepResult.join(waves)
        which = np.flatnonzero(known.complete)
        order = which[np.argsort(known.measured[which], kind="stable")]
        parents = [known.points[k] for k in order[: max(3, len(order) // 3)]]
        return [self.space.child(parents, rng) if k % 3 else self.space.draw(rng) for k in range(count)]

    def _wave(
        self, points: list[Point], wave: int, steps: int, limit: float | None, *, probe: bool = False
    ) -> LockstepResult:
        own = [{**point, "steps": steps, "seed": self.seed + wave} for point in points]
        settings = grid_settings(self.face.settings, own)
        every = f"{steps if probe else max(steps // 16, 1)} steps"
        return train_settings(
            points, settings, self.prepared, self.face, self.measure, self.measure, every,
            halving=None if probe else HALVING, threads=self.threads,
            deadline=None if limit is None else time.monotonic() + limit,
        )  # fmt: skip
