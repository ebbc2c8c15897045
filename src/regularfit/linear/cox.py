"""Penalised Cox regression for times to an event, its strength chosen by default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._typing import Vector
from ..errors import InputError, UnsupportedError
from ..inputs.table import Table
from ..inputs.targets import read_weights
from ..lockstep import Problem
from ..losses import Cox, Loss, baseline_hazard, concordance
from ..losses._survival_target import EVENT, read_survival
from ..penalties import L1, Penalty
from ._base import PenalizedLinear
from ._cox_scoring import Concordance, cox_scoring
from ._event_folds import event_folds
from ._fit import Found, Settings
from ._relaxed import GAMMAS
from ._scoring import Scoring

__all__ = ["PenalizedCox"]


class PenalizedCox(PenalizedLinear):
    r"""Predict who has an event earlier, and when, from rows some of which were lost from sight before it.

    .. math:: \min_b\; \frac1n \sum_{i:\,\text{event}} w_i \Big[ \log\!\! \sum_{j \text{ at risk at } t_i}\!\!
              w_j e^{\eta_j} - \eta_i \Big] + \text{strength} \cdot P(b), \qquad
              \eta_i = o_i + x_i^\top b, \quad \sum_i w_i = n

    The hazard of a row is a baseline hazard times exp(eta). All strengths of all folds are fitted in lockstep. Prefer
    it for survival times with censoring and many or correlated columns; where everybody's event was seen and times
    themselves are wanted, a regression on log(time) says more. It assumes that effects multiply the hazard by the same
    factor at all times; where they fade, split rows as ``(start, stop, event)``, where whole groups differ in the
    course of their hazard, give strata.

    Parameters
    ----------
    penalty : Penalty or list of them, default L1()
        L1, L2, ElasticNet, also weighted, bounded, on some columns or Adaptive. A list holds candidates.
    ties : "breslow" or "efron"
        How events at one time share their risk set; Breslow as in glmnet, Efron as in R's coxph.
    strength : float > 0 or None
        The multiplier of the penalty, glmnet's lambda; None: chosen by ``select``.
    select : {"min", "1se", "aic", "bic", "ebic"}
        The rule that chooses, as in :class:`PenalizedRegressor`. The criteria count events, not rows.
    strengths, min_ratio, standardize, tol, n_jobs, random_state, verbose
        As in :class:`PenalizedRegressor`.
    cv : int, splitter, iterable of (train, test) or None
        A number means that many random folds, each with its share of the events. None is 10, or as many as there are
        events, with a warning.
    scoring : None, "concordance", "ungrouped" or callable
        How held-out rows are scored. None: what they add to the partial-likelihood deviance of the training rows, per
        event (glmnet's ``grouped = TRUE``; Verweij and van Houwelingen). "ungrouped": the deviance of the held-out
        rows among themselves; needs large folds. "concordance": the share of pairs in the right order. A callable
        ``scoring(estimator, X, y)`` counts with greater is better.

    relax, gammas : bool, numbers in [0, 1]
        As in :class:`PenalizedRegressor`: refit the columns of every fold without a penalty too, and choose the blend.

    Attributes
    ----------
    coef_ : (p,) array
        Log hazard ratios a unit of X.
    intercept_ : float
        Always 0: the baseline hazard stands for it.
    baseline_ : BaselineHazard
        Cumulative hazard by stratum: Breslow's estimator, or Efron's with Efron's ties.
    strata_ : (S,) array or None
        Labels of the strata.
    strength_, penalty_, candidates_, path_, paths_, cv_, cvs_, criterion_, criteria_, certificate_, gamma_, relaxed_cv_
        As in :class:`PenalizedRegressor`.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 10))
    >>> time, limit = rng.exponential(np.exp(-X[:, 0])), rng.exponential(2.0, 200)
    >>> y = rf.survival(np.minimum(time, limit), time <= limit)
    >>> model = rf.PenalizedCox(rf.L1(), strength=0.2).fit(X, y)
    >>> np.flatnonzero(model.coef_).tolist(), round(model.score(X, y), 2)
    ([0], 0.69)
    >>> model.predict_survival_function(X[:2], times=[0.5, 1.0]).shape
    (2, 2)

    References
    ----------
    Cox (1972), Regression models and life-tables; Simon, Friedman, Hastie & Tibshirani (2011), Regularization paths for
    Cox's proportional hazards model via coordinate descent; Verweij & van Houwelingen (1993), Cross-validation in
    survival analysis.
    """

    fit_intercept = True  # columns are centred, which changes nothing in a partial likelihood

    def __init__(
        self,
        penalty: Penalty | list[Penalty] = L1(),  # noqa: B008 - a frozen value
        *,
        ties: str = "breslow",
        strength: float | None = None,
        select: str = "min",
        strengths: Any = 100,
        min_ratio: float | None = None,
        cv: Any = None,
        standardize: bool = True,
        scoring: Any = None,
        tol: float = 1e-7,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: bool | None = False,
        relax: bool = False,
        gammas: Any = GAMMAS,
    ) -> None:
        self.penalty = penalty
        self.ties = ties
        self.strength = strength
        self.select = select
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.standardize = standardize
        self.scoring = scoring
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.relax = relax
        self.gammas = gammas

    # --- predicting ------------------------------------------------------------------------------

    def predict(self, X: Any, *, offset: Any = None) -> Vector:
        """Return the risk of every row, exp(eta): its hazard over that of a row of zeros, (n,)."""
        return self._loss().mean(self._eta(X, offset))

    def predict_eta(self, X: Any, *, offset: Any = None) -> Vector:
        """Return the logarithm of the risk, (n,)."""
        return self._eta(X, offset)

    def predict_cumulative_hazard_function(
        self, X: Any, times: Any = None, *, offset: Any = None, strata: Any = None
    ) -> np.ndarray:
        """Return the cumulative hazard of every row at some times, (n, T).

        Parameters
        ----------
        times : (T,) or None for the event times of the training rows (``baseline_.times``, sorted). Beyond the last
            of them nothing is known, and the curve stays flat.
        strata : (n,) labels or one label, where the model has strata.
        """
        eta = self._eta(X, offset)
        moments = (
            np.unique(self.baseline_.times) if times is None else np.atleast_1d(np.asarray(times, np.float64))
        )
        if moments.ndim != 1 or np.isnan(moments).any():
            raise InputError("times must be a list of numbers without NaN.")
        return self.baseline_.hazard(eta, moments, self.baseline_.codes_of(strata, len(eta)))

    def predict_survival_function(
        self, X: Any, times: Any = None, *, offset: Any = None, strata: Any = None
    ) -> np.ndarray:
        """Return the probability of no event up to and at some times, (n, T); arguments as for the hazard."""
        return np.exp(-self.predict_cumulative_hazard_function(X, times, offset=offset, strata=strata))

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> float:
        """Return the concordance on given rows: the share of comparable pairs in the right order, 0.5 by chance."""
        eta = self._eta(X, offset)
        return concordance(y, eta, read_weights(sample_weight, len(eta)))

    # --- fitting ---------------------------------------------------------------------------------

    def _loss(self) -> Loss:
        return Cox(self.ties)

    def _target(self, y: Any, table: Table, weights: Vector | None) -> tuple[Vector, np.ndarray | None]:
        target, self._labels = read_survival(y)
        if weights is not None and len(weights) == len(target) and not (weights * target[:, EVENT]).any():
            raise InputError(
                "sample_weight is 0 on every row with an event, so nothing is left to learn from."
            )
        return target, None

    def _settings(
        self, table: Table, problem: Problem, classes: np.ndarray | None, weighted: bool
    ) -> Settings:
        if self.select in ("gcv", "loo"):
            raise InputError(
                f"select={self.select!r} is for the squared loss; PenalizedCox takes 'min', '1se', 'aic', 'bic' and "
                "'ebic'."
            )
        return super()._settings(table, problem, classes, weighted)

    def _make_scoring(self, problem: Problem, classes: np.ndarray | None, weighted: bool) -> Scoring:
        return cox_scoring(self.scoring, problem.loss, weighted)  # type: ignore[arg-type]

    def _fold_plan(self, problem: Problem, settings: Settings, groups: Any) -> Settings:
        if groups is not None or not settings.folds_wanted:
            return settings
        counted = problem.y[:, EVENT] * (problem.sample_weight > 0)
        return replace(settings, cv=event_folds(settings.cv, counted, settings.random_state))

    def _finish(self, problem: Problem, found: Found) -> None:
        every = np.arange(problem.n)
        eta = problem.design.rows_times(every, self.coef_[:, None])[:, 0] + problem.offset
        self.strata_ = self._labels
        del self._labels
        self.baseline_ = baseline_hazard(problem.loss, problem.y, eta, problem.sample_weight, self.strata_)  # type: ignore[arg-type]

    @property
    def _nested_scoring(self) -> Concordance:
        """How honest_score scores the folds that it refits this model for."""
        return Concordance()

    @staticmethod
    def _nested_target(y: Any) -> np.ndarray:
        """The target as honest_score slices it: a table would lose the names of its columns as an array."""
        return read_survival(y)[0]

    def _nested_plan(self, X: Any, y: Any, *, offset: Any = None, **given: Any) -> Any:
        if offset is not None:
            raise InputError(
                "honest_score scores PenalizedCox by the concordance of its refits, which takes no offset; leave it "
                "out, or add it to X as a column that is not penalised."
            )
        raise UnsupportedError(
            "A partial likelihood couples rows, so held-out rows have no errors of their own to nest in lockstep; "
            "honest_score refits the model and scores folds by their concordance."
        )
