"""Rules and columns for a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from ..._typing import Vector
from ...errors import InputError
from ...inputs.targets import read_target
from ...penalties import L1, Penalty
from ..combination import GAMMAS
from ._base import RuleFit

__all__ = ["RuleFitRegressor"]


class RuleFitRegressor(RegressorMixin, RuleFit):
    r"""Predict a number from a few rules and columns that can be read aloud.

    .. math:: f(x) = b + \sum_k a_k\, r_k(x) + \sum_j c_j\, l_j(x)

    Rules :math:`r_k` (1 where all their conditions hold, else 0) are the nodes of many small trees, linear terms
    :math:`l_j` are the columns, cut off at their outer quantiles and scaled like a typical rule. A lasso keeps the
    terms that predict together. Rules were found with the help of the target, so every fold grows rules of its own, and
    the held-out errors along the strengths are honest; the classical way, one set of rules for all folds, sees the
    held-out target in its rules and keeps too many of them.

    Prefer it where a model has to be explained and a plain linear one misses bends and interactions. For prediction
    alone, boosting is better most of the time.

    Parameters
    ----------
    generator : "boosting", "forest", or an unfitted model of trees
        Where rules come from: small trees of random size fitted one after the other to what is left; a random forest of
        small trees; or any model that :func:`~regularfit.trees.read_trees` reads, of scikit-learn, LightGBM or XGBoost.
    penalty : L1(), ElasticNet(...)
        On the coefficients of the terms. Columns are not standardised: rules that hold for few rows, or almost all, are
        held back more.
    rules : int >= 1
        How many different rules to take at most.
    leaves : int >= 2
        Of a tree, on average for boosting (most have fewer, some have more), at most for the forest; 2 gives rules with
        one condition only.
    linear : bool
        Whether columns stand beside the rules as linear terms.
    winsorise : float in [0, 0.5)
        Share of the rows at each end at which linear terms are cut off.
    strength : float > 0 or None
        Multiplier of the penalty; None: chosen by ``select``.
    select : {"min", "1se"}
        The best mean held-out error, or the strongest penalty within one paired standard error of it.
    strengths : int >= 1 or (L,) array > 0
        How many strengths to try, or which; a best one at the edge of the grid is warned of.
    min_ratio : float in (0, 1) or None
        Smallest strength over the largest, for a number of strengths.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out; None is 5 folds, or as many as there can be, with a warning.
    relax : bool
        Whether the kept terms are also refitted without a penalty, and blends (``gammas``) of both are compared.
    gammas : numbers in [0, 1]
        1 is the penalised fit, 0 the refit.
    tol : float > 0
        Largest relative duality gap that counts as converged.
    n_jobs : int or None
        Threads of the penalised fit; None uses all cores.
    random_state : int, RandomState or None
        Which folds and which trees; None is 0.

    Attributes
    ----------
    rules_ : table of the kept terms: sentence, kind, coefficient, support, importance.
    coef_, intercept_ : (terms,) and float
        Of all terms, rules first; on the scale on which they are penalised.
    support_ : (rules,) share of the training rows where each rule holds.
    feature_importances_ : (p,) what the columns of the table contribute.
    path_ : Path, the coefficients along all strengths, by the names of the terms.
    cv_ : KnobCV or None
        Held-out errors along the strengths; ``values`` are numbers of terms.
    strength_, gamma_ : float, the choice.
    columns_, n_features_in_, feature_names_in_ : what fit learned of the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from regularfit.trees import RuleFitRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"size": rng.uniform(0, 10, 300), "colour": rng.choice(["red", "blue"], 300)})
    >>> y = 3.0 * ((X["size"] > 5) & (X["colour"] == "red"))
    >>> model = RuleFitRegressor(rules=50, cv=3, select="1se", n_jobs=1).fit(X, y)
    >>> print(model.rules_["term"][0])
    size > 5.0... and colour is red

    References
    ----------
    Friedman, J. H. and Popescu, B. E. (2008). Predictive learning via rule ensembles. Annals of Applied Statistics 2.
    """

    def __init__(
        self,
        generator: Any = "boosting",
        *,
        penalty: Penalty = L1(),  # noqa: B008 - a frozen value
        rules: int = 500,
        leaves: int = 4,
        linear: bool = True,
        winsorise: float = 0.025,
        strength: float | None = None,
        select: str = "min",
        strengths: Any = 100,
        min_ratio: float | None = 1e-3,
        cv: Any = None,
        relax: bool = False,
        gammas: Any = GAMMAS,
        tol: float = 1e-5,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.penalty = penalty
        self.rules = rules
        self.leaves = leaves
        self.linear = linear
        self.winsorise = winsorise
        self.strength = strength
        self.select = select
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.relax = relax
        self.gammas = gammas
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def predict(self, X: Any) -> Vector:
        """Return the sum of the terms, (n,)."""
        return self._eta(X)[:, 0]

    def _target(self, y: Any, n: int, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        target = read_target(y, n)
        if target.ndim > 1:
            raise InputError(
                f"y has {target.shape[1]} columns, and a rule model has one target. Fit one a column."
            )
        return target, None

    def _loss_name(self, classes: np.ndarray | None) -> str:
        return "squared"

    def _held_out(self, eta: np.ndarray, target: np.ndarray, weights: Vector) -> float:
        return float(np.average((eta[:, 0] - target) ** 2, weights=weights))
