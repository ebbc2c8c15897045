r"""Newton's method for one smooth problem, (1/n) sum w loss(y, eta) + s/2 sum d_j b_j^2 with every d_j > 0.

The dual point is the loss's own gradient u. With g = -X'Wu the gap is a sum over columns,

    s/2 sum d b^2 + sum g^2 / (2 s d) - b'g  =  sum (g - s d b)^2 / (2 s d),

so it is known at every look, without rounding of differences. What the intercept leaves open is closed by Newton's
method on it alone, and its last digits are paid for as in ``free_ends.py``.

A Hessian of all rows is formed about once. The steps after it bring it up to date (BFGS): a third fewer looks.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from ..._typing import Vector
from ...losses import Squared
from ..free_ends import TRUST
from .ground import Ground

__all__ = ["Descent"]

LOOKS = 30  # at the gradient, for one strength
SLOW = 0.3  # of the decrement left after a step, and more, asks for a new Hessian
CLEAR = 0.3  # of it left is progress without a look at the objective
ROUGH = 0.1  # of what a share of the rows leaves unknown anyway
CLOSINGS, HALVINGS = 6, 20
MEMORY = 8  # steps since the last Hessian
FAR = 100.0  # spreads of a column from zero, beyond which nothing may be left uncentred
ROUNDING = 1e-3  # of norms that are read off a Hessian in float32


class Descent:
    """The point of one lane, with its gradient; strengths follow each other."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        level = ground.loss.null_eta(ground.y, ground.weights, ground.offset) if ground.intercept else 0.0
        self.b, self.level = np.zeros(ground.X.shape[1]), float(level)
        self.eta = self.null_eta = ground.offset + self.level
        self.largest = np.inf  # the objective is at most that
        self.single = len(ground.X) > 20 * len(self.b) >= 2000
        self.hessian: np.ndarray | None = None
        self.factor: tuple[np.ndarray, bool] | None = None
        self.steps: list[tuple[Vector, Vector]] = []  # since the Hessian, and how the gradient fell

    @cached_property
    def null_loss(self) -> float:
        """Of the intercept alone."""
        return self._loss(self.null_eta)

    def solve(self, strength: float, tol: float, least: float) -> bool:
        """Move to the solution at a strength, as far as digits go; False where this is not the way to it.

        ``tol`` is of the objective, or of ``least`` where that is larger.
        """
        if self.hessian is None:
            self._guess(strength)
        else:
            self._factorise(strength)
        self._look()
        self.largest, fresh = min(self.largest, self.null_loss), False
        for _ in range(LOOKS):
            if self._solved(strength, tol, least):
                return True
            if self.factor is None:
                self._renew(strength)
                if self.far or self.factor is None:
                    return False
                fresh = True
            left = self._step(strength)
            if left > SLOW:
                if fresh and left >= 1 and not self.single:
                    break
                self.single &= not fresh
                self.factor = None
            fresh = False
        self.largest = self.objective(strength)
        self._close()
        return True

    def gap(self, strength: float) -> float:
        """Of the objective where we are, not over its size."""
        ground, pull = self.ground, self.pull(strength)
        hold = strength * ground.ridge
        found = float((pull * pull / (2 * hold)).sum())
        return found + self._open(hold) if ground.intercept else found

    def objective(self, strength: float) -> float:
        """Loss and penalty where we are."""
        return self._objective(self.eta, self.b, strength)

    def pull(self, strength: float) -> Vector:
        """Minus the gradient of the objective, (p,)."""
        return self.g - strength * self.ground.ridge * self.b

    # ------------------------------------------------------------------ moves

    def _guess(self, strength: float) -> None:
        """Begin at the solution of a share of the rows, unless the null model is better."""
        few = None if isinstance(self.ground.loss, Squared) else self.ground.share()
        if few is None:
            return
        own = Descent(few)
        own._rough(strength, ROUGH * few.X.shape[1] / len(few.X))
        before = self.b, self.level, self.eta
        self._move(own.b, own.level)
        if not self.objective(strength) < self.null_loss:
            self.b, self.level, self.eta = before

    def _rough(self, strength: float, enough: float) -> None:
        """A few steps, each on a Hessian of its own, until Newton's decrement is small."""
        self._look()
        for _ in range(LOOKS // 3):
            self._renew(strength)
            promised = self._direction(self._whole_pull(strength))[1]
            if not enough < promised < np.inf:
                return
            left = self._step(strength)
            if left >= 1 or left * promised <= enough:
                return

    def _whole_pull(self, strength: float) -> Vector:
        """Minus the gradient of the objective, [intercept, columns]."""
        return np.concatenate([np.atleast_1d(self.r.sum())[: self.ground.shift], self.pull(strength)])

    def _direction(self, pull: Vector) -> tuple[Vector, float]:
        """Where the model leads, and the decrement that it promises.

        The model is the last Hessian, brought up to date by the steps since (BFGS, in two loops).
        """
        if self.factor is None:
            return np.zeros(0), np.inf
        q, shares = pull.copy(), []
        for step, change in reversed(self.steps):
            shares.append(float(step @ q) / float(step @ change))
            q -= shares[-1] * change
        move = cho_solve(self.factor, q, check_finite=False)
        for (step, change), share in zip(self.steps, reversed(shares), strict=True):
            move += (share - float(change @ move) / float(step @ change)) * step
        return move, float(move @ pull)

    def _step(self, strength: float) -> float:
        """One step -> the share of the decrement that it leaves; at least 1 where it leads nowhere."""
        s, pull = self.ground.shift, self._whole_pull(strength)
        move, promised = self._direction(pull)
        if not 0 < promised < np.inf:
            return np.inf
        b, level, eta = self.b, self.level, self.eta
        here, known = None, self.steps
        for halving in range(HALVINGS):
            step = 0.5**halving * move
            self._move(b + step[s:], level + float(step[:s].sum()))
            self._look()
            left = self._learn(step, pull, strength) / promised
            if left <= CLEAR:  # else look at the objective
                return left
            here = self._objective(eta, b, strength) if here is None else here
            if self.objective(strength) <= here * (1 + 1e-12) + 1e-300:
                return left if left < 1 else 0.99
            self.steps = known
        self.b, self.level, self.eta = b, level, eta
        self._look()
        return np.inf

    def _learn(self, step: Vector, before: Vector, strength: float) -> float:
        """Note a step and what it did to the gradient -> the decrement where it led."""
        now = self._whole_pull(strength)
        change = before - now
        curved = float(step @ change)
        if not curved > 0:
            return np.inf
        found = self._direction(now)[1]  # by the model that made the step
        self.steps = [*self.steps, (step, change)][-MEMORY:]
        return found

    def _move(self, b: Vector, level: float) -> None:
        self.b, self.level = b, level
        self.eta = self.ground.X @ b
        self.eta += self.ground.offset + level

    def _look(self) -> None:
        """The gradient where we are."""
        ground = self.ground
        self.r = -ground.weights * ground.loss.gradient(ground.y, self.eta)
        self.g = self.r @ ground.X

    def _renew(self, strength: float) -> None:
        self.hessian = self.ground.hessian(self.eta, self.single)
        self.bent_at = self.eta
        self._factorise(strength)

    @property
    def far(self) -> bool:
        """Whether a column, as the last Hessian weighs it, is constant, or too far from zero to stay uncentred."""
        if self.hessian is None or not np.isfinite(self.hessian).all():
            return True
        if not self.ground.intercept:
            return False
        mean, square = (
            self.hessian[0, 1:] / self.hessian[0, 0],
            np.diag(self.hessian)[1:] / self.hessian[0, 0],
        )
        return bool((mean**2 > FAR**2 * (square - mean**2)).any())

    @property
    def norms(self) -> Vector:
        """No less than the weighted norms of the columns about zero, read off the last Hessian, (p,)."""
        assert self.hessian is not None
        lowest = float(self.ground.bends(self.bent_at).min())
        return np.sqrt(np.diag(self.hessian)[self.ground.shift :] / lowest) * (1 + ROUNDING)

    def _factorise(self, strength: float) -> None:
        self.steps = []
        assert self.hessian is not None
        H = self.hessian.copy()
        at = np.arange(self.ground.shift, len(H))
        H[at, at] += strength * self.ground.ridge
        try:
            self.factor = cho_factor(H, lower=True, overwrite_a=True)
        except (np.linalg.LinAlgError, ValueError):
            self.factor = None

    # ------------------------------------------------------------------ proof

    def _solved(self, strength: float, tol: float, least: float) -> bool:
        """Whether the gap is small, the intercept closed."""
        found = float((self.pull(strength) ** 2 / (2 * strength * self.ground.ridge)).sum())
        if self.hessian is None or not found <= tol * max(self.largest, least):
            return False
        self.largest = self.objective(strength)
        if not found <= tol * max(self.largest, least):
            return False
        self._close()
        return self.gap(strength) <= tol * max(self.largest, least)

    def _close(self) -> None:
        """Make the intercept's score rounding, by Newton's method on it alone."""
        ground = self.ground
        level = self.level
        for _ in range(CLOSINGS if ground.intercept else 0):
            open_ = float(self.r.sum())
            if abs(open_) <= 1e-15 * float(np.abs(self.r).sum()):
                break
            bend = float(ground.weights @ ground.loss.curvature(ground.y, self.eta))
            if not bend > 0:
                break
            self.level += open_ / bend
            self.eta += open_ / bend
            self.r = -ground.weights * ground.loss.gradient(ground.y, self.eta)
        if self.level != level:
            self.g = self.r @ ground.X

    def _open(self, hold: Vector) -> float:
        """What the rest of the intercept's score costs, see ``free_ends.py``; norms are about zero."""
        ground, open_ = self.ground, abs(float(self.r.sum()))
        bends = ground.loss.pliancy(ground.y, self.eta)
        bend = float(ground.weights @ bends)
        if not open_ <= TRUST * bend:
            return np.inf
        bound = ground.loss.curvature_bound or float(bends[ground.weights > 0].max())
        own = open_ / np.sqrt(bend) if open_ else 0.0
        moved = np.sqrt(bound) * own
        norm = self.norms
        room = float((norm**2 / (2 * hold)).sum())
        conjugate = float((self.g**2 / (2 * hold)).sum())
        more = 2 * moved * np.sqrt(conjugate * room) + moved**2 * room
        return float(more + moved * (np.abs(self.b) @ norm) + own**2 + open_ * abs(self.level))

    def _objective(self, eta: Vector, b: Vector, strength: float) -> float:
        return self._loss(eta) + 0.5 * strength * float(self.ground.ridge @ (b * b))

    def _loss(self, eta: Vector) -> float:
        return float(self.ground.weights @ self.ground.loss.value(self.ground.y, eta))
