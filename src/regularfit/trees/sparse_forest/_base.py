"""What sparse forests for numbers and for classes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._checks import check_choice
from ..._typing import Vector
from ...errors import InputError
from ...inputs.targets import read_weights
from ...lockstep import Path
from ...penalties import Penalty
from ...selection import RelaxedCV, fold_weights
from .._estimator import TreeEstimator
from .._folds import folds_for
from .._min_rows import check_min_rows
from ..columns import TreeColumns
from ..combination import (
    Combination,
    after_nothing,
    check_penalty,
    check_shares,
    choose,
    empty_alike,
    knob_cv,
    losses_along,
    warn_of_edge,
)
from ..knob_cv import KnobCV
from ..knob_plot import KnobDisplay
from ..regularisation import Regularisation
from ..structure import TreeNodes
from ..structure.read_sklearn import read_tree
from .forest import make_forest, tree_outputs
from .thinning import blend, most_trees, thinned
from .tree_file import packed, unpacked

if TYPE_CHECKING:
    from os import PathLike

    from ..model_file import Parts

__all__ = ["SparseForest"]


class SparseForest(TreeEstimator):
    """The base of SparseForestRegressor and SparseForestClassifier; their docstrings say what the parameters mean."""

    forest: Any
    penalty: Penalty
    select: str
    most: Any
    strengths: Any
    min_ratio: float | None
    cv: Any
    relax: bool
    evens: Any
    tol: float
    n_jobs: int | None
    random_state: Any

    weights_: Vector
    intercept_: float
    trees_: tuple[TreeNodes, ...]
    path_: Path
    cv_: KnobCV
    strength_: float
    even_: float
    forest_scores_: Vector

    _STORED = ("weights_", "intercept_", "path_", "cv_", "strength_", "even_", "forest_scores_")

    # --- what the two give themselves

    def _target(self, y: Any, n: int, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the target as numbers or codes, and the classes."""
        raise NotImplementedError

    def _score_name(self) -> str:
        raise NotImplementedError

    def _answers(self, total: np.ndarray) -> np.ndarray:
        """Return predictions from the weighted sums of the trees' outputs, (n, outputs)."""
        raise NotImplementedError

    def _loss(self, answers: np.ndarray, target: np.ndarray, weights: Vector) -> float:
        raise NotImplementedError

    # --- fitting

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Any:
        """Grow the forest, on all rows and on every fold, and keep as many of its trees as held-out rows say.

        Parameters
        ----------
        X : a pandas, polars or pyarrow table or an (n, p) array; missing values and categories are welcome.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that folds keep together, or None. The forest's own draws do not know of them.

        Raises
        ------
        InputError, UnsupportedError
            For data or settings that cannot be used; a model of an earlier fit stays as it was.

        Warns
        -----
        FewerFoldsWarning
            Where ``cv=None`` and there are fewer rows, groups or members of a class than the usual number of folds.
        GridEdgeWarning
            Where the best strength is at an edge of its grid.
        """
        check_choice(self.select, ("min", "1se"), "select")
        columns = TreeColumns.learn(X, indicators=True)
        matrix = columns.encode(X)
        if len(matrix) < 2:
            raise InputError(
                "X has n_samples = 1; a forest needs two rows at least, and some hundreds to be of use."
            )
        weights = read_weights(sample_weight, len(matrix))
        target, classes = self._target(y, len(matrix), weights)
        how = self._combination(classes)
        evens = check_shares(self.evens, "evens") if self.relax else (0.0,)
        seed = int(
            check_random_state(0 if self.random_state is None else self.random_state).randint(2**31 - 1)
        )
        forest = make_forest(self.forest, classes is not None, seed, self.n_jobs)
        own = not isinstance(self.forest, Regularisation)
        check_min_rows(forest.min_samples_leaf, len(matrix), "min_samples_leaf" if own else "min_rows")
        most = most_trees(self.most, forest.n_estimators)
        folds = folds_for(self, X, target, weights, groups, classes, instead=None)
        grown, path = thinned(forest, how, matrix, target, classes, weights, self.strengths)
        found = [
            self._fold(fold, forest, how, evens, matrix, target, classes, weights, path) for fold in folds
        ]
        scores = RelaxedCV(
            path.strengths,
            np.array(evens),
            np.stack([losses for losses, _ in found], axis=2),
            fold_weights(folds, weights),
            self._score_name(),
        )
        chosen = choose(self.select, scores, path.nonzeros, most)
        self._keep_columns(columns)
        if classes is not None:
            self.classes_ = classes
        self.path_, self.even_ = path, chosen.gamma
        weights_along, levels = blend(path, chosen.gamma)
        self.strength_ = float(path.strengths[chosen.index])
        self.cv_ = knob_cv(
            scores, chosen, "trees", np.count_nonzero(weights_along, axis=1).astype(np.float64)
        )
        self.forest_scores_ = np.array([whole for _, whole in found])
        self.weights_, self.intercept_ = weights_along[chosen.index], float(levels[chosen.index])
        self.trees_ = tuple(read_tree(grown.estimators_[t]) for t in np.flatnonzero(self.weights_))
        self._count = None if classes is None else len(classes)
        self._index = chosen.index
        warn_of_edge(path, self.cv_, most)
        return self

    def _combination(self, classes: np.ndarray | None) -> Combination:
        return Combination(
            check_penalty(self.penalty).nonnegative(),
            relax=bool(self.relax),
            fit_intercept=classes is None,
            min_ratio=self.min_ratio,
            tol=self.tol,
            threads=self.n_jobs,
        )

    def _fold(
        self,
        fold: tuple[np.ndarray, np.ndarray],
        forest: Any,
        how: Combination,
        evens: tuple[float, ...],
        matrix: np.ndarray,
        target: np.ndarray,
        classes: np.ndarray | None,
        weights: Vector | None,
        whole_path: Path,
    ) -> tuple[np.ndarray, float]:
        """Return the held-out losses of a forest grown and thinned without the fold, and of the whole forest."""
        train, test = fold
        inside = None if weights is None else weights[train]
        held = np.ones(len(test)) if weights is None else weights[test]
        strengths = after_nothing(whole_path.strengths)
        grown, path = thinned(forest, how, matrix[train], target[train], classes, inside, strengths)
        outputs = tree_outputs(grown, matrix[test], None if classes is None else len(classes))

        def loss(coef: Vector, level: float) -> float:
            total = np.einsum("ntk,t->nk", outputs[:, coef != 0], coef[coef != 0]) + level
            return self._loss(self._answers(total), target[test], held)

        whole = self._loss(self._answers(outputs.mean(axis=1)), target[test], held)
        blends = empty_alike([blend(path, even) for even in evens], whole_path.nonzeros)
        return losses_along(blends, loss), whole

    # --- the fitted model

    @property
    def trees_kept_(self) -> int:
        """How many trees have a weight above zero."""
        check_is_fitted(self, "weights_")
        return int(np.count_nonzero(self.weights_))

    @property
    def loss_to_forest_(self) -> float:
        """How much larger the held-out error is than that of the whole forest on the same folds: 0.05 is 5 %."""
        check_is_fitted(self, "weights_")
        whole = float(np.average(self.forest_scores_, weights=self.cv_.weights))
        return float(self.cv_.mean[self._index] / whole - 1) if whole > 0 else float("nan")

    def _outputs(self, X: Any) -> np.ndarray:
        """Return the weighted sum of the kept trees' outputs, (n, outputs)."""
        matrix = self._matrix(X)
        total = np.zeros((len(matrix), self._count or 1))
        for tree, weight in zip(self.trees_, self.weights_[self.weights_ != 0], strict=True):
            total += weight * tree.value[tree.apply(matrix)]
        return total + self.intercept_

    def plot_cv(self, *, ax: Any = None, **options: Any) -> KnobDisplay:
        """Draw the held-out score along the number of trees kept, with both choices.

        Parameters
        ----------
        ax, options : as for KnobDisplay.plot.
        """
        check_is_fitted(self, "weights_")
        kept = np.maximum.accumulate(self.cv_.values)  # a tree may leave again; the axis only grows
        shown = np.maximum(kept, 0.5)
        label = "trees kept (stronger penalty to the left)"
        display = KnobDisplay(self.cv_, shown, label, 0.5 if kept[0] == 0 else None).plot(ax, **options)
        whole = float(np.average(self.forest_scores_, weights=self.cv_.weights))
        display.ax_.axhline(whole, color="0.4", linestyle=":", linewidth=1.2, label="whole forest")
        display.ax_.legend(frameon=False, fontsize="small")
        return display

    # --- keeping

    def save(self, path: str | PathLike[str], *, overwrite: bool = False, extra: Any = None) -> None:
        """Write the fitted model to a file that :func:`regularfit.load` reads back; no pickle in it.

        The parameter ``forest`` is kept where it is None or a Regularisation.

        Parameters
        ----------
        path : where to write; ``.rfit`` is the usual ending.
        overwrite : whether an existing file may be replaced.
        extra : further facts (JSON values and arrays) to keep beside the model.
        """
        from ..model_file import save

        save(self, path, overwrite=overwrite, extra=extra)

    def _stored_parts(self, parts: Parts) -> None:
        parts.arrays |= {f"trees/{name}": array for name, array in packed(self.trees_).items()}
        parts.facts["outputs"] = {"count": self._count, "index": self._index}

    def _restore_parts(self, parts: Parts) -> None:
        start = "trees/"
        arrays = {k.removeprefix(start): v for k, v in parts.arrays.items() if k.startswith(start)}
        self.trees_ = unpacked(arrays, single=True)
        self._count, self._index = parts.facts["outputs"]["count"], parts.facts["outputs"]["index"]
        if len(self.trees_) != self.trees_kept_:
            raise InputError(f"{len(self.trees_)} trees for {self.trees_kept_} weights")

    def __sklearn_is_fitted__(self) -> bool:
        """Whether fit has been called."""
        return hasattr(self, "trees_")
