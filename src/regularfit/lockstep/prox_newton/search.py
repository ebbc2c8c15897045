"""How far to go along a Newton step, and what to do where its model was too hopeful."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..._typing import Vector
from .curved import Smooth

__all__ = ["Search"]

HALVINGS, LIFTS = 12, 12
ENOUGH = 1e-4  # share of the decrease that a step's slope promises (Armijo)
TRUSTED = 1e-14  # of the objective: smaller differences are rounding


class Search:
    """Decrease, always: convex penalties shorten the step; others ask again with the curvature that the step met.

    A straight line between two points may climb over a bent penalty's hump, so there a step is taken whole or not at
    all. Rows that bent more on the way than where it began are then lifted to what they showed, which makes the model
    a true upper bound in the end.
    """

    def __init__(self, smooth: Smooth, convex: bool) -> None:
        self.smooth, self.convex = smooth, convex
        self._lifted: Vector | None = None

    def attempts(self) -> Iterator[Vector | None]:
        """Yield None for the curvature as it is, then lifted ones as long as no step was found."""
        self._lifted = None
        yield None
        for _ in range(LIFTS):
            if self._lifted is None:
                return
            yield self._lifted

    def share(self, eta: Vector, move: Vector, slope: float, penalty: Callable[[float], float]) -> float:
        """Return how much of a step to take, 0 for none; ``slope`` is the smooth part's along it.

        ``penalty`` gives the penalty at a share of the step.
        """
        before = penalty(0.0)
        promised = slope + penalty(1.0) - before
        if self.smooth.quadratic:
            return 1.0  # the model is the objective
        here = self.smooth.value(eta) + before
        noise = TRUSTED * abs(here)
        if -noise <= promised <= noise:
            return 1.0
        share = 1.0
        for _ in range(HALVINGS if self.convex else 1):
            there = self.smooth.value(eta + share * move) + penalty(share)
            if there <= here + ENOUGH * share * min(promised, 0.0) + noise:
                return share
            share /= 2
        self._lifted = self.smooth.lift(eta, move, self._lifted)
        return 0.0
