"""A forest for numbers, of which only some trees are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from ..._typing import Vector
from ...errors import InputError
from ...inputs.targets import read_target
from ...penalties import L1, Penalty
from ._base import SparseForest
from .thinning import EVENS

__all__ = ["SparseForestRegressor"]


class SparseForestRegressor(RegressorMixin, SparseForest):
    r"""A random forest of which a lasso keeps the few trees that together predict as well as all of them.

    .. math:: f(x) = b + \sum_t w_t\, T_t(x), \qquad \min_{b,\, w \ge 0}\; \frac{1}{2n} \sum_i
              \Bigl(y_i - b - \sum_t w_t\, \tilde T_t(x_i)\Bigr)^2 + \text{strength} \cdot P(w)

    where :math:`\tilde T_t(x_i)` is what tree t says of a row outside its bag (weighted by the inverse of the chance to
    be outside), and for rows in its bag the mean of the trees that have not seen them. Weights are never negative. A
    lasso that keeps few trees also shrinks their sum, so the kept trees are refitted without the penalty (``relax``),
    and pulled towards even weights as far as held-out rows say (``evens``): few trees of a noisy target do best as a
    plain vote. Every fold grows and thins a forest of its own, so that the held-out errors are those of rows that
    neither has seen; the whole forest is scored on the same rows (``forest_scores_``, ``loss_to_forest_``).

    Prefer it to a forest where the model has to be small: to be stored, sent or evaluated often. It costs as many
    forests as there are folds, and one more. For the best prediction alone, boosting is better most of the time.

    Parameters
    ----------
    forest : None, trees.Regularisation, or an unfitted RandomForestRegressor or ExtraTreesRegressor
        None is a random forest of 100 trees; the ``rounds`` of a Regularisation are the number of trees. A forest of
        one's own must draw rows (``bootstrap=True``).
    penalty : L1() or ElasticNet(...)
        On the weights, which are held at or above zero in any case.
    select : {"min", "1se"}
        The best mean held-out error, or the fewest trees within one paired standard error of it.
    most : int >= 1, share in (0, 1) or None
        How many of the trees may be kept; None: as many as ``select`` says.
    strengths : int >= 1 or (L,) array > 0
        How many strengths to try, or which; a best one at the edge of the grid is warned of.
    min_ratio : float in (0, 1) or None
        Smallest strength over the largest, for a number of strengths.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out; None is 5 folds, or as many as there can be, with a warning.
    relax : bool
        Whether the kept trees are refitted without the penalty; else the penalised weights are used as they are.
    evens : numbers in [0, 1]
        How far refitted weights are pulled towards even ones of the same sum, to compare: 0 not at all, 1 all the way.
    tol : float > 0
        Largest relative duality gap that counts as converged.
    n_jobs : int or None
        Threads of the forest (if it names none itself) and of the penalised fit; None is 1 for the first, all cores for
        the second.
    random_state : int, RandomState or None
        Which folds, and which draws of the forest unless it has a ``random_state``; None is 0.

    Attributes
    ----------
    weights_ : (trees,) >= 0; most of them 0.
    intercept_ : float
    trees_kept_ : int
    trees_ : tuple of TreeNodes
        The kept trees, in the order of the forest; predictions need no others.
    path_ : Path
        Weights along all strengths.
    cv_ : KnobCV
        Held-out errors along the path at ``even_``; ``values`` are numbers of trees kept.
    strength_, even_ : float, the choice.
    forest_scores_ : (folds,) held-out errors of the whole forest.
    loss_to_forest_ : float
        How much larger the held-out error is than that of the whole forest.
    columns_, n_features_in_, feature_names_in_ : what fit learned of the table.

    Examples
    --------
    >>> from regularfit.trees import SparseForestRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = X[:, 0] + np.sin(3 * X[:, 1])
    >>> model = SparseForestRegressor(most=0.25, cv=3, n_jobs=1).fit(X, y)
    >>> model.trees_kept_ <= 25, bool((model.weights_ >= 0).all())
    (True, True)

    References
    ----------
    Friedman, J. H. and Popescu, B. E. (2003). Importance sampled learning ensembles. Stanford University.

    Hastie, T., Tibshirani, R. and Friedman, J. (2009). The Elements of Statistical Learning, 16.3.
    """

    def __init__(
        self,
        forest: Any = None,
        *,
        penalty: Penalty = L1(),  # noqa: B008 - a frozen value
        select: str = "min",
        most: float | None = None,
        strengths: Any = 100,
        min_ratio: float | None = None,
        cv: Any = None,
        relax: bool = True,
        evens: Any = EVENS,
        tol: float = 1e-7,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.forest = forest
        self.penalty = penalty
        self.select = select
        self.most = most
        self.strengths = strengths
        self.min_ratio = min_ratio
        self.cv = cv
        self.relax = relax
        self.evens = evens
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def predict(self, X: Any) -> Vector:
        """Return the weighted sum of the kept trees, (n,)."""
        return self._outputs(X)[:, 0]

    def _target(self, y: Any, n: int, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        target = read_target(y, n)
        if target.ndim > 1:
            raise InputError(
                f"y has {target.shape[1]} columns, and a sparse forest has one target. Fit one a column."
            )
        return target, None

    def _score_name(self) -> str:
        return "mean squared error"

    def _answers(self, total: np.ndarray) -> np.ndarray:
        return total[:, 0]

    def _loss(self, answers: np.ndarray, target: np.ndarray, weights: Vector) -> float:
        return float(np.average((answers - target) ** 2, weights=weights))
