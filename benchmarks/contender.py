"""What a contender is: a library that can be asked to solve a problem at a tolerance, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from objective import losses
from problems import Problem


def tolerances(loosest: int, tightest: int) -> tuple[float, ...]:
    return tuple(float(f"1e-{k}") for k in range(loosest, tightest + 1))


@dataclass
class Fit:
    """What a run found: coefficients (p, L') at the strengths in `index` (None: all), and the CV curve."""

    coefs: Any
    intercepts: Any
    index: list[int] | None = None
    curve: np.ndarray | None = None
    measured: dict = field(default_factory=dict)  # seconds, base_mb, peak_mb, where the run was elsewhere


class Contender(ABC):
    """The base of every library that is asked: it says what it supports, and solves."""

    environment: ClassVar[str] = "main"
    module: ClassVar[str] = ""
    ladder: ClassVar[tuple[float, ...]] = (0.0,)
    start: ClassVar[float] = 0.0  # where the search for the loosest tolerance begins
    compiles: ClassVar[bool] = False  # the first call compiles, so it never counts
    yardstick: ClassVar[bool] = False  # a textbook recipe and not a library: shown, never "the fastest peer"

    version: str | None = None  # where it is not the module's

    @abstractmethod
    def supports(self, problem: Problem, kind: str) -> bool:
        """Whether this library can be asked this question."""

    def prepare(self, problem: Problem, kind: str, threads: int) -> None:
        """Import the library and bring the data into the form it wants, untimed."""
        __import__(self.module)

    @abstractmethod
    def run(self, problem: Problem, kind: str, tol: float, threads: int) -> Fit:
        """Solve; the only timed part."""


def held_out(problem: Problem, rows: np.ndarray, coefs, intercepts) -> np.ndarray:
    """Mean squared error, or mean log-loss, of held-out rows at every strength."""
    eta = np.asarray(problem.X[rows] @ coefs) + np.asarray(intercepts)
    value = losses(problem.loss, problem.y[rows][:, None], eta).mean(axis=0)
    return 2 * value if problem.loss == "squared" else value


def chosen(problem: Problem, curve: np.ndarray, coef, intercept) -> Fit:
    """A fit refitted at the strength that minimises the curve."""
    best = int(np.argmin(curve))
    return Fit(np.asarray(coef).reshape(problem.p, 1), np.atleast_1d(intercept), [best], np.asarray(curve))
