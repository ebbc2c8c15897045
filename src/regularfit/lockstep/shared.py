"""What several calls of the engine on one problem share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import is_

import numpy as np

from .._typing import Vector
from ..designs import Dense
from .atoms import Atoms, Pass, collect_atoms
from .moments import reduce
from .problem import Lane, Problem
from .threads import Workers
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
    lanes, atoms : of the last call in full-Gram mode; nested cross-validation comes back to them for more strengths.
    """

    problem: Problem
    units: Units | None = None
    seen: Pass | None = None
    lanes: Sequence[Lane] = ()
    atoms: Atoms | None = None

    def units_of(self) -> Units:
        """The units, computed once."""
        if self.units is None:
            self.units = Units.of(self.problem)
        return self.units

    def atoms_of(self, problem: Problem, lanes: Sequence[Lane], team: Workers) -> Atoms:
        """What a pass over X says of the lanes; ``problem`` is that of this value in its units."""
        same = len(lanes) == len(self.lanes) and all(map(is_, lanes, self.lanes))
        if self.atoms is None or not same:
            self.atoms = collect_atoms(problem, lanes, team, self.seen)
            self.seen, self.lanes = self.atoms.seen, list(lanes)
        return self.atoms

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
