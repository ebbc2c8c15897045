"""Newton lanes for losses other than the squared one: outside a quadratic model, inside the small problem.

A batch of strengths of every lane moves together. Its Hessian is taken at the last accepted solution and
reused while the optimality conditions keep improving quickly, because the gradient is exact: a stale Hessian
costs iterations, not accuracy. Where folds share their rows with the full data and n is large against the
working set, one pass at the full fit's weights gives the Hessians of all folds (sums of the folds' blocks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from .._typing import Vector
from ..designs import Dense, SparseColumns
from ..penalties import Penalty
from .atoms import label_rows
from .certificate import loose_ends
from .columns import make_columns
from .front import Front
from .null import null_eta
from .partial import keeping
from .problem import Lane, Problem
from .result import LaneResult, Score, held_out
from .scores import Verdict, score_columns
from .standard import inverse_scale, normal_forms
from .threads import Workers
from .workset import front_result, make_fronts

__all__ = ["fit_newton"]

ROUNDS = 60  # Newton steps of a batch before it is certified as it stands
REFRESH = 4  # steps on one Hessian before a lane gets a fresh one of its own


def fit_newton(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    *,
    tol: float,
    team: Workers,
    tick,
    score: Score | None,
    full_df: bool | None,
) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep."""
    fit = NewtonRounds(problem, normal_forms(penalties, problem.p), grids, lanes, tol, team, score)
    with keeping(lambda inner: fit.results()):
        while fit.live:
            tick(fit.round())
    return fit.results()


@dataclass(eq=False)
class Batch:
    """The strengths a front works on in this round.

    Rows of b are [intercept, working set] on the lane's scale.
    """

    front: Front
    strengths: Vector
    scale: Vector  # (w,) from the common scale of Z to the lane's
    positions: np.ndarray  # (w,) places in Z
    first: int  # column of its first strength in the round's arrays
    b: np.ndarray  # (m, w)
    descent: np.ndarray = field(default_factory=lambda: np.empty(0))  # (m, w) exact, minus the gradient
    error: Vector = field(default_factory=lambda: np.empty(0))  # (m,) largest violation over s
    objective: Vector = field(default_factory=lambda: np.empty(0))
    steps: int = 0

    def __post_init__(self) -> None:
        m = len(self.strengths)
        self.live = np.ones(m, bool)
        self.previous = self.b.copy()
        self.last_start, self.last_new, self.mixable = self.b.copy(), self.b.copy(), np.zeros(m, bool)
        self.descent = np.zeros_like(self.b)
        self.error = np.full(m, np.inf)
        self.objective = np.full(m, np.inf)


class NewtonRounds:
    """The state of one lockstep fit."""

    def __init__(self, problem, normals, grids, lanes, tol, team, score) -> None:  # type: ignore[no-untyped-def]
        self.problem, self.lanes, self.tol, self.team, self.score = problem, lanes, tol, team, score
        self.fronts = make_fronts(problem, normals, grids, lanes)
        self.all = [front for row in self.fronts for front in row]
        self.scores = [[np.full((len(grid), len(lane.tests)), np.nan) for lane in lanes] for grid in grids]
        full = problem.sample_weight / problem.n
        mean, deviation = problem.design.moments(full[None, :])
        self.columns = make_columns(
            problem.design,
            mean[0] * problem.fit_intercept,  # without an intercept nothing could take the centring back
            inverse_scale(deviation, True, problem.fit_intercept)[0],
            problem.fit_intercept,
        )
        self.shift = self.columns.shift
        self.by_columns = isinstance(problem.design, SparseColumns) and problem.p > 500
        self.y, self.offset = problem.y[:, None], problem.offset[:, None]
        self._atoms(lanes)
        self._start()

    # ------------------------------------------------------------------ setting out

    def _atoms(self, lanes: Sequence[Lane]) -> None:
        """Rows that all lanes treat alike, for shared Hessians.

        None where there are too many kinds of rows.
        """
        label, first = label_rows(self.problem.n, lanes)
        self.atoms: list[np.ndarray] | None = None
        if 1 < len(first) <= 2 * len(lanes) + 2:
            order = np.argsort(label, kind="stable")
            self.atoms = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
            self.uses = np.array([np.bincount(lane.train, minlength=self.problem.n)[first] for lane in lanes])
            self.totals = np.array(
                [
                    (np.bincount(lane.train, minlength=self.problem.n) * self.problem.sample_weight).sum()
                    for lane in lanes
                ]
            )

    def _start(self) -> None:
        first = self.fronts[0]
        etas = [null_eta(self.problem, front.weights) for front in first]
        loss, y = self.problem.loss, self.problem.y
        R = np.column_stack([-f.weights * loss.gradient(y, eta) for f, eta in zip(first, etas, strict=True)])
        null = [float(f.weights @ loss.deviance(y, eta)) for f, eta in zip(first, etas, strict=True)]
        raw = np.empty((len(first), self.problem.p))
        for start in range(0, self.problem.p, self.problem.design.block):
            stop = min(start + self.problem.design.block, self.problem.p)
            raw[:, start:stop] = self.problem.design.rmatmat(start, stop, R)
        totals = R.sum(axis=0)
        self.null_deviance = null
        # Objectives below this are zero: half the digits of a loss that knows nothing.
        self.least = [
            1e-7 * float(f.weights @ np.abs(loss.value(y, np.zeros_like(y)))) + 1e-300 for f in first
        ]
        # deviance = 2 loss - 2 (loss of a perfect prediction); the latter is the same at every eta
        self.perfect = [
            2 * float(f.weights @ loss.value(y, eta)) - d for f, eta, d in zip(first, etas, null, strict=True)
        ]
        self.at_rest = [float(f.weights @ loss.conjugate(y, np.zeros_like(y))) for f in first]
        self.minus_weights = np.ascontiguousarray(-np.column_stack([f.weights for f in first]))
        self.pull = [1e-300] * len(first)  # largest null score of each lane
        self.earlier: dict[int, Vector] = {}  # per front: the solution one accepted strength before `base`
        self.base: dict[int, Vector] = {}  # per front: [intercept, working set] at the last accepted strength
        for front in self.all:
            f = front.lane
            score = (raw[f] - front.mean * totals[f]) * front.inverse
            known = null[f] <= self.least[f]  # rows of one class: scores are rounding
            self.pull[f] = max(self.pull[f], 1.0 if known else float(np.abs(score).max(initial=0.0)))
            l1 = np.where(np.isfinite(front.terms.l1) & (front.terms.l1 > 0), front.terms.l1, np.inf)
            front.start(score, float(np.max(np.abs(score) / l1, initial=0.0)))
            front.pending = np.flatnonzero(front.terms.l1 == 0).tolist()
            # a guess at what a weak penalty reaches
            front.objective = max(0.1 * (null[f] + self.perfect[f]) / 2, self.least[f])
            level = etas[f][0] - self.problem.offset[0] if self.problem.fit_intercept else 0.0
            self.base[id(front)] = np.full(self.shift, level)
            if self.shift:
                front.core.append(np.zeros((1, 1), order="F"))

    @property
    def live(self) -> list[Front]:
        return [front for front in self.all if front.live]

    # ------------------------------------------------------------------ one round

    def round(self) -> int:
        """Advance every live lane by a batch; returns how many strengths were accepted."""
        fronts = self.live
        for front in fronts:
            front.batch = min(front.batch, 8)
            self._admit(front)
        batches = self._open(fronts)
        self._predict(batches)
        E, R = self._iterate(batches)
        return self._certify(batches, E, R)

    def _admit(self, front: Front) -> None:
        fresh = front.wanted()
        if len(fresh) == 0:
            if len(front.columns) == 0:
                self._terms(front)
            return
        self.columns.take(fresh)
        size = len(front.columns) + self.shift
        if not self.by_columns:
            front.core.append(np.zeros((size + len(fresh), len(fresh)), order="F"))
        front.columns = np.concatenate([front.columns, fresh])
        front.inside[fresh] = 1
        self._terms(front)
        self.base[id(front)] = np.concatenate([self.base[id(front)], np.zeros(len(fresh))])

    def _terms(self, front: Front) -> None:
        if self.by_columns:
            return
        free = np.zeros(self.shift)
        l1, l2, lower, upper = front.terms.take(front.columns)
        front.core.terms(
            np.concatenate([free, l1]),
            np.concatenate([free, l2]),
            np.concatenate([free - np.inf, lower]),
            np.concatenate([free + np.inf, upper]),
        )

    def _open(self, fronts: list[Front]) -> list[Batch]:
        batches, first = [], 0
        for front in fronts:
            common = self.columns.inverse[front.columns]
            scale = np.where(
                front.inverse[front.columns] == 0,
                0.0,
                front.inverse[front.columns] / np.where(common == 0, 1.0, common),
            )
            scale = np.concatenate([np.ones(self.shift), scale])
            strengths = np.ascontiguousarray(front.upcoming)
            b = np.tile(self.base[id(front)], (len(strengths), 1))
            batches.append(Batch(front, strengths, scale, self.columns.positions(front.columns), first, b))
            first += len(strengths)
        return batches

    def _hessians(self, wanted: list[tuple[Batch, Vector]], alone: bool) -> None:
        """Fresh Hessians at the given predictors: of each lane its own, or of all folds from one pass."""
        if not wanted or self.by_columns:
            return
        width = max(len(batch.positions) for batch, _ in wanted)
        if alone or self.atoms is None or len(wanted) < 2 or self.problem.n < 5 * width:
            list(self.team.map(self._own_hessian, wanted))
            return
        for candidate in {batch.front.candidate for batch, _ in wanted}:
            self._shared_hessians([item for item in wanted if item[0].front.candidate == candidate])

    def _own_hessian(self, item: tuple[Batch, Vector]) -> None:
        batch, eta = item
        H = self.columns.gram(batch.front.weights * self._curvature(eta), batch.positions)
        self._install(batch, H)

    def _install(self, batch: Batch, H: np.ndarray) -> None:
        batch.mixable[:] = False  # answers under another Hessian do not mix
        H *= batch.scale
        H *= batch.scale[:, None]
        batch.front.core.replace(np.asfortranarray(H))

    def _shared_hessians(self, wanted: list[tuple[Batch, Vector]]) -> None:
        """One pass at the weights of the lane with most rows.

        Every lane adds up the blocks of its own rows.
        """
        assert self.atoms is not None
        _, eta = max(wanted, key=lambda item: self.totals[item[0].front.lane])
        bend = self.problem.sample_weight * self._curvature(eta)
        union = np.unique(np.concatenate([batch.positions for batch, _ in wanted]))
        blocks = list(self.team.map(lambda rows: self.columns.gram(bend, union, rows), self.atoms))
        total = cast("np.ndarray", sum(blocks))

        def spread(item: tuple[Batch, Vector]) -> None:
            batch, _ = item
            use = self.uses[batch.front.lane]
            out = np.flatnonzero(use == 0)
            if (use <= 1).all() and len(out) <= len(use) / 2:
                H = total - sum(blocks[a] for a in out) if len(out) else total
            else:
                H = cast("np.ndarray", sum(float(use[a]) * blocks[a] for a in np.flatnonzero(use)))
            pick = np.searchsorted(union, batch.positions)
            self._install(batch, H[np.ix_(pick, pick)] / self.totals[batch.front.lane])

        list(self.team.map(spread, wanted))

    def _curvature(self, eta: Vector) -> Vector:
        # Rows whose class is certain weigh nothing; a floor keeps the model bounded along them.
        return np.maximum(self.problem.loss.curvature(self.problem.y, eta), 1e-9)

    def _predict(self, batches: list[Batch]) -> None:
        """First guesses: a straight line in the strength through the last two accepted solutions; no sign flips.

        (Letting one lane lead and guessing the others from its solutions was tried: 16 to 90 % more steps.)
        """
        for batch in batches:
            front = batch.front
            if not self.by_columns:
                front.core.open(len(batch.strengths))
            before, now = self.earlier.get(id(front)), self.base[id(front)]
            run = front.strength_before - front.strength_now
            if before is None or run <= 0:
                continue
            slope = np.zeros_like(now)
            slope[: len(before)] = now[: len(before)] - before
            ahead = now + np.outer((front.strength_now - batch.strengths) / run, slope)
            ahead[:, self.shift :][ahead[:, self.shift :] * now[self.shift :] <= 0] = 0.0
            _, _, lower, upper = front.terms.take(front.columns)
            batch.b[:, self.shift :] = np.clip(ahead[:, self.shift :], lower, upper)
            batch.b[:, : self.shift] = ahead[:, : self.shift]
            batch.previous[:] = batch.b

    def _step(self, job: tuple[Batch, np.ndarray]) -> None:
        """One Newton step of some strengths of a batch, from batch.b along the model."""
        batch, which = job
        m, w = len(which), batch.b.shape[1]
        new, grad, kkt, ok = np.empty((m, w)), np.empty((m, w)), np.empty(m), np.empty(m, np.uint8)
        batch.front.core.newton(
            which.astype(np.int32),
            np.ascontiguousarray(batch.strengths[which]),
            np.ascontiguousarray(batch.b[which]),
            np.ascontiguousarray(batch.descent[which]),
            new,
            grad,
            kkt,
            ok,
        )
        start = batch.b[which]
        batch.previous[which] = start
        batch.b[which] = accelerate(batch, which, start, new)
        _, _, lower, upper = batch.front.terms.take(batch.front.columns)
        inside = batch.b[which, self.shift :]
        batch.b[which, self.shift :] = np.clip(
            inside, lower, upper
        )  # mixing looks beyond the points it mixes

    def _descend(self, batch: Batch, slot: int, E: np.ndarray) -> None:
        """One Newton step of one strength on sparse columns, with its own weights, by coordinate descent."""
        front, s = batch.front, float(batch.strengths[slot])
        eta = np.ascontiguousarray(E[:, batch.first + slot])
        free = np.zeros(self.shift)
        l1, l2, lower, upper = front.terms.take(front.columns)
        b = batch.b[slot].copy()
        error = batch.error[slot] * min(s, self.pull[front.lane])
        tol = max(0.2 * error, 0.2 * self.tol * min(s, self.pull[front.lane]))
        self.problem.design.core.descend(
            front.columns,
            front.inverse[front.columns],
            bool(self.shift),
            front.weights * self._curvature(eta),
            s,
            np.ascontiguousarray(batch.descent[slot]),
            np.concatenate([free, l1]),
            np.concatenate([free, l2]),
            np.concatenate([free - np.inf, lower]),
            np.concatenate([free + np.inf, upper]),
            tol,
            500,
            b,
        )
        batch.previous[slot], batch.b[slot] = batch.b[slot], b

    def _iterate(self, batches: list[Batch]) -> tuple[np.ndarray, np.ndarray]:
        """Newton steps until the optimality conditions hold on every working set.

        -> predictors and weighted residuals.
        """
        count = sum(len(batch.strengths) for batch in batches)
        E, R = np.empty((self.problem.n, count)), np.empty((self.problem.n, count))
        for step in range(ROUNDS):
            narrow = step > 2 * REFRESH  # one strength a lane, on a fresh Hessian every step: plain Newton
            live = [(batch, np.flatnonzero(batch.live)) for batch in batches if batch.live.any()]
            live = [(batch, which[:1] if narrow else which) for batch, which in live]
            if not live:
                break
            G = self._sweep(live, E, R)
            again: list[tuple[Batch, np.ndarray]] = []
            at = 0
            for batch, which in live:
                span = slice(at, at + len(which))
                at = span.stop
                descent = (G[batch.positions, span] * batch.scale[:, None]).T
                retry = self._judge(batch, which, descent, E[:, batch.first + which])
                again.append((batch, which[batch.live[which] & ~retry[which]]))
                batch.steps += 1
            again = [(batch, which) for batch, which in again if len(which)]
            if step == ROUNDS - 1:
                self._settle(live, E, R)
                break
            if narrow or step % REFRESH == 0:  # the middle of what is left: first of all, later of the slow
                middles = [(batch, batch.first + which[len(which) // 2]) for batch, which in again]
                self._hessians([(batch, E[:, at]) for batch, at in middles], alone=step > 0)
            if self.by_columns:
                slots = [(batch, slot) for batch, which in again for slot in which]
                list(self.team.map(lambda item: self._descend(item[0], item[1], E), slots))
            else:
                list(self.team.map(self._step, again))
        return E, R

    def _settle(self, left: list[tuple[Batch, np.ndarray]], E: np.ndarray, R: np.ndarray) -> None:
        """Strengths that are given up are certified where they stand, which may be half a step back."""
        G, at = self._sweep(left, E, R), 0
        for batch, which in left:
            span = slice(at, at + len(which))
            at = span.stop
            batch.descent[which] = (G[batch.positions, span] * batch.scale[:, None]).T
            batch.error[which] = self._errors(batch, which, batch.descent[which])

    def _sweep(self, live: list[tuple[Batch, np.ndarray]], E: np.ndarray, R: np.ndarray) -> np.ndarray:
        """One reading of the columns for all live strengths.

        Predictors and residuals into E and R -> gradients (width, m).
        """
        B = np.zeros((self.columns.width, sum(len(which) for _, which in live)))
        at = 0
        for batch, which in live:
            B[batch.positions, at : at + len(which)] = (batch.b[which] * batch.scale).T
            at += len(which)
        columns = np.concatenate([batch.first + which for batch, which in live])
        lanes = np.concatenate([np.full(len(which), batch.front.lane) for batch, which in live])
        whole = len(columns) == E.shape[1]

        def residual(rows: slice, eta: np.ndarray) -> np.ndarray:
            eta += self.offset[rows]
            r = self.problem.loss.gradient(self.y[rows], eta)
            r *= self.minus_weights[rows][:, lanes]
            if whole:
                E[rows], R[rows] = eta, r
            else:
                E[rows, columns], R[rows, columns] = eta, r
            return r

        return self.columns.sweep(B, residual, self.team)

    def _errors(self, batch: Batch, which: np.ndarray, descent: np.ndarray) -> Vector:
        """Violations of the optimality conditions on the working set, relative to the strengths."""
        front, strengths = batch.front, batch.strengths[which]
        unit = np.minimum(
            strengths, self.pull[front.lane]
        )  # a ridge grid starts at strengths far above any gradient
        terms = front.terms.take(front.columns)
        errors = violations(batch.b[which, self.shift :], descent[:, self.shift :], strengths, *terms)
        if self.shift:
            errors = np.maximum(errors, np.abs(descent[:, 0]))
        errors /= unit
        # What the intercept and unpenalised columns leave open counts in full against the objective, see _record.
        l1, l2, lower, upper = terms
        loose = loose_ends(batch.b[which, self.shift :], descent[:, self.shift :], l1, l2, lower, upper)
        if self.shift:
            loose += 2 * np.abs(descent[:, 0]) * (np.abs(batch.b[which, 0]) + 1)
        return np.maximum(errors, 2 * loose / front.objective)

    def _judge(self, batch: Batch, which: np.ndarray, descent: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Note gradients and errors.

        Finished strengths stop, and a step that went too far is taken back by half.
        """
        retry = np.zeros(len(batch.live), bool)
        front = batch.front
        errors = self._errors(batch, which, descent)
        for k in np.flatnonzero(
            ~(errors <= 0.5 * batch.error[which])
        ):  # not clearly better: look at the objective itself
            slot = which[k]
            objective = self._objective(front, batch, slot, eta[:, k])
            if np.isinf(batch.objective[slot]):
                batch.objective[slot] = self._objective(front, batch, slot, None)
            if objective <= batch.objective[slot] * (1 + 1e-12) + 1e-300:
                batch.objective[slot] = objective
            else:
                batch.b[slot] = 0.5 * (batch.b[slot] + batch.previous[slot])
                retry[slot] = not np.allclose(batch.b[slot], batch.previous[slot], rtol=1e-14, atol=1e-300)
        good = ~retry[which]
        batch.error[which[good]], batch.descent[which[good]] = errors[good], descent[good]
        # The gap is at most this share of the penalty's part of the objective.
        batch.live[which[good & (errors <= 0.3 * self.tol)]] = False
        return retry

    def _objective(self, front: Front, batch: Batch, slot: int, eta: Vector | None) -> float:
        """Objective at the slot's point, or (eta None) at the point it came from."""
        b = batch.b[slot] if eta is not None else batch.previous[slot]
        if eta is None:
            B = np.zeros((self.columns.width, 1))
            B[batch.positions, 0] = b * batch.scale
            eta = self.columns.matmat(B)[:, 0] + self.problem.offset
        l1, l2, _, _ = front.terms.take(front.columns)
        beta = b[self.shift :]
        penalty = np.abs(beta) @ np.where(np.isinf(l1), 0, l1) + 0.5 * (beta * beta) @ l2
        return float(
            front.weights @ self.problem.loss.value(self.problem.y, eta) + batch.strengths[slot] * penalty
        )

    # ------------------------------------------------------------------ certifying

    def _certify(self, batches: list[Batch], E: np.ndarray, R: np.ndarray) -> int:
        fronts = [batch.front for batch in batches for _ in batch.strengths]
        strengths = [float(s) for batch in batches for s in batch.strengths]
        gradients = np.empty((len(fronts), self.problem.p), np.float32)
        verdicts = score_columns(self.problem.design, R, fronts, strengths, self.team, gradients)
        facts = self._facts(fronts, E, R)
        done = 0
        for batch in batches:
            front, m = batch.front, len(batch.strengths)
            span = slice(batch.first, batch.first + m)
            mine = verdicts[span]
            # What did not converge is tried again in a shorter batch, unless it is all there is.
            slow = np.flatnonzero(batch.live)
            solved = m if len(slow) == 0 else max(int(slow[0]), int(m == 1))
            accepted = next((k for k, v in enumerate(mine) if v.violators), m)
            accepted = min(accepted, solved)
            for k in range(accepted):
                self._record(batch, k, mine[k], *(fact[batch.first + k] for fact in facts))
            before = front.reached
            kept = front.cut(accepted, self.problem.saturation)
            self._held_out(
                front, slice(front.position, front.position + kept), E[:, batch.first : batch.first + kept]
            )
            if accepted < m and mine[accepted].violators:
                front.take_violators(mine[accepted].violators, gradients[batch.first + accepted])
            if accepted:
                self.earlier[id(front)] = (
                    batch.b[accepted - 2].copy() if accepted > 1 else self.base[id(front)]
                )
                self.base[id(front)] = batch.b[accepted - 1].copy()
                if not self.by_columns:
                    front.core.keep(accepted - 1)
            front.advance(accepted, m, gradients[span])
            if batch.steps > 7:
                front.batch = max(1, front.batch // 2)
            done += (front.reached if front.live else len(front.grid)) - before
        return done

    def _facts(self, fronts: list[Front], E: np.ndarray, R: np.ndarray) -> tuple[Vector, Vector, Vector]:
        """Per column: mean loss, and the products of the weighted residuals with predictor and offset."""
        lanes = [front.lane for front in fronts]
        losses = np.empty(len(lanes))
        step = max(1, (1 << 21) // self.problem.n)  # columns whose losses fit the cache
        for start in range(0, len(lanes), step):
            part = slice(start, start + step)
            value = self.problem.loss.value(self.y, E[:, part])
            losses[part] = -np.einsum("nm,nm->m", self.minus_weights[:, lanes[part]], value)
        return losses, np.einsum("nm,nm->m", R, E), self.problem.offset @ R

    def _record(
        self, batch: Batch, k: int, verdict: Verdict, mean_loss: float, on_eta: float, on_offset: float
    ) -> None:
        front, at = batch.front, batch.front.position + k
        b, g, s = batch.b[k], batch.descent[k], batch.strengths[k]
        beta = b[self.shift :]
        l1, l2, lower, upper = front.terms.take(front.columns)
        penalty = s * float(np.abs(beta) @ np.where(np.isinf(l1), 0, l1) + 0.5 * (beta * beta) @ l2)
        primal = mean_loss + penalty
        # The dual point is c times the loss's gradient u. There loss*(u) = u eta - loss(eta), and by
        # convexity
        # loss*(c u) <= c loss*(u) + (1 - c) loss*(0): a bound from numbers at hand. Residuals are -w u.
        c = 1.0 / max(verdict.ratio, 1.0)
        conjugate = c * (-on_eta - mean_loss) + (1 - c) * self.at_rest[front.lane]
        dual = -conjugate - c * on_offset - verdict.conjugate
        loose = float(loose_ends(beta, g[self.shift :], l1, l2, lower, upper))
        if self.shift:
            loose += 2 * abs(g[0]) * (abs(b[0]) + 1)
        front.objective = max(primal, self.least[front.lane])
        # No loss is negative, so the objective itself bounds the gap (rows of one class: best is 0, at infinity).
        front.gaps[at] = min(max(primal - dual, 0.0) + loose, primal) / front.objective
        front.kkt[at] = max(batch.error[k] * min(s, self.pull[front.lane]) / s, verdict.violation)
        active = np.flatnonzero(beta)
        cols = front.columns[active]
        raw = front.terms.raw(beta[active], front.inverse, cols)
        # Z is centred by the full data where X is dense; take that out of the intercept
        centre = self.columns.mean[cols] if not self._sparse else 0.0
        front.intercepts[at] = (b[0] if self.shift else 0.0) - (
            float(raw @ centre) if not np.isscalar(centre) else 0.0
        )
        null = self.null_deviance[front.lane]
        explainable = null > self.least[front.lane]
        front.deviance_ratio[at] = (
            1 - (2 * mean_loss - self.perfect[front.lane]) / null if explainable else 0.0
        )
        front.df[at] = len(active) if not (l2 > 0).any() else np.nan
        if self.lanes[front.lane].keep:
            front.coefs.append((cols, raw))

    @property
    def _sparse(self) -> bool:
        return not isinstance(self.problem.design, Dense)

    def _held_out(self, front: Front, span: slice, eta: np.ndarray) -> None:
        target = self.scores[front.candidate][front.lane]
        for group, rows in enumerate(self.lanes[front.lane].tests):
            if span.stop > span.start:
                target[span, group] = held_out(self.problem, rows, eta[rows], self.score)

    def results(self) -> list[list[LaneResult]]:
        return [[self._result(front) for front in row] for row in self.fronts]

    def _result(self, front: Front) -> LaneResult:
        return front_result(
            self.problem, front, self.lanes[front.lane], self.scores[front.candidate][front.lane], self.tol
        )


def accelerate(batch: Batch, which: np.ndarray, start: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Anderson's mixing of depth one: steps on a stale Hessian shrink steadily, so two tell where they lead.

    Only while the support stays the same and no sign flips; a bad guess is caught by the next look at the
    gradient.
    """
    last_start, last_new, known = batch.last_start[which], batch.last_new[which], batch.mixable[which]
    batch.last_start[which], batch.last_new[which], batch.mixable[which] = start, new, True
    if not known.any():
        return new
    step = new - start
    change = step - (last_new - last_start)
    size = np.einsum("mw,mw->m", change, change)
    share = np.clip(
        np.divide(np.einsum("mw,mw->m", step, change), size, out=np.zeros_like(size), where=size > 0),
        -0.5,
        0.5,
    )
    mixed = new - share[:, None] * (new - last_new)
    good = known & (size > 0) & ((new != 0) == (last_new != 0)).all(axis=1) & (mixed * new >= 0).all(axis=1)
    return np.where(good[:, None], mixed, new)


def violations(
    B: np.ndarray, G: np.ndarray, strengths: Vector, l1: Vector, l2: Vector, lower: Vector, upper: Vector
) -> Vector:
    """Largest distance of each row of G = -gradient from the subdifferential of s * penalty at that row of B."""
    s = strengths[:, None]
    limit = s * np.where(np.isinf(l1), 0.0, l1)
    pull = G - s * l2 * B
    rest = pull - np.sign(B) * limit
    inner = np.abs(rest)
    if np.isfinite(lower).any() or np.isfinite(upper).any():
        inner = np.where((upper <= B) & (B != 0), np.maximum(-rest, 0), inner)
        inner = np.where((lower >= B) & (B != 0), np.maximum(rest, 0), inner)
    reach = np.where(pull > 0, upper > 0, lower < 0)
    outer = np.where(reach, np.maximum(np.abs(pull) - limit, 0.0), 0.0)
    return np.max(np.where(np.isinf(l1), 0.0, np.where(B == 0, outer, inner)), axis=1, initial=0.0)
