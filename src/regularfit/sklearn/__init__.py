"""scikit-learn's penalised linear models, fitted by the lockstep engine: change one import and nothing else.

>>> from regularfit.sklearn import LassoCV  # was: from sklearn.linear_model import LassoCV

Every class is a subclass of scikit-learn's own: arguments, defaults, validation, deprecations, tags and prediction are
those of the installed version; only ``fit`` is ours. Arguments that steer scikit-learn's solvers (``solver``,
``selection``, ``precompute``, ``max_iter``, ``dual``, ``copy_X``, ``random_state``, ``warm_start``,
``intercept_scaling``) are checked and then have no effect: every fit runs to a proved optimum, whatever the start.
``tol`` only ever makes a fit sharper. ``n_jobs`` counts threads; ``None`` means all cores (or OMP_NUM_THREADS).

Pairs of link and power without a convex loss (Tweedie) and fits without any penalty and too few rows are left to
scikit-learn.
"""

from .elastic_net import ElasticNet, Lasso
from .elastic_net_cv import ElasticNetCV, LassoCV
from .glm import GammaRegressor, PoissonRegressor, TweedieRegressor
from .huber import HuberRegressor
from .logistic import LogisticRegression
from .logistic_cv import LogisticRegressionCV
from .multi_task import MultiTaskElasticNet, MultiTaskElasticNetCV, MultiTaskLasso, MultiTaskLassoCV
from .paths import enet_path, lasso_path
from .quantile import QuantileRegressor
from .ridge import Ridge, RidgeClassifier
from .ridge_cv import RidgeClassifierCV, RidgeCV

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "GammaRegressor",
    "HuberRegressor",
    "Lasso",
    "LassoCV",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PoissonRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "TweedieRegressor",
    "enet_path",
    "lasso_path",
]
