"""How other libraries write strength and l1_ratio, and what it is here: the one place that knows.

Here, always, with weights scaled to sum to n:

    (1/n) sum_i w_i loss(y_i, eta_i)  +  strength * (l1_ratio * sum |b| + (1 - l1_ratio) / 2 * sum b^2)

with loss = (y - eta)^2 / 2 or the log-loss. Every function returns a :class:`Convention`; docs/conventions.md has the
same as a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import check_fraction, check_positive, check_vector, check_weights
from .._typing import Vector
from ..errors import InputError
from ..penalties import L1, L2, ElasticNet
from ..penalties._base import NormalFormPenalty

__all__ = [
    "Convention",
    "from_celer",
    "from_cuml_logistic",
    "from_elastic_net",
    "from_glm",
    "from_glmnet",
    "from_huber",
    "from_lasso",
    "from_logistic_regression",
    "from_ridge",
    "from_skglm",
    "from_statsmodels",
    "from_weight_decay",
    "glmnet_factors",
    "target_deviation",
]


@dataclass(frozen=True, slots=True)
class Convention:
    """A penalty in our words, and how the model that it comes from treats columns and intercept.

    Parameters
    ----------
    strength : the multiplier of the penalty.
    l1_ratio : the share of L1.
    standardize : whether that library standardises columns by default.

    Examples
    --------
    >>> Convention(0.5, 1.0).penalty
    L1(strength=1.0)
    """

    strength: float
    l1_ratio: float
    standardize: bool = False

    @property
    def penalty(self) -> NormalFormPenalty:
        """The penalty to be multiplied by ``strength``."""
        if self.l1_ratio == 1:
            return L1()
        return L2() if self.l1_ratio == 0 else ElasticNet(self.l1_ratio)


# ---------------------------------------------------------------- scikit-learn


def from_lasso(alpha: float) -> Convention:
    """Return scikit-learn's ``Lasso(alpha)``, which is the same here.

    >>> from_lasso(0.1)
    Convention(strength=0.1, l1_ratio=1.0, standardize=False)
    """
    return Convention(_not_negative(alpha, "alpha"), 1.0)


def from_elastic_net(alpha: float, l1_ratio: float) -> Convention:
    """Return scikit-learn's ``ElasticNet(alpha, l1_ratio)``, which is the same here.

    >>> from_elastic_net(0.1, 0.7)
    Convention(strength=0.1, l1_ratio=0.7, standardize=False)
    """
    return Convention(_not_negative(alpha, "alpha"), check_fraction(l1_ratio, "l1_ratio"))


def from_ridge(alpha: float, total_weight: float) -> Convention:
    r"""Return scikit-learn's ``Ridge(alpha)``: :math:`\sum_i w_i r_i^2 + \alpha \|b\|^2`, a sum of whole squares.

    Parameters
    ----------
    alpha : >= 0
    total_weight : the sum of the sample weights, n where there are none.

    Examples
    --------
    >>> from_ridge(5.0, 100)
    Convention(strength=0.05, l1_ratio=0.0, standardize=False)
    """
    return Convention(_not_negative(alpha, "alpha") / check_positive(total_weight, "total_weight"), 0.0)


def from_logistic_regression(C: float, l1_ratio: float, total_weight: float) -> Convention:
    r"""Return scikit-learn's ``LogisticRegression(C, l1_ratio)``: C times a sum, and a penalty of multiplier one.

    Parameters
    ----------
    C : > 0
    l1_ratio : 0 for ``penalty="l2"``, 1 for ``"l1"``.
    total_weight : the sum of sample weights times class weights, n where there are none.

    Examples
    --------
    >>> from_logistic_regression(2.0, 1.0, 50)
    Convention(strength=0.01, l1_ratio=1.0, standardize=False)
    """
    cost = check_positive(C, "C") * check_positive(total_weight, "total_weight")
    return Convention(1.0 / cost, check_fraction(l1_ratio, "l1_ratio"))


def from_glm(alpha: float) -> Convention:
    """Return scikit-learn's ``PoissonRegressor(alpha)``, Gamma and Tweedie: means of half deviances, as here.

    >>> from_glm(0.1)
    Convention(strength=0.1, l1_ratio=0.0, standardize=False)
    """
    return Convention(_not_negative(alpha, "alpha"), 0.0)


def from_huber(alpha: float, scale: float, total_weight: float) -> Convention:
    r"""Return scikit-learn's ``HuberRegressor`` at its ``scale_``; the loss is ``Huber(epsilon * scale)``.

    Its objective at a scale s is :math:`\frac2s \sum_i w_i \ell(r_i) + \alpha \|b\|^2`, a sum.

    Parameters
    ----------
    alpha : >= 0
    scale : > 0, the fitted ``scale_``.
    total_weight : the sum of the sample weights, n where there are none.

    Examples
    --------
    >>> from_huber(1.0, 2.0, 100)
    Convention(strength=0.02, l1_ratio=0.0, standardize=False)
    """
    shared = check_positive(scale, "scale") / check_positive(total_weight, "total_weight")
    return Convention(_not_negative(alpha, "alpha") * shared, 0.0)


# ---------------------------------------------------------------- R's glmnet (adelie has the binomial one for all)


def from_glmnet(
    lambda_: float, alpha: float = 1.0, *, family: str = "gaussian", y_sd: float = 1.0
) -> Convention:
    r"""Return R's ``glmnet(lambda, alpha)``; for gaussian its ridge part is :math:`\lambda (1 - \alpha) / sd(y)`.

    glmnet scales a gaussian target (less its offset) to unit standard deviation inside, which multiplies the ridge part
    and leaves the lasso part alone.

    Parameters
    ----------
    lambda_ : >= 0
    alpha : in [0, 1]
    family : ``"gaussian"``, or any other of R's, which are all alike; for ``"mgaussian"`` and grouped multinomial the
        penalty is then ``.across_outputs()``.
    y_sd : :func:`target_deviation` of the rows that are fitted; only for gaussian.

    Examples
    --------
    >>> from_glmnet(2.0, 0.0, y_sd=4.0)
    Convention(strength=0.5, l1_ratio=0.0, standardize=True)
    """
    lambda_ = _not_negative(lambda_, "lambda_")
    alpha = check_fraction(alpha, "alpha")
    scale = check_positive(y_sd, "y_sd") if family == "gaussian" else 1.0
    l1, l2 = alpha, (1.0 - alpha) / scale
    return Convention(lambda_ * (l1 + l2), l1 / (l1 + l2), standardize=True)


def target_deviation(y: Any, sample_weight: Any = None, offset: Any = None, intercept: bool = True) -> float:
    """Return glmnet's sd(y): with 1/n and the weights, less the offset, about zero where there is no intercept.

    >>> target_deviation([1.0, 3.0])
    1.0
    """
    target = check_vector(y) - (0.0 if offset is None else check_vector(offset, name="offset"))
    w = check_weights(sample_weight, len(target))
    centre = np.average(target, weights=w) if intercept else 0.0
    return float(np.sqrt(np.average((target - centre) ** 2, weights=w)))


def glmnet_factors(penalty_factor: Any, p: int) -> Vector:
    """Return glmnet's ``penalty.factor`` as it is used: rescaled to sum to p, inf (excluded) counted as one.

    >>> glmnet_factors([0, 1, 3], 3)
    array([0.  , 0.75, 2.25])
    """
    factors = np.ones(p) if penalty_factor is None else np.asarray(penalty_factor, dtype=np.float64)
    if factors.shape != (p,):
        raise InputError(f"penalty_factor has shape {factors.shape}, but X has {p} columns; give one each.")
    if not (factors >= 0).all():
        raise InputError("penalty_factor must be >= 0; 0 leaves a column unpenalised, inf excludes it.")
    out = np.isinf(factors)
    counted = np.where(out, 1.0, factors)
    if not counted.sum() > 0:
        raise InputError("penalty_factor is 0 for every column; at least one must be penalised.")
    return np.where(out, np.inf, counted * (p / counted.sum()))


# ---------------------------------------------------------------- others


def from_statsmodels(alpha: float, l1_wt: float = 1.0) -> Convention:
    r"""Return statsmodels' ``OLS.fit_regularized(alpha, L1_wt)`` and ``GLM.fit_regularized``: the same as here.

    Its OLS objective is :math:`RSS / (2n)`, that of its GLM minus the log-likelihood over n; it has no intercept of its
    own, and penalises the constant column unless ``alpha`` is 0 there.

    >>> from_statsmodels(0.1, 0.5)
    Convention(strength=0.1, l1_ratio=0.5, standardize=False)
    """
    return from_elastic_net(alpha, l1_wt)


def from_skglm(alpha: float, l1_ratio: float = 1.0) -> Convention:
    r"""Return skglm's ``Lasso(alpha)``, ``ElasticNet`` and ``SparseLogisticRegression(alpha)``: means, as here.

    >>> from_skglm(0.1)
    Convention(strength=0.1, l1_ratio=1.0, standardize=False)
    """
    return from_elastic_net(alpha, l1_ratio)


def from_celer(alpha: float, l1_ratio: float = 1.0) -> Convention:
    """Return celer's ``Lasso(alpha)`` and ``ElasticNet(alpha, l1_ratio)``, which follow scikit-learn.

    Its ``LogisticRegression(C)`` is :func:`from_logistic_regression`.

    >>> from_celer(0.1)
    Convention(strength=0.1, l1_ratio=1.0, standardize=False)
    """
    return from_elastic_net(alpha, l1_ratio)


def from_cuml_logistic(C: float, l1_ratio: float, total_weight: float) -> Convention:
    """Return cuML's ``LogisticRegression(C, l1_ratio)``, which follows scikit-learn.

    >>> from_cuml_logistic(1.0, 0.0, 10)
    Convention(strength=0.1, l1_ratio=0.0, standardize=False)
    """
    return from_logistic_regression(C, l1_ratio, total_weight)


def from_weight_decay(weight_decay: float, *, loss_factor: float = 1.0) -> Convention:
    r"""Return PyTorch's ``SGD(weight_decay)``: the gradient gains ``weight_decay * b``, so it is an L2 penalty.

    Parameters
    ----------
    weight_decay : >= 0
    loss_factor : the multiple of our loss that is minimised: 2 for ``MSELoss`` (no 1/2), 1 for
        ``BCEWithLogitsLoss``. It decays the bias too unless that has a parameter group of its own. AdamW's decay is not
        a penalty of the objective and has no translation.

    Examples
    --------
    >>> from_weight_decay(0.1, loss_factor=2.0)
    Convention(strength=0.05, l1_ratio=0.0, standardize=False)
    """
    return Convention(
        _not_negative(weight_decay, "weight_decay") / check_positive(loss_factor, "loss_factor"), 0.0
    )


def _not_negative(value: Any, name: str) -> float:
    if isinstance(value, (bool, str)) or not np.isscalar(value) or not 0 <= float(value) < np.inf:  # type: ignore[arg-type]
        raise InputError(f"{name} must be a finite number >= 0; {value!r} was given.")
    return float(value)  # type: ignore[arg-type]
