r"""What the intercept and unpenalised columns leave open in a certificate, whatever their scale.

Their conjugate is infinite unless their scores are exactly zero, and they never are. A bound of the kind |score| times
|coefficient| says nothing about a coefficient that still is zero, and a column in small units has small scores however
wrong its coefficient is. So the dual point itself is made feasible: with F the free columns (and the intercept), u the
loss's gradient, W the row weights, V the loss's pliancy at eta (1 for the squared loss, the curvature for every smooth
one), it becomes

    u' = u - V F d,     d = (F'WVF)^-1 F'Wu,     so that F'Wu' = 0 exactly.

With e^2 = (F'Wu)' d and t = F d, everything that changes is bounded by e:

* every other score moves by at most |z_j|_WV |t|_WV <= k |z_j| e, where k^2 bounds the curvature (Cauchy-Schwarz);
* the loss's conjugate grows by <V t, eta> and a second-order part of at most e^2 (squared: e^2 / 2; logistic:
  probabilities p + p (1 - p) t stay in [0, 1] and the conjugate's curvature within twice that at p for |t| <= 1/2; so
  it is for every loss whose curvature changes at most as fast as itself, |V'| <= V, as Poisson's exp);
* <V t, eta> splits into F's own part, scores times coefficients, and at most k e sum_j |b_j| |z_j| of the others.

The scores' moves then cost: a factor 1 + k e max |z_j| / (s l1_j) by which the dual point is shrunk (after which no
l1 column counts more than before), (sqrt(conj) + k e sqrt(sum |z_j|^2 / (2 s l2_j)))^2 in place of conj for pure ridge
columns, and k e sum |bound_j| |z_j| for columns that are only bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from .._typing import Vector
from ..designs import Dense, Design
from ..losses import Squared
from .front import Front
from .problem import Problem
from .standard import Terms

__all__ = ["FreeEnds", "Room", "Span", "moved_by_gram"]

Numbers = TypeVar("Numbers", float, Vector)
NOWHERE = np.empty(0, np.int64)
SPAN_BYTES = 256e6  # of spans kept for later strengths
ROUNDING = 1e-14  # of X itself: directions of the free columns below this share of the largest are not there
TRUST = 0.5  # how far a predictor may move for the conjugate's curvature to be known, see Loss.pliancy


@dataclass(frozen=True, slots=True)
class Room:
    """How much moved scores can cost a lane: sums over its columns at strength one."""

    sharp: float  # max |z| / l1
    round: float  # sum |z|^2 / (2 l2) where there is no l1 part
    flat: float  # sum |bound| |z| where bounds are all there is
    any: bool  # whether a column is unpenalised

    @classmethod
    def of(cls, terms: Terms, norm: Vector) -> Room:
        """``norm`` (p,) are the columns' weighted norms on the penalised scale."""
        l1, l2, lower, upper = terms.arrays
        alive = np.isfinite(l1) & ((lower < 0) | (upper > 0))
        sharp, ridge = alive & (l1 > 0), alive & (l1 == 0) & (l2 > 0)
        bound = np.maximum(-lower, upper)
        flat = alive & (l1 == 0) & (l2 == 0) & np.isfinite(bound)
        return cls(
            float(np.max(norm[sharp] / l1[sharp], initial=0.0)),
            float((norm[ridge] ** 2 / (2 * l2[ridge])).sum()),
            float((bound[flat] * norm[flat]).sum()),
            bool((alive & (l1 == 0) & (l2 == 0)).any()),
        )

    def open(
        self, moved: Numbers, strengths: Numbers, ratio: Numbers, conjugate: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Largest |g| / (s l1) and sum of conjugates as they count where scores have moved; ``moved`` is k e."""
        if not np.ndim(moved) and (moved == 0 or np.isinf(moved)):
            return cast(
                "Numbers", np.maximum(ratio, 1.0)
            ), conjugate  # what is not known counts as a cost of its own
        moved = cast("Numbers", np.where(np.isinf(moved), 0.0, moved))
        shrunk = cast("Numbers", np.maximum(ratio, 1.0) * self._shrink(moved, strengths))
        return shrunk, self._conjugate(conjugate, moved, strengths)

    def _shrink(self, moved: Numbers, strengths: Numbers) -> Numbers:
        return cast("Numbers", 1 + moved * self.sharp / strengths)

    def _conjugate(self, found: Numbers, moved: Numbers, strengths: Numbers) -> Numbers:
        root = np.sqrt(found) + moved * np.sqrt(self.round / strengths)
        return cast("Numbers", root * root + moved * self.flat)


@dataclass(frozen=True, eq=False)
class Span:
    """An orthonormal basis (under the row weights) of the free columns of a lane, on its rows of positive weight."""

    rows: np.ndarray
    weights: Vector
    basis: np.ndarray  # (rows, r)

    @classmethod
    def of(cls, front: Front, design: Design, columns: np.ndarray, intercept: bool) -> Span:
        """The span of some columns, and of the intercept."""
        rows = np.flatnonzero(front.weights)
        w, root = front.weights[rows], np.sqrt(front.weights[rows])
        mean, inverse = front.mean[columns], front.inverse[columns]
        if isinstance(design, Dense):
            Z = design.gather(rows, columns, mean, inverse, root)
        else:
            Z = root[:, None] * (design.matmat(columns, np.eye(len(columns)))[rows] - mean)
        size = np.sqrt((Z * Z).sum(axis=0))
        Z = Z / np.where(size > 0, size, 1.0)
        if intercept:
            Z = np.column_stack([root, Z])
        left, values, _ = np.linalg.svd(Z, full_matrices=False)
        kept = values > ROUNDING * values.max(initial=0.0)
        return cls(rows, w, left[:, kept] / root[:, None])

    def open(self, R: Vector, bend: Vector | None) -> float:
        """E for weighted residuals R = -W u (n,); ``bend`` (n,) is V, None for the squared loss. inf: not known."""
        g = self.basis.T @ R[self.rows]
        if bend is None or not g.any():
            return float(np.sqrt(g @ g))
        H = (self.basis.T * (self.weights * bend[self.rows])) @ self.basis
        values, vectors = np.linalg.eigh(H)
        if not values[0] > 0:
            return np.inf
        turned = vectors.T @ g
        t = self.basis @ (vectors @ (turned / values))
        return float(np.sqrt(turned @ (turned / values))) if np.abs(t).max() <= TRUST else np.inf


class FreeEnds:
    """What is open at the solutions of one fit; the spans of its lanes are built when they are first asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        bound = problem.loss.curvature_bound
        self._steep = 1.0 if isinstance(problem.loss, Squared) else np.sqrt(bound) if bound else None
        self._rooms: dict[int, Room] = {}
        self._spans: OrderedDict[tuple[int, bytes], Span] = OrderedDict()

    def steep(self, front: Front, eta: Vector, top: float = np.nan) -> float:
        """K: the root of a bound on the curvatures, or of the largest at the predictor ``eta`` where there is none.

        ``top`` is that, where it is known.
        """
        if self._steep is not None:
            return self._steep
        if not np.isnan(top):
            return float(np.sqrt(top))
        return float(np.sqrt(self.problem.loss.pliancy(self.problem.y, eta)[front.weights > 0].max()))

    def moved(
        self, front: Front, G: Vector, R: Vector, eta: Vector, bend: float = np.nan, steep: float = 1.0
    ) -> float:
        """K e of a solution: G are the scores of the working set, R the weighted residuals, both on the lane's scale.

        For losses other than the squared ``eta`` is the predictor, ``bend`` the mean of the curvatures and ``steep`` k.
        """
        if not self.room(front).any:
            return steep * self._open(front, NOWHERE, R, eta, bend)

        def open_(places: np.ndarray) -> float:
            return steep * self._open(front, front.columns[places], R, eta, bend)

        return settle(G, front.norm[front.columns], front.terms.take(front.columns), open_)

    def moved_by_intercept(self, totals: Vector, bend: Vector, steep: Vector) -> Vector:
        """The same for several solutions, where only the intercept may be open; ``totals`` are sums of residuals."""
        if isinstance(self.problem.loss, Squared) or not self.problem.fit_intercept:
            return np.zeros(len(totals))
        open_ = np.abs(totals)
        known = open_ <= TRUST * bend
        return np.where(known, steep * open_ / np.sqrt(np.where(known & (bend > 0), bend, 1.0)), np.inf)

    def costs(self, front: Front, B: np.ndarray, G: np.ndarray, moved: Vector, steep: Vector) -> Vector:
        """:meth:`cost` of every row of B and G."""
        if self.room(front).any:
            rows = zip(B, G, moved, steep, strict=True)
            return np.array([self.cost(front, b, g, float(m), float(k)) for b, g, m, k in rows])
        near = np.where(np.isinf(moved), 0.0, moved)
        cost = near * (np.abs(B) @ front.norm[front.columns]) + (near / steep) ** 2
        return np.where(np.isinf(moved), np.inf, cost)

    def cost(self, front: Front, b: Vector, G: Vector, moved: float, steep: float = 1.0) -> float:
        """What the gap gains beside the dual point: scores times coefficients, and what others have moved."""
        if moved == 0 or np.isinf(moved):
            return moved
        norm = front.norm[front.columns]
        if not self.room(front).any:
            return moved * float(np.abs(b) @ norm) + (moved / steep) ** 2
        free = open_columns(G, moved * norm, *front.terms.take(front.columns))
        size = np.abs(b)
        on_others = float(size @ norm - size[free] @ norm[free])
        return float(size[free] @ np.abs(G[free])) + moved * on_others + (moved / steep) ** 2

    def room(self, front: Front) -> Room:
        """How much moved scores cost on a front."""
        if id(front) not in self._rooms:
            self._rooms[id(front)] = Room.of(front.terms, front.norm)
        return self._rooms[id(front)]

    def _open(self, front: Front, columns: np.ndarray, R: Vector, eta: Vector, bend: float) -> float:
        squared = isinstance(self.problem.loss, Squared)
        if len(columns):
            V = None if squared else self.problem.loss.pliancy(self.problem.y, eta)
            return self._span(front, columns).open(R, V)
        if squared or not self.problem.fit_intercept:
            return 0.0  # the residuals of the squared loss are centred exactly
        total = abs(float(R.sum()))
        if total <= TRUST * bend:
            return total / np.sqrt(bend) if total else 0.0
        return np.inf

    def _span(self, front: Front, columns: np.ndarray) -> Span:
        key = (front.lane, columns.tobytes())
        if key not in self._spans:
            self._spans[key] = Span.of(front, self.problem.design, columns, self.problem.fit_intercept)
        self._spans.move_to_end(key)
        while len(self._spans) > 1 and sum(span.basis.nbytes for span in self._spans.values()) > SPAN_BYTES:
            self._spans.popitem(last=False)
        return self._spans[key]


def moved_by_gram(gram: np.ndarray, terms: Terms, G: np.ndarray, norm: Vector, yy: float) -> Vector:
    """E of every row of scores G (L, p) of the squared loss, from the Gram matrix alone.

    Of directions in which the free columns agree to rounding nothing is known but that their scores should be rounding.
    """
    spectra: dict[bytes, tuple[Vector, np.ndarray]] = {}

    def spectrum(places: np.ndarray) -> tuple[Vector, np.ndarray]:
        key = places.tobytes()
        if key not in spectra:
            scale = np.where(norm[places] > 0, norm[places], 1.0)
            spectra[key] = np.linalg.eigh(gram[np.ix_(places, places)] / np.outer(scale, scale))
        return spectra[key]

    def open_(g: Vector) -> Callable[[np.ndarray], float]:
        def e(places: np.ndarray) -> float:
            if len(places) == 0:
                return 0.0
            values, vectors = spectrum(places)
            turned = vectors.T @ (g[places] / np.where(norm[places] > 0, norm[places], 1.0))
            known = values > 1e-15 * len(places) * values[-1]
            if (np.abs(turned[~known]) > ROUNDING * np.sqrt(yy)).any():
                return np.inf
            return float(np.sqrt((turned[known] ** 2 / values[known]).sum()))

        return e

    return np.array([settle(g, norm, terms.arrays, open_(g)) for g in G])


def settle(
    G: Vector,
    norm: Vector,
    terms: tuple[Vector, Vector, Vector, Vector],
    open_: Callable[[np.ndarray], float],
) -> float:
    """K e, where ``open_`` gives it for the places that are free: those that a moved score may set free are so too."""
    sure = np.zeros(len(G))
    while True:
        places = open_columns(G, sure, *terms)
        moved = open_(places)
        if moved == 0 or np.isinf(moved):
            return moved
        # A score that presses against a bound must go on doing so where it has moved.
        sure = np.where(np.abs(G) <= moved * norm, np.inf, sure)
        if len(open_columns(G, sure, *terms)) == len(places):
            return moved


def open_columns(G: Vector, sure: Vector, l1: Vector, l2: Vector, lower: Vector, upper: Vector) -> np.ndarray:
    """Places of unpenalised columns without a bound where their score pushes; one below ``sure`` may push anywhere."""
    ends = np.where(sure < G, upper, np.where(-sure > G, lower, np.where(np.isinf(upper), upper, lower)))
    return np.flatnonzero((l1 == 0) & (l2 == 0) & np.isinf(ends))
