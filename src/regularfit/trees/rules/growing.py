"""Terms that are grown on some rows, the path of their coefficients, and rows that judge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from ..._typing import Vector
from ...errors import InputError
from ...lockstep import Path
from ..combination import Combination
from .generators import grown_trees
from .harvest import distinct, rules_of
from .linear_terms import LinearTerms
from .terms import Terms
from .wording import Wording

__all__ = ["Growing", "Judge"]

UNSEEN = float(np.log(np.finfo(np.float64).eps))  # log-probability of a class that a fold was not trained on


class Growing:
    """How terms are grown, and their path fitted, on some rows."""

    def __init__(
        self, model: Any, wording: Wording, classes: np.ndarray | None, seed: int, how: Combination
    ) -> None:
        self.model, self.wording, self.classes, self.seed, self.how = model, wording, classes, seed, how
        self.count = 0 if classes is None else len(classes)

    def path(
        self, matrix: np.ndarray, target: np.ndarray, weights: Vector | None, strengths: Any
    ) -> tuple[Terms, Path]:
        """Return terms and the path of their coefficients, of the classes that the rows have."""
        seen = self.seen(target)
        if seen is not None:
            target = np.searchsorted(seen, target).astype(np.float64)
        terms = self._terms(matrix, target, weights)
        if not len(terms):
            raise InputError(
                "No rule and no linear term could be made of these rows: no column splits them. Check that the "
                "columns vary."
            )
        return terms, self.how.path(terms.of(matrix), target, weights, strengths)

    def seen(self, target: np.ndarray) -> np.ndarray | None:
        """Return which codes rows have, where not all of several classes do; else None."""
        if self.classes is None:
            return None
        codes = np.unique(target).astype(np.intp)
        return codes if len(codes) < len(self.classes) else None

    def _terms(self, matrix: np.ndarray, target: np.ndarray, weights: Vector | None) -> Terms:
        model = self.model
        count = None if self.classes is None else len(np.unique(target))
        trees = grown_trees(
            model.generator, matrix, target, count, weights, model.rules, model.leaves, self.seed
        )
        found = rules_of(trees, self.wording.levels_of)
        known = matrix if weights is None else matrix[weights > 0]
        rules = tuple(distinct(found, known, model.rules))
        columns = matrix if model.linear else matrix[:, :0]
        return Terms(rules, LinearTerms.learn(columns, weights, model.winsorise))


@dataclass(frozen=True, slots=True)
class Judge:
    """Held-out rows of a fold.

    Parameters
    ----------
    model : whose loss counts.
    values, target, weights : the terms of the rows, their targets and weights.
    seen : the classes that the fold was trained on, where some were missing; these have (almost) no probability.
    classes : how many there are.
    """

    model: Any
    values: np.ndarray
    target: np.ndarray
    weights: Vector
    seen: np.ndarray | None
    classes: int

    def loss(self, coef: np.ndarray, level: Any) -> float:
        """Return the mean loss of a model."""
        eta = self.values @ np.atleast_2d(coef).T + level
        if self.seen is not None:
            whole = np.full((len(eta), self.classes), UNSEEN)
            whole[:, self.seen] = eta - logsumexp(eta, axis=1, keepdims=True)
            eta = whole
        return self.model._held_out(eta, self.target, self.weights)
