r"""The Cox partial likelihood of one lane, prepared once: sorted rows, tie groups, risk sets.

With row weights w (any positive sum; the engine's sum to one), event times g, D_g the events at g, W_g their weight and
S_g the sum of w_j exp(eta_j) over the rows at risk, the value is

    f(eta) = sum_k m_k log(T_k / c_k) - sum_events w_i eta_i,        T_k = S_g - theta_k sum_{D_g} w_j exp(eta_j)

Breslow has one term k a time (m = W_g, theta = 0), Efron one an event (m = W_g / d, theta = 0, 1/d, ..., (d - 1)/d).
The constants c_k make the best that could be reached, everybody's event foretold, exactly 0: so f >= 0 is half the
deviance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..errors import InputError
from ._risk_sets import Nested, risk_sets
from ._survival_target import EVENT, START, STOP, STRATUM

__all__ = ["WIDEST", "At", "PartialLikelihood"]

WIDEST = 600.0  # range of eta beyond which exp leaves float64, and logarithms are added instead


@dataclass(frozen=True, eq=False)
class At:
    """What is known at some predictors (r, m): sums, their terms."""

    v: np.ndarray  # (r, m) w exp(eta - highest)
    terms: np.ndarray  # (K, m) T_k, with the same factor
    value: Vector  # (m,)
    expected: np.ndarray  # (r, m) the derivative of the sum of logs: expected events
    highest: Vector  # (m,)
    log_v: np.ndarray  # (r, m) the logarithms of v
    wide: np.ndarray  # (m,) whether eta is too wide for v and terms, which then are approximations


class PartialLikelihood:
    """One lane's; all vectors are in its own order of rows, ``rows``."""

    def __init__(self, y: np.ndarray, weights: Vector, efron: bool) -> None:
        used = np.flatnonzero(weights > 0)
        if not (y[used, EVENT] > 0).any():
            raise InputError(
                "A training set has no event: all its rows with a positive weight are censored, so nothing can be "
                "learned from it. Use fewer folds, or folds that spread the events."
            )
        keys, group_of, first, last = _event_times(y[used])
        order = np.argsort(last, kind="stable")
        self.rows, group_of, first, last = used[order], group_of[order], first[order], last[order]
        self.times, self.strata = keys[:, 1], keys[:, 0]
        self.weights = weights[self.rows]
        self.log_weights = np.log(self.weights)
        self.groups = len(keys)
        self.first, self.last = first, last
        self.sets = risk_sets(first, last, self.groups)
        self.events = np.flatnonzero(group_of >= 0)
        self.events = self.events[np.argsort(group_of[self.events], kind="stable")]
        self.group_of = group_of[self.events]
        self.starts = np.searchsorted(self.group_of, np.arange(self.groups))
        self.event_weight = np.zeros(len(self.rows))
        self.event_weight[self.events] = self.weights[self.events]
        self._terms(efron)

    def _terms(self, efron: bool) -> None:
        mass = np.add.reduceat(self.weights[self.events], self.starts)
        count = np.diff(np.append(self.starts, len(self.events)))
        self.efron = efron and bool((count > 1).any())
        log_best, self.theta = np.log(mass), np.zeros(self.groups)
        if self.efron:
            self.group_of_term = np.repeat(np.arange(self.groups), count)
            rank = np.arange(len(self.events)) - self.starts[self.group_of_term]
            self.theta = rank / count[self.group_of_term]
            log_best = (np.log(mass)[self.group_of_term]) + np.log1p(-self.theta)
            mass = (mass / count)[self.group_of_term]
        # What events add to the sum of logarithms by their own weights is taken off with the rest.
        self.mass, self.best = mass, float(mass @ log_best - self.event_weight @ self.log_weights)

    @property
    def nested(self) -> bool:
        """Whether all rows are at risk from the beginning, and sorted by the time they leave."""
        return isinstance(self.sets, Nested)

    @property
    def layout(self) -> tuple[np.ndarray, ...]:
        """(first, last, events, where each time's events begin, and its terms), the latter two with their ends."""
        events = np.append(self.starts, len(self.events))
        return (
            self.first,
            self.last,
            self.events,
            events,
            events if self.efron else np.arange(self.groups + 1),
        )

    # ------------------------------------------------------------------ values and slopes

    def at(self, eta: np.ndarray) -> At:
        """Everything at predictors (r, m)."""
        highest = eta.max(axis=0)
        away = eta - highest
        away += self.log_weights[:, None]
        wide = away.min(axis=0) < -WIDEST
        v = np.exp(np.maximum(away, -WIDEST) if wide.any() else away)
        terms = self.sets.sums(v)
        if self.efron:
            own = np.add.reduceat(v[self.events], self.starts, axis=0)
            terms = terms[self.group_of_term] - self.theta[:, None] * own[self.group_of_term]
        value = self.mass @ np.log(terms) - self.event_weight @ away - self.best
        rate = self.mass[:, None] / terms
        tied = None
        if self.efron:
            tied = np.add.reduceat(self.theta[:, None] * rate, self.starts, axis=0)
            rate = np.add.reduceat(rate, self.starts, axis=0)
        expected = self.sets.spread(rate)
        if tied is not None:
            expected[self.events] -= tied[self.group_of]
        expected *= v
        for k in np.flatnonzero(wide):
            value[k], expected[:, [k]], _ = self._by_logarithms(away[:, [k]])
        return At(v, terms, np.maximum(value, 0.0), expected, highest, away, wide)

    def _by_logarithms(self, log_v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Value, expected events (r, 1) and log hazards (G, 1) at one predictor, however wide it is."""
        log_terms = self.sets.log_sums(log_v)
        if self.efron:
            own = np.logaddexp.reduceat(log_v[self.events], self.starts, axis=0)
            share = self.theta[:, None] * np.exp(own - log_terms)[self.group_of_term]
            log_terms = log_terms[self.group_of_term] + np.log1p(-share)
        value = float(self.mass @ log_terms[:, 0] - self.event_weight @ log_v[:, 0] - self.best)
        log_rate = np.log(self.mass)[:, None] - log_terms
        if not self.efron:
            return value, np.exp(log_v + self.sets.log_spread(log_rate)), log_rate
        with np.errstate(divide="ignore"):
            tied = np.logaddexp.reduceat(np.log(self.theta)[:, None] + log_rate, self.starts, axis=0)
        log_rate = np.logaddexp.reduceat(log_rate, self.starts, axis=0)
        expected = np.exp(log_v + self.sets.log_spread(log_rate))
        expected[self.events] -= np.exp(log_v[self.events] + tied[self.group_of])
        return value, np.maximum(expected, 0.0), log_rate

    def log_hazard(self, eta: Vector) -> Vector:
        """Logarithms of the baseline hazard at the event times, (G,), at one predictor (r,)."""
        at = self.at(eta[:, None])
        return np.asarray(self._by_logarithms(at.log_v)[2][:, 0] - at.highest[0])

    def value(self, eta: np.ndarray) -> Vector:
        """Half the deviance of the columns of eta (r, m), per unit of weight."""
        return self.at(eta).value

    def gradient(self, at: At) -> np.ndarray:
        """Derivative with respect to eta, (r, m)."""
        return at.expected - self.event_weight[:, None]

    # ------------------------------------------------------------------ curvature at one predictor

    def bend(self, at: At, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Parts (P, Q) of the Hessian ``P'P - Q'Q`` on the columns of Z (r, w), at the one predictor of ``at``.

        Where that is too wide and risk sets are not nested, Q is left out: P'P is a bound on the Hessian. Where they
        are, ties are taken as Breslow's: a Hessian only steers.
        """
        P = np.multiply(Z, np.sqrt(at.expected), order="F")
        if at.wide[0]:
            if not isinstance(self.sets, Nested):
                return P, np.zeros((0, Z.shape[1]))
            root = np.sqrt(np.add.reduceat(self.weights[self.events], self.starts))
            return P, root[:, None] * self.sets.means(at.log_v, Z)
        pull = self.sets.sums(np.multiply(Z, at.v, order="F"))
        if self.efron:
            own = np.add.reduceat(Z[self.events] * at.v[self.events], self.starts, axis=0)
            pull = pull[self.group_of_term] - self.theta[:, None] * own[self.group_of_term]
        pull *= np.sqrt(self.mass)[:, None] / at.terms
        return P, pull

    def hessian(self, at: At, Z: np.ndarray) -> np.ndarray:
        """``Z' H Z`` at the one predictor of ``at``."""
        P, Q = self.bend(at, Z)
        return np.asarray(P.T @ P - Q.T @ Q)

    def hessian_times(self, at: At, t: Vector) -> Vector:
        """``H t``, (r,), at the one predictor of ``at``, which must not be too wide."""
        pull = self.sets.sums(at.v * t[:, None])
        if self.efron:
            own = np.add.reduceat((at.v[:, 0] * t)[self.events], self.starts)[:, None]
            pull = pull[self.group_of_term] - self.theta[:, None] * own[self.group_of_term]
        rate = self.mass[:, None] * pull / at.terms**2
        if not self.efron:
            return np.asarray(at.expected[:, 0] * t - at.v[:, 0] * self.sets.spread(rate)[:, 0])
        tied = np.add.reduceat(self.theta[:, None] * rate, self.starts, axis=0)
        shared = self.sets.spread(np.add.reduceat(rate, self.starts, axis=0))
        shared[self.events] -= tied[self.group_of]
        return np.asarray(at.expected[:, 0] * t - at.v[:, 0] * shared[:, 0])


def _event_times(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distinct (stratum, event time), and for every row its event's place among them (-1: none), first and last."""
    stratum, event = y[:, STRATUM], y[:, EVENT] > 0
    labels, codes = np.unique(stratum, return_inverse=True)
    moments, when = np.unique(y[:, STOP], return_inverse=True)
    width = len(moments) + 1
    keys = np.unique(codes[event] * width + when[event])
    group_of = np.where(event, np.searchsorted(keys, codes * width + when), -1)
    last = np.searchsorted(keys, codes * width + when, side="right")
    entered = np.searchsorted(moments, y[:, START], side="right")  # moments up to the start are over
    first = np.searchsorted(keys, codes * width + entered)
    first = np.minimum(first, last)
    return np.column_stack([labels[keys // width], moments[keys % width]]), group_of, first, last
