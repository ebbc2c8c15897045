"""What a contender of families.py is: it takes a problem and a tolerance, and answers (L, K, p) and (L, K).

A cross-validation answers (K, p) and (K,) of the strength it chose, its curve (L,) and which strength that is.
"""

from __future__ import annotations

import numpy as np
from family_problems import Problem, losses

Answer = tuple[np.ndarray, np.ndarray]
Chosen = tuple[np.ndarray, np.ndarray, np.ndarray, int]


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

    def cross_validate(self, given: Problem, tol: float) -> Chosen:
        """Ten folds and the fit on all rows: the timed part. Here the path of every fold, and that of all.

        For libraries without a cross-validation of their own for the model, or with one that refits more than that.
        """
        curve = np.zeros(given.strengths.size)
        for train, test in given.splits:
            part = given.rows(train)
            self.prepare(part)
            curve += losses(given.rows(test), *self.run(part, tol)) * test.size / given.recipe.n
        self.prepare(given)
        coefs, levels = self.run(given, tol)
        best = int(np.argmin(curve))
        return coefs[best], levels[best], curve, best

    def close(self) -> None:
        """End what was started."""
