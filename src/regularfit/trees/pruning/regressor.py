"""A regression tree, pruned where held-out rows say."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.tree import DecisionTreeRegressor

from ..._checks import check_choice
from ..._typing import Vector
from ...errors import InputError
from ...inputs.targets import read_target
from ..regularisation import Regularisation
from ._base import PrunedTree

__all__ = ["PrunedTreeRegressor"]


class PrunedTreeRegressor(RegressorMixin, PrunedTree):
    r"""One regression tree that a reader can follow, as large as held-out rows say.

    A tree T is grown to its full size and then pruned to the part that minimises

    .. math:: R(T) + \alpha \, |\mathrm{leaves}(T)|

    where R is the mean squared error in the leaves. The parts that are best for some alpha form a nested sequence;
    which of them predicts best is found by cross-validation. Each fold's tree is grown once and gives the held-out
    error for all alphas in one walk of its rows, so the choice costs as many fits as there are folds, however long the
    path is. The alphas of the folds are the geometric means between those of the full tree, as in CART and R's rpart.

    Prefer it where a model has to be read, drawn and explained. For prediction alone, boosting or a forest are better
    almost always, and a shrunk tree (:class:`~regularfit.trees.Shrunk`) often.

    Parameters
    ----------
    regularisation : trees.Regularisation or None
        Restraints while the tree grows: ``max_depth``, ``min_rows``, ``leaves``, ``column_sampling``, ``split_toll``.
        None grows it until leaves are pure.
    ccp_alpha : float >= 0 or None
        The price of a leaf, in the unit of R. None: chosen by ``select``.
    select : {"min", "1se"}
        The best mean held-out score, or the smallest tree within one paired standard error of it.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out; None is 10 folds, or as many as there can be, with a warning.
    criterion : {"squared_error", "absolute_error", "poisson"}
        What splits bring down, what pruning prices and how held-out rows are scored: mean squared error, mean absolute
        error (slow, and no missing values), mean Poisson deviance.
    random_state : int, RandomState or None
        Which random folds, and the order of columns among equally good splits; None is 0.

    Attributes
    ----------
    tree_ : sklearn.tree.DecisionTreeRegressor
        The pruned tree, on the encoded columns ``columns_.encoded_names``.
    ccp_alpha_ : float
        The chosen price of a leaf.
    leaves_ : int
    path_ : PruningPath
        All pruned trees: ``alphas``, ``leaves``, ``risks``; ``.to_frame()``, ``.at(alpha)``.
    cv_ : KnobCV or None
        Held-out scores along the path.
    feature_importances_ : (p,) shares of what splits on each column brought.
    columns_, regularisation_, n_features_in_, feature_names_in_ : what fit learned of the table.

    Examples
    --------
    >>> from regularfit.trees import PrunedTreeRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = np.where(X[:, 0] > 0, 3.0, 0.0) + 0.1 * np.sin(40 * X[:, 1])
    >>> model = PrunedTreeRegressor(select="1se").fit(X, y)
    >>> model.leaves_
    2
    >>> print(model.rules())
    all rows: 1.4 (200 rows)
        x0 <= -0.00183221: 0.000112 (106 rows)
        x0 > -0.00183221: 2.99 (94 rows)

    References
    ----------
    Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, chapter 3.
    """

    def __init__(
        self,
        regularisation: Regularisation | None = None,
        *,
        ccp_alpha: float | None = None,
        select: str = "min",
        cv: Any = None,
        criterion: str = "squared_error",
        random_state: Any = None,
    ) -> None:
        self.regularisation = regularisation
        self.ccp_alpha = ccp_alpha
        self.select = select
        self.cv = cv
        self.criterion = criterion
        self.random_state = random_state

    def predict(self, X: Any) -> Vector:
        """Return the mean of the leaf of every row, (n,)."""
        matrix = self._matrix(X)
        return self.tree_.predict(matrix)

    def _read_target(self, y: Any, n: int, weights: Vector | None) -> Vector:
        check_choice(self.criterion, ("squared_error", "absolute_error", "poisson"), "criterion")
        target = read_target(y, n)
        if target.ndim > 1:
            raise InputError(
                f"y has {target.shape[1]} columns, and a pruned tree has one target. Fit one a column."
            )
        return target

    def _unfitted(self, **settings: Any) -> Any:
        return DecisionTreeRegressor(**settings)

    def _score_kind(self) -> str:
        return self.criterion

    def _says(self, value: np.ndarray) -> str:
        return f"{value[0]:.3g}"
