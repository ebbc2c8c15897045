"""Penalised regression, its strength chosen by default."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from .. import losses
from .._typing import Vector
from ..errors import InputError
from ..inputs.table import Table
from ..inputs.targets import read_target
from ..lockstep import LinearConstraints
from ..losses import CoupledLoss, Loss
from ..penalties import L1, Penalty
from ._base import PenalizedLinear
from ._relaxed import GAMMAS

__all__ = ["PenalizedRegressor"]


class PenalizedRegressor(RegressorMixin, PenalizedLinear):
    r"""Predict a number from many columns; a penalty, as strong as the data say, holds coefficients back.

    .. math:: \min_{b_0, b}\; \frac1n \sum_i w_i\, \tfrac12 (y_i - o_i - b_0 - x_i^\top b)^2
              + \text{strength} \cdot P(b), \qquad \sum_i w_i = n

    All strengths of all folds (and of all candidate penalties) are fitted in lockstep, so the choice costs
    little more than one path of fits. Prefer it to least squares whenever p is not tiny against n, when
    columns are correlated, or when few of them should be kept (``L1``). It is linear: where effects bend or
    interact, add such columns or use trees. For classes use :class:`PenalizedClassifier`.

    A target with K columns gives K models at the price of little more than one, chosen together; with
    ``L1().across_outputs()`` they share their columns.

    Parameters
    ----------
    penalty : Penalty or list of them, default L1()
        A list holds candidates; the best of them is kept.
    loss : "squared", "poisson", "gamma", "tweedie", "negative_binomial", "huber", "quantile" or a Loss
        What is fitted. With parameters as a value: ``rf.Tweedie(1.7)``, ``rf.NegativeBinomial(2.0)``,
        ``rf.Huber(5.0)``, ``rf.Quantile(0.9)``.
        Poisson, gamma, Tweedie and negative binomial have a log link: ``predict`` returns
        exp(eta), and known exposures are ``offset=np.log(exposure)``. A loss of your own works as well, see
        docs/guides/your-own-loss.md.
    strength : float > 0 or None
        The multiplier of the penalty: glmnet's lambda, scikit-learn's ``alpha`` of Lasso and ElasticNet.
        None: chosen by ``select``.
    select : {"min", "1se", "aic", "bic", "ebic", "gcv", "loo"}
        The rule that chooses: best mean held-out score; the strongest penalty within one paired standard
        error of it; an information criterion; generalised or exact leave-one-out error (squared loss, L2).
    strengths : int or (L,) array, default 100
        How many strengths to try, from the smallest that makes every penalised coefficient zero downwards, or
        which.
    min_ratio : float in (0, 1) or None
        Smallest strength over the largest; None: 1e-4, or 1e-2 where p > n.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out. A number means that many random folds (grouped where ``groups`` is given); it
        is an error where there are fewer rows. None is 10, or as many as there can be, with a warning.
    standardize : bool
        Whether columns are penalised on the scale of unit standard deviation. ``coef_`` is always on the
        scale of X.
    fit_intercept : bool
        Whether there is an intercept; it is never penalised.
    scoring : str, callable or None
        How held-out rows are scored: None is the mean squared error, or the mean deviance for other losses; a
        scikit-learn scorer, or its name, counts with greater is better.
    tol : float > 0
        Largest relative duality gap that counts as converged.
    n_jobs : int or None
        Threads; None uses all cores.
    random_state : int, RandomState or None
        Which random folds a number of them means. None is 0, so the same call gives the same model; a
        ``RandomState`` draws on, so ``np.random.RandomState()`` gives other folds at every fit.
    linear_constraints : LinearConstraints or None
        What sums of coefficients may be, on the scale of X; for the squared loss.
    verbose : bool or None
        Progress bar on a terminal: True from the start, False after two seconds, None never.
    relax : bool
        Also refit, in every fold, the columns that it chose without a penalty, and choose strength and ``gamma``
        together: the model is ``gamma`` times the penalised fit plus ``1 - gamma`` times the refit. Prefer it where few
        columns matter and matter much, which a lasso shrinks too far. Bounds stay in force (with one target). With
        several targets or classes what is refitted is what each of them has of its own.
    gammas : numbers in [0, 1], default (0, 0.25, 0.5, 0.75, 1)
        The blends to compare, with ``relax=True``.

    Attributes
    ----------
    coef_ : (p,) array, or (K, p) for a target with K columns
        Coefficients on the scale of X.
    intercept_ : float, or (K,)
    strength_ : float
        The chosen strength.
    penalty_ : Penalty
        The chosen candidate, one of ``candidates_``.
    path_, paths_ : Path, tuple of Path
        Solutions along the strengths, of the chosen and of every candidate.
    cv_, cvs_ : CVResult and tuple of CVResult, or None
        Held-out scores behind the choice, where folds made it.
    criterion_, criteria_ : Criterion and tuple of Criterion, or None
        The criterion along the strengths, where one made the choice.
    gamma_, relaxed_cv_, relaxed_cvs_ : float, RelaxedCV and tuple of RelaxedCV or None, with ``relax=True``
        The chosen blend, and the held-out scores over strengths and gammas; ``cv_`` is then that of ``gamma_``.
    certificate_ : Certificate
        Proof that the chosen solution solves its problem: ``gap``, ``kkt``, ``converged``, ``reason``.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + 0.1 * X[:, 2]
    >>> model = rf.PenalizedRegressor(rf.L1(), strength=0.5).fit(X, y)
    >>> np.flatnonzero(model.coef_)
    array([0, 1])
    >>> model.certificate_.converged
    True

    References
    ----------
    Tibshirani (1996), Regression shrinkage and selection via the lasso; Zou & Hastie (2005) for the elastic
    net; Friedman, Hastie & Tibshirani (2010) for paths and cross-validation along them; Meinshausen (2007) and Hastie,
    Tibshirani & Tibshirani (2020) for relaxed fits.
    """

    def __init__(
        self,
        penalty: Penalty | list[Penalty] = L1(),  # noqa: B008 - a frozen value
        *,
        loss: str | Loss = "squared",
        strength: float | None = None,
        select: str = "min",
        strengths: Any = 100,
        min_ratio: float | None = None,
        cv: Any = None,
        standardize: bool = True,
        fit_intercept: bool = True,
        scoring: Any = None,
        tol: float = 1e-7,
        n_jobs: int | None = None,
        random_state: Any = None,
        linear_constraints: LinearConstraints | None = None,
        verbose: bool | None = False,
        relax: bool = False,
        gammas: Any = GAMMAS,
    ) -> None:
        self.penalty = penalty
        self.loss = loss
        self.strength = strength
        self.select = select
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.standardize = standardize
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.linear_constraints = linear_constraints
        self.verbose = verbose
        self.relax = relax
        self.gammas = gammas

    def predict(self, X: Any, *, offset: Any = None) -> Vector:
        """Return the expected target of every row, (n,) or (n, K); give ``offset`` if the fit had one."""
        return losses.get(self.loss).mean(self._eta(X, offset))

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> float:
        """Return R squared on given rows (of several targets the mean): 1 is perfect, 0 the mean of ``y``."""
        return float(r2_score(y, self.predict(X, offset=offset), sample_weight=sample_weight))

    def _loss(self) -> Loss:
        loss = losses.get(self.loss)
        if isinstance(loss, CoupledLoss):
            raise InputError(
                f"loss={self.loss!r} is for times to an event, not for numbers; use PenalizedCox."
            )
        return loss

    def _target(self, y: Any, table: Table, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        self._loss()  # a loss for other targets says so before the target is looked at
        return read_target(y, table.n), None

    def __sklearn_tags__(self) -> Any:
        """Say whether several targets are supported."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self.loss == "squared"
        return tags
