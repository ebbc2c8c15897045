"""Folds whose training rows lack a class: scikit-learn fits them, and so does its dialect.

With an intercept the loss has no minimum there: it falls as the intercept of the missing class goes to minus infinity,
where its coefficients are 0 and the other classes are fitted among themselves. That limit is what is returned, with an
intercept low enough that probabilities round to it; scikit-learn's solvers stop somewhere on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .._typing import Vector
from ..lockstep import Problem
from ..losses import Multinomial
from ..penalties import Penalty
from ._solve import decreasing, fit_folds

__all__ = ["fit_folds_of_classes"]

BELOW = 36.0  # exp(-36) is the last bit of a probability

Solution = tuple[np.ndarray, np.ndarray]  # coefficients (L, p) or (L, K, p), intercepts (L,) or (L, K)


def fit_folds_of_classes(
    problem: Problem,
    penalties: Sequence[Penalty],
    trains: list[np.ndarray],
    costs: Vector,
    tol: float,
    threads: int | None,
) -> list[list[Solution]]:
    """Fit the folds at ``costs``, in any order; those that lack the same classes advance in lockstep."""
    _, back = decreasing(costs)
    every: list[Any] = [None] * len(trains)
    present = np.array([_present(problem, train) for train in trains])
    for kinds in np.unique(present, axis=0):
        members = np.flatnonzero((present == kinds).all(axis=1))
        own = [trains[int(k)] for k in members]
        if len(kinds) > 1 and kinds.sum() == 1:
            found = [[_alone(problem, len(costs), kinds)] * len(penalties)] * len(own)
        else:
            inside = problem if kinds.all() else _among(problem, kinds)
            paths = fit_folds(inside, penalties, own, costs, tol, threads)
            found = [
                [_whole(path.coefs[back], path.intercepts[back], kinds) for path in fold] for fold in paths
            ]
        for k, answers in zip(members, found, strict=True):
            every[int(k)] = answers
    return every


def _present(problem: Problem, train: np.ndarray) -> np.ndarray:
    """Which classes a fold learns from; those that are missing matter with an intercept only."""
    if not isinstance(problem.loss, Multinomial) or not problem.fit_intercept:
        return np.ones(problem.outputs or 1, bool)
    return problem.sample_weight[train] @ problem.y[train] > 0


def _among(problem: Problem, kinds: np.ndarray) -> Problem:
    """The problem of some classes; rows of the others are in no training set."""
    return replace(problem, y=np.ascontiguousarray(problem.y[:, kinds]), offset=problem.offset[:, kinds])


def _alone(problem: Problem, count: int, kinds: np.ndarray) -> Solution:
    """One class is certain."""
    return _whole(np.zeros((count, 1, problem.p)), np.zeros((count, 1)), kinds)


def _whole(coefs: np.ndarray, levels: np.ndarray, kinds: np.ndarray) -> Solution:
    """Solutions of some classes as those of all."""
    if kinds.all():
        return coefs, levels
    B = np.zeros((len(coefs), len(kinds), coefs.shape[2]))
    B[:, kinds] = coefs
    A = np.repeat(levels.min(axis=1, keepdims=True) - BELOW, len(kinds), axis=1)
    A[:, kinds] = levels
    return B, A
