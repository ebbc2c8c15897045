"""The conventions of R's glmnet in our words: the one place that knows them.

==================  =========================================================================================
glmnet              here
==================  =========================================================================================
``lambda``          ``strength``; for gaussian, glmnet scales y (less its offset) to unit standard deviation
                    inside, so its ridge part is ``lambda / sd(y)``. Without an intercept that deviation is
                    taken about zero.
``alpha``           ``l1_ratio``, with the ridge part divided by ``sd(y)`` for gaussian
``penalty.factor``  ``.weighted(factors)`` after rescaling them to sum to p; an excluded column counts as 1
``exclude``, Inf    factor ``inf``
``lower.limits``    ``.bounded(lower, upper)``, on the scale of the X that was given, as in glmnet
``standardize``     the same: deviations with 1/n and the weights, about the mean even without an intercept
``weights``         ``sample_weight``; both scale them to a fixed sum, so only their ratios matter
``deviance``        twice our mean log-loss; cv.glmnet clips probabilities to [1e-5, 1 - 1e-5]
``cvsd``            deviation of the fold means over sqrt(K - 1), folds weighted by their test weights
==================  =========================================================================================

In cross-validation glmnet scales y anew in every fold, so that a gaussian fit with a ridge part is another
problem in every fold: ``Case.in_fold`` gives the penalty of one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from regularfit.losses import Loss, NegativeBinomial
from regularfit.penalties import L1, L2, ElasticNet, Penalty

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
LOSSES = {
    "gaussian": "squared",
    "binomial": "logistic",
    "poisson": "poisson",
    "gamma": "gamma",
    "negative_binomial": NegativeBinomial(3.0),
}


@dataclass(frozen=True, eq=False)
class Case:
    """A glmnet fit in our words, beside glmnet's answers (``answers``: the fixture as it was read)."""

    name: str
    X: np.ndarray
    y: np.ndarray
    loss: str | Loss
    l1_ratio: float
    strengths: np.ndarray
    factors: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    sample_weight: np.ndarray
    offset: np.ndarray
    fit_intercept: bool
    standardize: bool
    answers: dict

    @property
    def options(self) -> dict:
        """Keywords of ``make_problem``."""
        return {
            "sample_weight": self.sample_weight,
            "offset": self.offset,
            "fit_intercept": self.fit_intercept,
            "standardize": self.standardize,
        }

    @property
    def penalty(self) -> Penalty:
        return self.in_fold(np.arange(len(self.y)))

    def in_fold(self, train: np.ndarray) -> Penalty:
        """Return the penalty that glmnet applies when it is given these rows alone."""
        spread = self.target_deviation(train) if self.loss == "squared" else 1.0
        l1, l2 = self.l1_ratio, (1 - self.l1_ratio) / spread
        penalty = L2(l2) if l1 == 0 else L1(l1) if l2 == 0 else ElasticNet(l1 / (l1 + l2), l1 + l2)
        if not (self.factors == 1).all():
            penalty = penalty.weighted(self.factors)
        if np.isfinite(self.lower).any() or np.isfinite(self.upper).any():
            penalty = penalty.bounded(self.lower, self.upper)
        return penalty

    def target_deviation(self, train: np.ndarray) -> float:
        target, weight = (self.y - self.offset)[train], self.sample_weight[train]
        centre = np.average(target, weights=weight) if self.fit_intercept else 0.0
        return float(np.sqrt(np.average((target - centre) ** 2, weights=weight)))

    @property
    def scales(self) -> np.ndarray:
        """Standard deviation of every column, (p,); ones where nothing is standardised."""
        if not self.standardize:
            return np.ones(self.X.shape[1])
        centred = self.X - np.average(self.X, axis=0, weights=self.sample_weight)
        return np.sqrt(np.average(centred**2, axis=0, weights=self.sample_weight))

    @property
    def coefs(self) -> np.ndarray:
        """Return glmnet's coefficients on the original scale, (L, p)."""
        dense = np.zeros((len(self.strengths), self.X.shape[1]))
        for row, support, values in zip(dense, self.answers["support"], self.answers["coefs"], strict=True):
            row[support] = values
        return dense

    @property
    def intercepts(self) -> np.ndarray:
        return np.asarray(self.answers["intercepts"], dtype=float)

    def array(self, key: str) -> np.ndarray:
        return np.asarray(self.answers[key], dtype=float)


def names(start: str) -> list[str]:
    return sorted(file.stem for file in FIXTURES.glob(f"{start}*.json"))


@cache
def load(name: str) -> Case:
    given = json.loads((FIXTURES / f"{name}.json").read_text())
    X, y = _data(given["data"], given["positive"], given["columns"])
    n, p = X.shape
    return Case(
        name=name,
        X=X,
        y=y,
        loss=LOSSES[given["family"]],
        l1_ratio=given["alpha"],
        strengths=np.asarray(given["lambda"]),
        factors=_factors(given.get("penalty.factor"), p),
        lower=np.broadcast_to(np.asarray(given.get("lower.limits", -np.inf), dtype=float), p),
        upper=np.broadcast_to(np.asarray(given.get("upper.limits", np.inf), dtype=float), p),
        sample_weight=np.asarray(given.get("weights", np.ones(n)), dtype=float),
        offset=np.asarray(given.get("offset", np.zeros(n)), dtype=float),
        fit_intercept=given.get("intercept", True),
        standardize=given.get("standardize", True),
        answers=given,
    )


def _factors(given: list[float] | None, p: int) -> np.ndarray:
    factors = np.ones(p) if given is None else np.asarray(given, dtype=float)
    counted = np.where(np.isinf(factors), 1.0, factors)
    return np.where(np.isinf(factors), np.inf, counted * p / counted.sum())


def _data(file: str, positive: str | None, columns: list[int] | None) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(ROOT / "examples" / "data" / file, keep_default_na=False, na_values=[""])
    target, predictors = table["target"], table.drop(columns="target").to_numpy(dtype=float)
    if positive == "above median":
        target = target > target.median()
    elif positive is not None:
        target = target.astype(str) == positive
    return predictors if columns is None else predictors[:, columns], target.to_numpy(dtype=float)
