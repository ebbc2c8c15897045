r"""Multinomial lanes under a ridge alone, with many coefficients: Newton steps by conjugate gradients.

Every coefficient is in, so the Hessian on pairs of a column and a class would be (p K)^2 numbers. It is never formed: a
product with it is one product with X forward and one back. In the coordinates of :mod:`.spaces` the penalty is
``s |u|^2 / 2``, so the Hessian is at least s, and conjugate gradients need few products. A strength starts on the
parabola in its logarithm through the last three solutions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

import numpy as np

from ..._typing import Vector
from ..partial import collect, keeping
from ..problem import Lane
from ..result import LaneResult
from ..work import Work
from .frame import Frame, LaneTerms, on_lane
from .hessian import nuisance_bend, pseudo_inverse
from .look import Look, Sample, look
from .newton import check_classes, null_look, null_loss, sample_of
from .record import Record
from .spaces import Space, space_of

__all__ = ["fit_smooth", "suits_smooth"]

PAIRS = 400  # coefficients up to which a Hessian is cheaper
STEPS, SEARCHES = 60, 30  # Newton steps at a strength, halvings of one
SHARP = (
    1e-4  # share of the gap asked for: it is second order, and coefficients are to be as sharp as elsewhere,
)
MORE = 2  # for which so many steps are taken after it is small enough
FORCING = 0.1  # share of the gradient that conjugate gradients leave
PRODUCTS = 500  # of one Newton step
CURVED = 0.1  # share of the mean curvature in the preconditioner: where a strength is weak, most rows have far less


def suits_smooth(frame: Frame) -> bool:
    """Whether all that is penalised is squares, and there are too many coefficients for a Hessian."""
    form, held = frame.form, frame.held
    if len(held) * frame.outputs <= PAIRS or (form.l1[held] > 0).any() or not (form.l2[held] > 0).all():
        return False
    return bool(np.isinf(form.lower[held]).all() and np.isinf(form.upper[held]).all())


def fit_smooth(frame: Frame, grid: Vector, work: Work) -> list[LaneResult]:
    """Fit one candidate on all lanes along its grid."""
    lanes, stopped = work.lanes, Event()
    sample = sample_of(frame)
    records: dict[int, Record] = {}
    own = on_lane(frame, lanes)
    for terms in own:
        check_classes(sample, frame.problem, terms.weights)

    def job(k: int) -> LaneResult:
        walk = _Walk(frame, sample, own[k], lanes[k], grid, work)
        records[k] = walk.record
        walk.go(stopped.is_set, work.tick)
        return walk.record.result(frame.problem, work.tol)

    def so_far(_: object) -> list[LaneResult | None]:
        stopped.set()
        return [
            records[k].result(frame.problem, work.tol, True) if k in records else None
            for k in range(len(lanes))
        ]

    with keeping(so_far):
        return collect(work.team, job, range(len(lanes)))


@dataclass(eq=False)
class _Point:
    """Where a lane is: coefficients and predictors, what the rows say, and what is proved at a strength."""

    U: np.ndarray  # (K, m)
    E: np.ndarray  # (K, n)
    seen: Look
    G: np.ndarray = field(default_factory=lambda: np.empty(0))  # (K, m) scores
    gap: float = np.inf

    def objective(self, s: float) -> float:
        """At a strength."""
        return self.seen.loss + 0.5 * s * float(np.vdot(self.U, self.U))


class _Walk:
    """One lane on its way down the strengths."""

    def __init__(
        self, frame: Frame, sample: Sample, terms: LaneTerms, lane: Lane, grid: Vector, work: Work
    ) -> None:
        self.space: Space = space_of(frame, terms)
        self.frame, self.terms, self.grid, self.tol = self.space.frame, terms, grid, work.tol
        self.sample = sample if self.frame is frame else sample_of(self.frame)
        null = null_loss(frame.problem, terms.weights)
        self.record = Record(self.frame, self.sample, terms, lane, grid, work.score, work.full_df, null)
        seen = null_look(self.frame, self.sample, terms.weights)
        nothing = np.zeros((frame.outputs, len(self.space.squares)))
        self.at = _Point(nothing, np.zeros_like(self.sample.Y), seen)
        self.at.G = self.space.backward(seen.R)
        self.trail: list[tuple[float, _Point]] = []  # log strength and solution, the last three

    def go(self, stopped: Callable[[], bool], tick: Callable[[int], None]) -> None:
        """Take the lane to the end of its grid, or of its path."""
        for position, s in enumerate(self.grid):
            if stopped():
                return
            self._solve(float(s))
            self._keep(position, float(s))
            tick(1)
            if self.record.over(self.frame.problem.saturation):
                tick(len(self.grid) - position - 1)
                return

    def _keep(self, position: int, s: float) -> None:
        at, space = self.at, self.space
        B = space.coefficients(at.U)[None] if self.record.lane.keep else np.empty((1, 0, 0))
        loss, gap = np.array([at.seen.loss]), np.array([at.gap])
        kkt = np.array([space.violation(at.G - s * at.U) / s])
        self.record.keep(
            position, B, space.cols, at.seen.A[None], loss, lambda rows: at.E[None][:, :, rows], gap, kkt
        )
        self.trail = [*self.trail[-2:], (np.log(s), at)]

    # ------------------------------------------------------------ one strength

    def _solve(self, s: float) -> None:
        """Newton steps until the gap is closed, and a little further."""
        self._begin(s)
        extra = 0
        for _ in range(STEPS):
            if self.at.gap <= self.tol:
                extra += 1
                if extra > MORE or self.at.gap <= SHARP * self.tol:
                    return
            before = self.at
            self._step(s)
            if not self.at.objective(s) < before.objective(s):  # rounding has the last word
                self.at = min(before, self.at, key=lambda point: point.gap)
                return

    def _begin(self, s: float) -> None:
        """Start where the last solutions lead, if that is better than the last one."""
        if len(self.trail) > 1:
            U, E, A = self._ahead(np.log(s))
            guess = _Point(U, E, self._look(E, A))
            if guess.objective(s) < self.at.objective(s):
                guess.G = self.space.backward(guess.seen.R)
                self.at = guess
        self.at = _Point(self.at.U, self.at.E, self.at.seen, self.at.G)
        self._judge(self.at, s)

    def _ahead(self, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The polynomial in the logarithm of the strength through the last solutions."""
        times = np.array([time for time, _ in self.trail])
        share = [
            np.prod((t - np.delete(times, k)) / (own - np.delete(times, k))) for k, own in enumerate(times)
        ]
        points = [point for _, point in self.trail]

        def mixed(parts: list[np.ndarray]) -> np.ndarray:
            return sum((c * part for c, part in zip(share, parts, strict=True)), np.zeros_like(parts[0]))

        return (
            mixed([point.U for point in points]),
            mixed([point.E for point in points]),
            mixed([point.seen.A for point in points]),
        )

    def _look(self, E: np.ndarray, A: np.ndarray) -> Look:
        return look(self.sample, self.terms.weights, E, A)

    def _judge(self, point: _Point, s: float) -> None:
        """The gap: the conjugate of the penalty is ``|g|^2 / 2 s``, so that every score has a dual point."""
        seen, primal = point.seen, point.objective(s)
        dual = seen.on_offset - seen.entropy - float(np.vdot(point.G, point.G)) / (2 * s)
        size = max(primal, 1e-7 * np.log(len(point.U)))
        point.gap = min(max(primal - dual, 0.0), primal) / size if seen.feasible else primal / size

    def _step(self, s: float) -> None:
        """One Newton step, shortened until the objective falls."""
        at = self.at
        model = _Model(self.space, self.sample, self.terms.weights, at.seen, s)
        enough = 0.1 * SHARP * self.tol * 2 * s * at.objective(s)
        D, F, follows = model.solve(at.G - s * at.U, enough)
        A = at.seen.A - at.seen.t - follows
        new, length = at, 1.0
        for _ in range(SEARCHES):
            E = at.E + length * F
            new = _Point(at.U + length * D, E, self._look(E, at.seen.A + length * (A - at.seen.A)))
            if new.objective(s) <= at.objective(s) * (1 + 1e-13) + 1e-15:
                break
            length /= 2
        new.G = self.space.backward(new.seen.R)
        self._judge(new, s)
        self.at = new


class _Model:
    """The quadratic model at a point: products with its Hessian, intercepts and free columns eliminated."""

    def __init__(self, space: Space, sample: Sample, weights: Vector, seen: Look, s: float) -> None:
        self.space, self.Z, self.weights, self.P, self.s = space, sample.Z, weights, seen.P, s
        self.inverse = pseudo_inverse(nuisance_bend(self.P, weights, self.Z))
        mean = np.einsum("kn,kn,n->k", self.P, 1 - self.P, weights)
        self.scale = 1.0 / (CURVED * np.outer(mean, space.squares) + s)

    def _bent(self, T: np.ndarray) -> np.ndarray:
        """The curvatures times predictors."""
        T = T * self.P
        T -= self.P * T.sum(axis=0)
        T *= self.weights
        return T

    def product(self, D: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``H D``, the predictors of D, and how the eliminated part follows."""
        F = self.space.forward(D)
        T, a = self._bent(F), np.zeros((len(D), self.Z.shape[1]))
        if a.size:
            a = (self.inverse @ (T @ self.Z).ravel()).reshape(a.shape)
            T -= self._bent(a @ self.Z.T)
        return self.space.backward(T) + self.s * D, F, a

    def solve(self, g: np.ndarray, enough: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``H D = g`` by preconditioned conjugate gradients -> D, its predictors and what follows."""
        D, rest = np.zeros_like(g), g.copy()
        F, A = np.zeros_like(self.P), np.zeros((len(g), self.Z.shape[1]))
        limit = max(FORCING**2 * float(np.vdot(g, g)), enough)
        z = self.scale * rest
        way, size = z.copy(), float(np.vdot(rest, z))
        for _ in range(PRODUCTS):
            H, f, a = self.product(way)
            bend = float(np.vdot(way, H))
            if not bend > 0:
                break
            length = size / bend
            D += length * way
            F += length * f
            A += length * a
            rest -= length * H
            if float(np.vdot(rest, rest)) <= limit:
                break
            z = self.scale * rest
            size, before = float(np.vdot(rest, z)), size
            way *= size / before
            way += z
        return D, F, A
