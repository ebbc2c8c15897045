"""Where one lane stands on its way down the strengths.

Working set, last gradients, what it has found so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .. import _core
from .._typing import Vector
from .dual import Dual
from .saturation import FULL, reach, why
from .standard import Terms

__all__ = ["Front"]

FIRST_BATCH, LARGEST_BATCH = 4, 16
INTERRUPTED = "the fit was interrupted there"
NULL = 1e-9  # how far above its own top a lane is null beyond doubt
MARGIN = 0.01  # how near the boundary a column is taken in ahead of time


@dataclass(eq=False)
class Front:
    """The moving part of a lane. Columns keep their place in the working set once they are in."""

    weights: Vector  # (n,) sums to one; zero = held out
    mean: Vector  # (p,)
    inverse: Vector  # (p,)
    terms: Terms
    grid: Vector
    candidate: int
    lane: int
    # (p,) norms of the columns under the weights, on the penalised scale
    norm: Vector = field(default_factory=lambda: np.empty(0))
    most: int | None = None  # columns that may enter before the path ends
    rows: np.ndarray | None = None  # those with a weight, where no others are asked for and they are few
    batch: int = FIRST_BATCH
    position: int = 0  # strengths accepted so far
    core: _core.Lane = field(default_factory=_core.Lane)
    dual: Dual | None = None  # in the core's place once the working set has outgrown the rows
    columns: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    # (p,) float32 gradients at the last accepted strength and at the one before; empty until the start
    now: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    before: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    strength_now: float = 0.0
    strength_before: float = 0.0
    strength_own: float = 0.0  # the smallest at which the null model is the solution
    objective: float = np.inf  # at the last accepted strength
    bend: float = 0.25  # mean curvature of the loss there
    steep: float = 1.0  # root of a bound on its curvatures, at least 1
    loss: float = np.inf  # its mean there
    hessian: np.ndarray | None = None  # of [intercept, working set], the last that was made (Newton lanes)
    hessian_at: float = 0.0  # the strength it was made for
    pending: list[int] = field(default_factory=list)  # violators that must come in before the next solve
    # [intercept, working set] at the last accepted strength and at the one before (Newton lanes)
    base: Vector = field(default_factory=lambda: np.empty(0))
    earlier: Vector | None = None
    # (n,) predictors there and at the one before, where lanes go together
    eta: Vector | None = None
    eta_before: Vector | None = None
    full: bool = False  # whether more columns than asked for have entered

    def __post_init__(self) -> None:
        """Set up what is found along the way."""
        self.stop = len(self.grid)  # strengths the path will have: fewer where it saturates
        self.inside = np.zeros(len(self.mean), np.uint8)
        self.entered: set[int] = set()  # columns that have ever been non-zero, where that is asked for
        count = len(self.grid)
        self.coefs: list[tuple[np.ndarray, Vector]] = []
        self.intercepts = np.full(count, np.nan)
        self.gaps = np.full(count, np.nan)
        self.kkt = np.full(count, np.nan)
        self.deviance_ratio = np.full(count, np.nan)
        self.df = np.full(count, np.nan)

    @property
    def live(self) -> bool:
        """Whether strengths are left."""
        return self.position < self.stop

    @property
    def upcoming(self) -> Vector:
        """The strengths of the next batch."""
        return self.grid[self.position : self.position + self.batch]

    def start(self, scores: Vector, strength: float) -> None:
        """Set the gradient of the null model, from which the first columns are predicted."""
        self.now = scores.astype(np.float32)
        self.before = self.now.copy()
        self.strength_own = strength
        self.strength_now = self.strength_before = max(strength, self.grid[0])

    def note_coefs(self, beta: np.ndarray, raw: np.ndarray) -> None:
        """Keep ``raw``, coefficients beside the columns as they are, a row a strength, where ``beta`` is not zero."""
        owner, active = beta.nonzero()
        columns, values = self.columns[active], raw[owner, active]
        ends = np.cumsum(np.bincount(owner, minlength=len(beta))).tolist()
        for start, end in zip([0, *ends], ends, strict=False):
            self.coefs.append((columns[start:end], values[start:end]))

    def skip_null(self, level: float) -> int:
        """Pass over the strengths at which the null model is the solution; returns how many.

        Only for lanes that ask which columns enter first: their grids begin well above what most of them need.
        """
        top = self.strength_own * (1 + NULL)
        if self.most is None or self.pending or not top > 0:
            return 0
        count = int(np.searchsorted(-self.grid, -top, side="right"))
        self.coefs += [(np.empty(0, np.int64), np.empty(0))] * count
        self.intercepts[:count] = level
        for facts in (self.gaps, self.kkt, self.deviance_ratio, self.df):
            facts[:count] = 0.0
        self.position = count
        return count

    def wanted(self, margin: float = MARGIN, growth: float = 0.5) -> np.ndarray:
        """Columns to take in before the next batch: known violators and those heading for the boundary.

        ``margin`` is how near the boundary, as a share of it, a column is taken in ahead of time; ``growth`` how many
        may be, as a share of those that are there.
        """
        found = _core.approaching(
            self.now,
            self.before,
            self.strength_now,
            self.strength_before,
            float(self.upcoming[-1]),
            margin,
            *self.terms.arrays,
            self.inside,
        )
        ahead = np.array(found, dtype=np.int64)
        most = max(64, int(growth * len(self.columns)))
        if len(ahead) > most:  # a wild guess must not fill memory: the nearest ones first
            size = np.abs(self.now[ahead]) / np.maximum(self.terms.l1[ahead], 1e-300)
            ahead = ahead[np.argpartition(-size, most)[:most]]
        fresh = np.unique(np.concatenate([np.array(self.pending, dtype=np.int64), ahead]))
        self.pending = []
        return fresh[self.inside[fresh] == 0]

    def leave_idle(self, shift: int) -> None:
        """Let go of penalised columns that are zero: those that are near the boundary come back.

        ``shift`` are the places of the intercept. Only after a strength was accepted, or violators would come and go.
        """
        used = (self.base[shift:] != 0) | (self.terms.l1[self.columns] == 0)
        self.inside[self.columns[~used]] = 0
        self.columns = self.columns[used]
        places = np.concatenate([np.ones(shift, bool), used])
        self.base = self.base[places]
        if self.earlier is not None:
            self.earlier = self.earlier[places]

    def admit(self, fresh: np.ndarray, block: np.ndarray, seen: bool = False) -> None:
        """Append columns with their Gram block, or with themselves for the dual; ``seen``: they have their place."""
        small = self.dual or self.core
        small.append(block)
        if not seen:
            self.columns = np.concatenate([self.columns, fresh])
            self.inside[fresh] = 1
        small.terms(*self.terms.take(self.columns))

    def turn(self, dual: Dual) -> None:
        """Go on with the dual; the Gram matrix is given back."""
        self.dual, self.core = dual, _core.Lane()

    def keep(self, slot: int) -> None:
        """Start the next batch from where this strength of the last one ended."""
        (self.dual or self.core).keep(slot)

    def advance(self, accepted: int, asked: int, gradients: np.ndarray | None) -> None:
        """Move past the accepted strengths; gradients (asked, p) are those of this batch."""
        if gradients is not None and accepted:
            previous = gradients[accepted - 2] if accepted > 1 else self.now
            strength = self.grid[self.position + accepted - 2] if accepted > 1 else self.strength_now
            self.before, self.now = previous.copy(), gradients[accepted - 1].copy()
            self.strength_before, self.strength_now = (
                float(strength),
                float(self.grid[self.position + accepted - 1]),
            )
        self.position += accepted
        if accepted == asked:
            self.batch = min(LARGEST_BATCH, 2 * self.batch)
        elif accepted < asked // 2:
            self.batch = max(2, self.batch // 2)

    def cut(self, accepted: int, limit: float) -> int:
        """End the path at the first accepted strength that is saturated, or full; returns how many are kept."""
        first = self.position
        ratio = self.deviance_ratio[first : first + accepted]
        kept = reach(ratio, limit)
        full = self._fills(first, kept)
        if full < kept or (kept and ratio[kept - 1] > limit):
            kept = min(full + 1, kept)
            self.stop = first + kept
            del self.coefs[self.stop :]
            for facts in (self.intercepts, self.gaps, self.kkt, self.deviance_ratio, self.df):
                facts[self.stop :] = np.nan
        return kept

    def _fills(self, first: int, count: int) -> int:
        """At which of the next strengths more columns than asked for have entered; ``count``: at none."""
        if self.most is None:
            return count
        for k in range(count):
            self.entered.update(self.coefs[first + k][0].tolist())
            if len(self.entered) > self.most:
                self.full = True
                return k
        return count

    @property
    def reached(self) -> int:
        """How many strengths the path has so far."""
        return min(self.position, self.stop)

    def ended(self, limit: float) -> str | None:
        """Why there are fewer strengths than asked for."""
        if self.reached == len(self.grid):
            return None
        if self.full:
            return FULL
        return INTERRUPTED if self.live else why(limit)

    def take_violators(self, found: list[int], gradient: np.ndarray) -> None:
        """Remember the worst violators of the first strength that was refused."""
        violators = np.array(found, dtype=np.int64)
        most = max(100, len(self.columns))
        if len(violators) > most:
            size = np.abs(gradient[violators]) / np.maximum(self.terms.l1[violators], 1e-300)
            violators = violators[np.argpartition(-size, most)[:most]]
        self.pending.extend(violators.tolist())
