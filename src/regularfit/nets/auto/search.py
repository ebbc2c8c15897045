"""The search: waves of cocktails, halved on the way, the next wave bred from the best; all within a budget."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace

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

__all__ = ["DEFAULTS", "WITH_BINS", "Search"]

_MILD: Point = {"Dropout.p": 0.15, "WeightDecay.rate": 1e-2, "EMA.decay": 0.99}
_FAST: Point = {"batch_norm": True, "WeightDecay.rate": 0.1, "EMA.decay": 0.98, "lr": 3e-3}
# Cocktails that are tried first, and to their end (the first three where there is no time for all): nothing, the recipe
# of the estimators (early stopping apart) with some feature swap, one that learns fast with batch norm, for tables with
# many rows or little noise, and a stronger one.
DEFAULTS: tuple[Point, ...] = (
    {},
    {**_MILD, "FeatureSwap.p": 0.05},
    _FAST,
    {**_FAST, "Dropout.p": 0.2, "FeatureSwap.p": 0.1},
)
# The same where numbers have bins: half of them see these. Nets with bins overfit sooner, so each has dropout.
WITH_BINS: tuple[Point, ...] = (
    {"bins": False},
    {**_FAST, "Dropout.p": 0.2, "bins": True},
    {**_MILD, "bins": True},
    {**_FAST, "bins": False},
    {**_FAST, "Dropout.p": 0.2, "FeatureSwap.p": 0.1, "bins": True},
    {**_MILD, "FeatureSwap.p": 0.05, "bins": False},
)
SMALLEST, LARGEST = 3, 64  # settings a wave
ENOUGH = 16  # a wave of so many may leave half of the time to waves that are bred from it
PROBE = 0.1  # of the budget: where a few steps take longer, they have told enough
SHARE = 0.85  # of the budget that training may take; scoring and picking the ensemble need the rest
LEAST = 0.25  # of the budget that training gets however long the table took to read
FEWEST = 150  # steps of a run: with fewer nothing is learnt, and time may end it as well
EPOCHS, STEPS = 100.0, 2500  # a run has so many epochs, but no more steps than that unless an epoch has
# A setting that learns slowly must have the time to show what it can: the first cut is late.
HALVING = Halving((0.25, 0.5))
FIRST = 0.4  # of the budget is for the defaults, at most


@dataclass
class Search:
    """A search for cocktails.

    Parameters
    ----------
    prepared, face : the data, and what is not varied.
    space : what is.
    measure : what is to become best.
    budget : seconds.
    begun : when they began, in ``time.monotonic()``.
    seed : of the cocktails and of the nets.
    threads : packs trained at once.
    """

    prepared: Prepared
    face: Face
    space: Space
    measure: Metric
    budget: float
    begun: float
    seed: int
    threads: int

    @property
    def defaults(self) -> tuple[Point, ...]:
        """The cocktails that are tried first."""
        return DEFAULTS if self.prepared.data.bins is None else WITH_BINS

    def run(self) -> LockstepResult:
        """Return the scores and nets of all waves; at least the defaults are begun."""
        # a table that takes most of the budget to read still gets nets that have learnt something
        end = max(self.begun + self.budget * SHARE, time.monotonic() + self.budget * LEAST)
        rng = np.random.default_rng(self.seed)
        cost = self._probe(end)  # seconds a step of one setting
        first = self._first(cost)
        steps = self._steps(cost, len(first))
        waves: list[LockstepResult] = []
        while True:
            count = self._count(end - time.monotonic(), cost * steps) if waves else len(first)
            if count < SMALLEST:
                break
            before = time.monotonic()
            points = self._points(waves, count, rng) if waves else first
            wave = self._wave(points, len(waves), steps, end, HALVING if waves else None)
            waves.append(wave)
            if (wave.why == "interrupted").any() or not wave.complete.any():
                break
            share = HALVING.cost if len(waves) > 1 else 1.0
            cost = (time.monotonic() - before) / (count * steps * share)
        return _usable(LockstepResult.join(waves))

    # ------------------------------------------------------------ how much

    def _probe(self, end: float) -> float:
        """Return the seconds that a step of one setting on all folds takes, from a few steps."""
        points = list(self.defaults)
        times: list[float] = []
        for steps in (1, 5, 35):  # the first run of anything is slow
            before = time.monotonic()
            self._wave(points, 0, steps, end, probe=True)
            times.append(time.monotonic() - before)
            if len(times) == 2 and times[1] > PROBE * self.budget:  # everything is slow: no more of it
                return times[-1] / (steps * len(points))
        return max(times[2] - times[1], 1e-4) / (30 * len(points))

    def _affordable(self, cost: float, settings: int) -> float:
        return FIRST * self.budget / (cost * settings)

    def _first(self, cost: float) -> list[Point]:
        """Return the defaults, or some of them where the time is too short for all."""
        enough = self._affordable(cost, len(self.defaults)) >= FEWEST
        return list(self.defaults if enough else self.defaults[:SMALLEST])

    def _steps(self, cost: float, settings: int) -> int:
        """Return the steps of a run: many epochs if there is time for the first settings."""
        data = self.prepared.data
        size = data.size(int(self.face.resolved(self.face.settings, data.largest).batch_size))
        wanted = min(
            planned_steps(EPOCHS, data.largest, size), max(STEPS, planned_steps(10.0, data.largest, size))
        )
        return max(int(min(wanted, self._affordable(cost, settings))), FEWEST)

    def _count(self, left: float, a_setting: float) -> int:
        """Return how many settings the next wave has: what half of the time is enough for, or nearly all of it."""
        most = int(left / (a_setting * HALVING.cost))
        return min(most // 2 if most >= 2 * ENOUGH else int(0.85 * most), LARGEST)

    # ------------------------------------------------------------ what

    def _points(self, waves: list[LockstepResult], count: int, rng: np.random.Generator) -> list[Point]:
        known = LockstepResult.join(waves)
        which = np.flatnonzero(known.complete)
        order = which[np.argsort(known.measured[which], kind="stable")]
        parents = [known.points[k] for k in order[: max(3, len(order) // 3)]]
        return [self.space.child(parents, rng) if k % 3 else self.space.draw(rng) for k in range(count)]

    def _wave(
        self,
        points: list[Point],
        wave: int,
        steps: int,
        end: float,
        halving: Halving | None = None,
        *,
        probe: bool = False,
    ) -> LockstepResult:
        own = [{**point, "steps": steps, "seed": self.seed + wave} for point in points]
        settings = grid_settings(self.face.settings, own)
        every = f"{steps if probe else max(steps // 16, 1)} steps"
        return train_settings(
            points, settings, self.prepared, self.face, self.measure, self.measure, every,
            halving=halving, threads=self.threads, deadline=end,
        )  # fmt: skip


def _usable(found: LockstepResult) -> LockstepResult:
    """Return a result in which something is complete: where time ended the first wave, its nets count as they are."""
    timed = (found.why == "time limit") & np.isfinite(found.scores)
    if found.complete.any() or not timed.any():
        return found
    warnings.warn(
        "The budget ended before any net was trained to its end; those that were begun are used as they are. Give "
        "more seconds, fewer folds or narrower layers.",
        UserWarning,
        stacklevel=4,
    )
    return replace(found, why=np.where(timed, "steps", found.why))
