"""What several calls of the engine on one problem share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._typing import Vector
from ..designs import Dense
from .atoms import Pass
from .moments import reduce
from .problem import Problem
from .units import Units

__all__ = ["Shared"]


@dataclass(eq=False)
class Shared:
    """Hand the same one to every call on a problem, and what is known about X is not computed again.

    Parameters
    ----------
    problem : the problem of all those calls.
    units : those in which the engine works on it.
    seen : the last pass over X in full-Gram mode.
    """

    problem: Problem
    units: Units | None = None
    seen: Pass | None = None

    def units_of(self) -> Units:
        """The units, computed once."""
        if self.units is None:
            self.units = Units.of(self.problem)
        return self.units

    def null_scores(self) -> tuple[Vector, Vector] | None:
        """Minus the gradient of the squared loss at the intercept alone (p,), and the size of its terms (p,).

        On the penalised scale, from the last pass over X; None where that says nothing exact about all rows.
        """
        seen, problem = self.seen, self.problem
        exact = problem.fit_intercept and isinstance(problem.design, Dense)
        if seen is None or not exact or not seen.used.all():
            return None
        units, p = self.units_of(), problem.p
        data = reduce(replace(units.inside(problem), unit=problem.unit), seen.grams.sum(axis=0))
        mean = (seen.centre[:p] + data.mean) * data.inverse
        return data.c * units.y, np.hypot(mean, np.sqrt(np.diag(data.gram)))
