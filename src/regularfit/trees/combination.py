"""Penalised combinations of columns that are made from trees: a path of them, and what held-out rows say of it.

Such columns (the predictions of single trees, or rules) are made with the help of the target, so that a fold needs
columns of its own. What folds share is the grid of strengths; a fold has a path along it, on its own columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import check_choice, check_fraction
from .._typing import Vector
from ..errors import InputError
from ..lockstep import (
    Lane,
    Path,
    fit_lanes,
    is_count,
    look_ahead,
    make_problem,
    relaxed_paths,
    strength_grid,
)
from ..penalties import Penalty
from ..selection import RelaxedCV, grid_edge, warn_grid_edge
from .knob_cv import KnobCV

__all__ = [
    "GAMMAS",
    "Chosen",
    "Combination",
    "blends_of",
    "check_penalty",
    "check_shares",
    "choose",
    "knob_cv",
    "losses_along",
    "warn_of_edge",
]

GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)  # from the refit of the chosen columns to the penalised fit itself


@dataclass(frozen=True, slots=True)
class Combination:
    """How columns are put together.

    Parameters
    ----------
    penalty : on their coefficients, on the scale of the columns as they are.
    loss : "squared", "logistic" or "multinomial".
    relax : whether the columns that a strength chooses are also refitted without a penalty.
    fit_intercept : whether there is an intercept.
    min_ratio : smallest strength over the largest, for grids from the data.
    tol, threads : as for the linear estimators.
    """

    penalty: Penalty
    loss: str = "squared"
    relax: bool = False
    fit_intercept: bool = True
    min_ratio: float | None = None
    tol: float = 1e-7
    threads: int | None = None

    def path(self, columns: np.ndarray, y: np.ndarray, weights: Vector | None, strengths: Any) -> Path:
        """Return the solutions along ``strengths``, a number of them or a grid, with refits where they are wanted."""
        problem = make_problem(
            columns, y, self.loss, sample_weight=weights, fit_intercept=self.fit_intercept, standardize=False
        )
        lane = Lane(np.arange(problem.n), keep=True)
        shared = look_ahead(problem, [self.penalty], [lane], self.threads)
        grid = strength_grid(problem, self.penalty, strengths, self.min_ratio, shared)
        how: dict[str, Any] = {"tol": self.tol, "threads": self.threads, "shared": shared}
        found = fit_lanes(problem, [self.penalty], [grid], [lane], cut=is_count(strengths), **how)
        path = found[0][0].path
        assert path is not None  # it was asked for with keep=True
        if self.relax:
            path = relaxed_paths(problem, self.penalty, [lane], [path], **how)[0]
        return path


KEEPS_NOTHING = 1000.0  # times the strength at which all rows keep nothing, no fold keeps anything either


@dataclass(frozen=True, slots=True)
class Chosen:
    """The place on a path that held-out rows suggest.

    Parameters
    ----------
    index : of the strength.
    gamma : the blend.
    """

    index: int
    gamma: float


def after_nothing(strengths: Vector) -> Vector:
    """Return the strengths after one that keeps nothing, on whatever rows.

    >>> after_nothing(np.array([2.0, 1.0])).tolist()
    [2000.0, 2.0, 1.0]
    """
    return np.concatenate([[KEEPS_NOTHING * strengths[0]], strengths])


def empty_alike(
    blends: Sequence[tuple[np.ndarray, np.ndarray]], kept: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a fold's blends along the path of all rows, with nothing kept wherever that path keeps nothing.

    A fold grows columns of its own, and may keep some at strengths where all rows keep none. Its loss would then
    speak for a model that nobody gets.

    Parameters
    ----------
    blends : of a fold, along :func:`after_nothing` of the strengths: (L + 1, ...).
    kept : (L,) how many columns the path on all rows keeps.
    """
    places = np.where(kept == 0, 0, np.arange(1, len(kept) + 1))
    return [(coefs[places], intercepts[places]) for coefs, intercepts in blends]


def losses_along(
    blends: Sequence[tuple[np.ndarray, np.ndarray]], loss: Callable[[np.ndarray, Any], float]
) -> np.ndarray:
    """Return held-out losses, (blends, strengths).

    Parameters
    ----------
    blends : the coefficients and the intercepts of every blend along the path.
    loss : of one model, from its coefficients and its intercept.
    """
    return np.array([[loss(*model) for model in zip(*blend, strict=True)] for blend in blends])


def blends_of(path: Path, gammas: Sequence[float]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the coefficients and intercepts of the penalised fit blended with its refit, for every gamma."""
    found = [path.blend(gamma) for gamma in gammas]
    return [(blend.coefs, blend.intercepts) for blend in found]


def choose(select: str, cv: RelaxedCV, kept: np.ndarray, most: int | None = None) -> Chosen:
    """Return the best place, or the strongest restraint within one paired standard error of it.

    Parameters
    ----------
    kept : (L,) how many columns the path on all rows keeps.
    most : how many may be kept; None: any number.
    """
    check_choice(select, ("min", "1se"), "select")
    if most is not None and (kept > most).any():
        end = max(int(np.argmax(kept > most)), 1)
        cv = RelaxedCV(
            cv.strengths[:end], cv.gammas, cv.folds[:, :end], cv.weights, cv.score_name, cv.greater_is_better
        )
    gamma, index = cv.index_min if select == "min" else cv.index_1se
    return Chosen(index, float(cv.gammas[gamma]))


def knob_cv(cv: RelaxedCV, chosen: Chosen, knob: str, values: np.ndarray) -> KnobCV:
    """Return the scores of the chosen blend along the path."""
    folds = cv.folds[int(np.argmin(np.abs(cv.gammas - chosen.gamma)))]
    return KnobCV(cv.strengths, folds, cv.weights, cv.score_name, cv.greater_is_better, knob, values)


def warn_of_edge(path: Path, cv: KnobCV, most: int | None = None) -> None:
    """Warn where the best strength is at the edge of its grid, as the linear estimators do.

    Parameters
    ----------
    path : on all rows.
    cv : the scores of the chosen blend along it.
    most : how many columns may be kept; where the path goes beyond, its end was not among the choices.
    """
    if most is not None and cv.index_min > 0 and (path.nonzeros > most).any():
        return
    null = bool(path.nonzeros[0] == 0)
    edge = grid_edge(cv.strengths, cv.index_min, cv.mean, null_at_top=null, ended=path.ended)
    warn_grid_edge(edge, stacklevel=3)


def check_shares(values: Any, name: str) -> tuple[float, ...]:
    """Return shares of blends to compare, in [0, 1], increasing."""
    found = sorted({check_fraction(g, name) for g in np.atleast_1d(np.asarray(values, dtype=object))})
    if not found:
        raise InputError(f"{name} is empty; (0, 0.5, 1) is usual.")
    return tuple(found)


def check_penalty(penalty: Any) -> Penalty:
    """Return a penalty that leaves columns out; anything else is refused."""
    if not isinstance(penalty, Penalty):
        raise InputError(f"penalty must be one Penalty such as rf.L1(); {penalty!r:.80} was given.")
    if not penalty.sparse:
        raise InputError(
            f"{penalty!r:.80} never makes a coefficient zero, so nothing would be left out. Give rf.L1() or "
            "rf.ElasticNet(0.5)."
        )
    return penalty
