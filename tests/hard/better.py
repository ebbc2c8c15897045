"""The other side of a proof: a better point. No certificate may stand beside a point that is clearly beaten.

Columns are centred and divided by their spread in long double, so that every coordinate of the equivalent problem
is near one: weights of the penalty and bounds take the scale instead. There coordinate descent inside Newton's method
finds the optimum without difficulty, and all objectives are computed in long double. A point that is found is
feasible, so a lower objective *is* a proof that the other is not optimal; there are no false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.hard.truth import Long, Task

FLOOR = Long(1e-12)  # of the null objective: an objective below is zero, as the engine counts


@dataclass(frozen=True)
class Rescaled:
    """A task in coordinates near one: ``[1, Z]`` with an unpenalised first column where there is an intercept."""

    task: Task
    weight: np.ndarray
    Z: np.ndarray  # (n, k)
    l1: np.ndarray
    l2: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    alive: np.ndarray
    mean: np.ndarray  # long double
    spread: np.ndarray
    offset: np.ndarray

    @classmethod
    def of(cls, task: Task) -> Rescaled:
        X = task.X.astype(Long)
        n, p = X.shape
        w = np.ones(n, Long) if task.weight is None else task.weight.astype(Long)
        w = w / w.sum()
        about = w @ X
        sd = np.sqrt(w @ (X - about) ** 2)
        sd = np.where(sd > 1e-15 * np.abs(about), sd, 0)  # the digits of a mean are no spread
        l1, l2, low, high = (
            np.broadcast_to(np.asarray(v, float), p).astype(Long)
            for v in (task.l1, task.l2, task.lower, task.upper)
        )
        size = sd if task.intercept else np.sqrt(w @ X**2)
        alive = np.isfinite(l1) & (size > 0)
        mean = about * task.intercept
        size, penal = size[alive], (sd[alive] if task.standardize else np.ones(alive.sum(), Long))
        penal = np.where(penal > 0, penal, 1)
        k = int(task.intercept)
        pad = np.zeros(k, Long)
        Z = np.column_stack([np.ones((n, k), Long), (X[:, alive] - mean[alive]) / size])
        return cls(
            task,
            w,
            Z,
            np.concatenate([pad, l1[alive] * penal / size]),
            np.concatenate([pad, l2[alive] * (penal / size) ** 2]),
            np.concatenate([pad - np.inf, low[alive] * size]),
            np.concatenate([pad + np.inf, high[alive] * size]),
            alive,
            mean,
            size,
            np.zeros(n, Long) if task.offset is None else task.offset.astype(Long),
        )

    def place(self, coef: np.ndarray, intercept: float) -> np.ndarray:
        """The coordinates of a solution that is given on the scale of X."""
        b, k = coef.astype(Long), int(self.task.intercept)
        # what lies outside the bounds by rounding is put on them
        inside = np.clip(b[self.alive] * self.spread, self.lower[k:], self.upper[k:])
        level = Long(intercept) + self.mean @ b
        return np.concatenate([np.full(k, level), inside])

    def value(self, s: float, b: np.ndarray) -> Long:
        eta = self.offset + self.Z @ b
        y = self.task.y.astype(Long)
        if self.task.loss == "squared":
            loss = self.weight @ (y - eta) ** 2 / 2
        else:
            loss = self.weight @ (np.log1p(np.exp(-abs(eta))) + np.where(eta > 0, (1 - y) * eta, -y * eta))
        return loss + Long(s) * (self.l1 @ abs(b) + self.l2 @ b**2 / 2)

    def null(self) -> Long:
        y, w = self.task.y.astype(Long) - self.offset, self.weight
        if self.task.loss == "squared":
            return w @ (y - w @ y * self.task.intercept) ** 2 / 2
        return Long(np.log(2))

    def model(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Minus the gradient and the Hessian of the loss."""
        eta, y = self.offset + self.Z @ b, self.task.y.astype(Long)
        if self.task.loss == "squared":
            pull, bend = y - eta, np.ones(len(y), Long)
        else:
            small = np.exp(-abs(eta))
            mu = np.where(eta > 0, 1, small) / (1 + small)
            nu = np.where(eta > 0, small, 1) / (1 + small)
            pull, bend = y * nu - (1 - y) * mu, mu * nu
        return self.Z.T @ (self.weight * pull), (self.Z.T * (self.weight * bend)) @ self.Z

    def improve(self, s: float, b: np.ndarray, steps: int = 40) -> np.ndarray:
        """Newton's method with halving; the small problem by coordinate descent."""
        best = self.value(s, b)
        for _ in range(steps):
            pull, H = self.model(b)
            new = _small(H, pull + H @ b, s * self.l1, s * self.l2, self.lower, self.upper, b)
            length, gained = Long(1), False
            while length > 1e-6:
                there = b + length * (new - b)
                value = self.value(s, there)
                if value < best:
                    gained = best - value > 1e-13 * best
                    b, best = there, value
                    break
                length /= 2
            if not gained:
                break
        return b


def _small(H, c, l1, l2, lower, upper, start):  # type: ignore[no-untyped-def]
    b, g = start.copy(), c - H @ start
    for _ in range(400):
        moved = 0.0
        for j in range(len(c)):
            h = H[j, j] + l2[j]
            if not h > 0:
                continue
            z = g[j] + H[j, j] * b[j]
            new = min(max(np.sign(z) * max(abs(z) - l1[j], 0) / h, lower[j]), upper[j])
            if new != b[j]:
                moved = max(moved, float(abs(new - b[j]) * np.sqrt(h)))
                g -= H[:, j] * (new - b[j])
                b[j] = new
        if moved < 1e-11 * float(1e-30 + np.sqrt(abs(c @ b))):
            break
    return b


def beaten(task: Task, strength: float, coef: np.ndarray, intercept: float) -> float:
    """Return by which share of its objective a solution is beaten by the best point that is found."""
    scaled = Rescaled.of(task)
    given = scaled.place(coef, intercept)
    here = scaled.value(strength, given)
    starts = (given, np.zeros_like(given))
    best = min(scaled.value(strength, scaled.improve(strength, start)) for start in starts)
    return float((here - best) / max(here, FLOOR * scaled.null(), Long(1e-320)))
