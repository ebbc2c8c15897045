"""What a contender of families.py is: it takes a problem and a tolerance, and answers (L, K, p) and (L, K)."""

from __future__ import annotations

import numpy as np
from family_problems import Problem

Answer = tuple[np.ndarray, np.ndarray]


class Base:
    """A library: which environment holds it, what it can be asked, from which tolerance the search starts."""

    environment = "main"
    ladder: tuple[int, ...] = ()  # exponents: 3 is 1e-3
    start = 6
    does: tuple[tuple[str, str], ...] = ()  # (family, penalty)
    seconds: float | None = None  # where it measured itself

    def supports(self, given: Problem) -> bool:
        """Whether it has this model."""
        return (given.recipe.family, given.recipe.penalty) in self.does

    def prepare(self, given: Problem) -> str:
        """Load; return the version."""
        raise NotImplementedError

    def run(self, given: Problem, tol: float) -> Answer:
        """Fit the path: the timed part."""
        raise NotImplementedError

    def close(self) -> None:
        """End what was started."""
