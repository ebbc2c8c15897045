"""What pruning of regression and of classification trees shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._checks import check_choice, check_positive
from ..._typing import Vector
from ...errors import InputError
from ...inputs.targets import read_weights
from ...selection import Fold, fold_weights
from .._estimator import TreeEstimator
from .._folds import folds_for
from .._min_rows import check_min_rows
from ..knob_cv import KnobCV
from ..knob_plot import KnobDisplay
from ..regularisation import Regularisation
from ..structure import TreeNodes
from ..structure.read_sklearn import read_tree
from .losses import SCORE_NAMES, losses_along, row_losses
from .path import PruningPath
from .tree_file import dumped, rebuilt
from .weakest_link import collapse_alphas
from .words import Words

if TYPE_CHECKING:
    from ..model_file import Parts

__all__ = ["PrunedTree"]


class PrunedTree(TreeEstimator):
    """The base of PrunedTreeRegressor and PrunedTreeClassifier; their docstrings say what the parameters mean."""

    _STORED = ("ccp_alpha_", "path_", "cv_", "regularisation_", "_missing")
    _STORED_VALUES = (PruningPath,)

    regularisation: Regularisation | None
    ccp_alpha: float | None
    select: str
    cv: Any
    criterion: str
    random_state: Any

    tree_: Any
    path_: PruningPath
    cv_: KnobCV | None
    ccp_alpha_: float
    regularisation_: Regularisation
    classes_: np.ndarray

    # --- what the two give themselves

    def _read_target(self, y: Any, n: int, weights: Vector | None) -> Vector:
        raise NotImplementedError

    def _row_weights(self, target: Vector, weights: Vector | None) -> Vector | None:
        """Return what rows count, in growing and in the held-out score."""
        return weights

    def _unfitted(self, **settings: Any) -> Any:
        raise NotImplementedError

    def _score_kind(self) -> str:
        raise NotImplementedError

    def _says(self, value: np.ndarray) -> str:
        raise NotImplementedError

    # --- fitting

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Any:
        """Grow a tree on all rows and one on each fold, and prune them where the held-out rows say.

        Parameters
        ----------
        X : a pandas, polars or pyarrow table or an (n, p) array; missing values and categories are welcome.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that stay in one fold, or None.

        Raises
        ------
        InputError
            For data or settings that cannot be used.
        UnsupportedError
            For a knob of ``regularisation`` that a single tree does not have.

        Warns
        -----
        FewerFoldsWarning
            Where ``cv=None`` and there are fewer rows, groups or members of a class than the usual number of folds.
        """
        check_choice(self.select, ("min", "1se"), "select")
        matrix = self._learn_columns(X, indicators=True)
        if len(matrix) < 2:
            raise InputError(
                "X has n_samples = 1; a tree needs two rows at least, and some hundreds to be of use."
            )
        weights = read_weights(sample_weight, len(matrix))
        target = self._read_target(y, len(matrix), weights)
        weights = self._row_weights(target, weights)
        self._missing: np.ndarray = np.any(np.isnan(matrix), axis=0)
        seed = int(check_random_state(0 if self.random_state is None else self.random_state).randint(2**31))
        settings = self._settings(matrix, target, weights, seed)
        grown = self._grown(matrix, target, weights, settings)
        nodes, risk = _read(grown)
        self.path_ = PruningPath.of(nodes, risk)
        index = self._choose(X, matrix, target, weights, groups, settings)
        self.ccp_alpha_ = (
            float(self.path_.typical[index]) if self.ccp_alpha is None else float(self.ccp_alpha)
        )
        pruned = settings | {"ccp_alpha": self.path_.inside(index)}
        self.tree_ = self._grown(matrix, target, weights, pruned)
        return self

    def _settings(
        self, matrix: np.ndarray, target: Vector, weights: Vector | None, seed: int
    ) -> dict[str, Any]:
        """The engine's parameters."""
        knobs = Regularisation() if self.regularisation is None else self.regularisation
        if not isinstance(knobs, Regularisation):
            raise InputError(
                f"regularisation must be a trees.Regularisation or None; {knobs!r:.80} was given, write "
                "trees.Regularisation(min_rows=5)."
            )
        check_min_rows(knobs.min_rows, len(matrix))
        self.regularisation_ = knobs
        settings = {"criterion": self.criterion, "random_state": seed}
        gain = None
        if knobs.split_toll:
            stump = self._grown(matrix, target, weights, settings | {"max_depth": 1})
            gain = float(_risk(stump)[0] - _risk(stump)[1:].sum()) if stump.tree_.node_count > 1 else 0.0
        return settings | knobs.to("tree", root_gain=gain)

    def _grown(
        self, matrix: np.ndarray, target: Vector, weights: Vector | None, settings: dict[str, Any]
    ) -> Any:
        return self._unfitted(**settings).fit(matrix, target, sample_weight=weights)

    # --- choosing

    def _choose(
        self,
        X: Any,
        matrix: np.ndarray,
        target: Vector,
        weights: Vector | None,
        groups: Any,
        settings: dict[str, Any],
    ) -> int:
        """Return which tree of the path is kept."""
        if self.ccp_alpha is not None:
            self.cv_ = None
            return self.path_.at(
                self.ccp_alpha
                if self.ccp_alpha == 0
                else check_positive(self.ccp_alpha, "ccp_alpha", "0 is the full tree.")
            )
        classes = getattr(self, "classes_", None)
        folds = folds_for(self, X, target, weights, groups, classes, usual=10, instead="ccp_alpha=...")
        kind = self._score_kind()
        losses = np.column_stack([self._fold(f, matrix, target, weights, settings, kind) for f in folds])
        typical = self.path_.typical
        held = fold_weights(folds, weights)
        self.cv_ = KnobCV(typical, losses, held, SCORE_NAMES[kind], False, "ccp_alpha", typical)
        return self.cv_.index_min if self.select == "min" else self.cv_.index_1se

    def _fold(
        self,
        fold: Fold,
        matrix: np.ndarray,
        target: Vector,
        weights: Vector | None,
        settings: dict[str, Any],
        kind: str,
    ) -> Vector:
        """Return the mean held-out loss of the fold's tree at every complexity, from one fit."""
        train, test = fold
        grown = self._grown(
            matrix[train], target[train], None if weights is None else weights[train], settings
        )
        nodes, risk = _read(grown)
        alphas = self.path_.typical.copy()
        alphas[0] = np.inf  # the root alone, whatever the fold's own complexities are
        loss = row_losses(kind, self._values(grown, nodes), target[test])
        held = np.ones(len(test)) if weights is None else weights[test]
        return losses_along(nodes, collapse_alphas(nodes, risk), alphas, matrix[test], loss, held)

    def _values(self, grown: Any, nodes: TreeNodes) -> np.ndarray:
        """What the nodes predict; a class that the fold did not see has a share of 0."""
        if not hasattr(self, "classes_"):
            return nodes.value
        value: np.ndarray = np.zeros((len(nodes), len(self.classes_)))
        value[:, grown.classes_.astype(np.intp)] = nodes.value
        return value

    # --- the fitted tree

    @property
    def leaves_(self) -> int:
        """How many leaves the pruned tree has."""
        check_is_fitted(self, "tree_")
        return int(self.tree_.get_n_leaves())

    @property
    def feature_importances_(self) -> np.ndarray:
        """What splits on each column of the table brought, as shares of the whole, (p,)."""
        check_is_fitted(self, "tree_")
        counts = [
            1 if levels is None or not self.columns_.indicators else len(levels)
            for levels in self.columns_.levels
        ]
        column = np.repeat(np.arange(len(counts)), counts)
        return np.bincount(column, self.tree_.feature_importances_, len(counts))

    def rules(self) -> str:
        """Return the pruned tree as text, one node a line."""
        nodes = self._nodes()
        return self._words().text(
            nodes, lambda node: f"{self._says(nodes.value[node])} ({_rows(nodes.rows[node])})"
        )

    def plot_tree(self, ax: Any = None) -> Any:
        """Draw the pruned tree; returns the matplotlib axes."""
        from .drawing import draw_tree

        nodes = self._nodes()
        says = [f"{self._says(nodes.value[node])}\n{_rows(nodes.rows[node])}" for node in range(len(nodes))]
        return draw_tree(nodes, self._words(), says, ax)

    def plot_cv(self, *, ax: Any = None, **options: Any) -> KnobDisplay:
        """Draw the held-out score along the number of leaves, with both choices; options as for KnobDisplay.plot.

        Raises
        ------
        InputError
            Where ``ccp_alpha`` was given, so that no folds were grown.
        """
        check_is_fitted(self, "tree_")
        if self.cv_ is None:
            raise InputError(
                "This tree was not cross-validated: ccp_alpha was given. Fit with ccp_alpha=None."
            )
        return KnobDisplay(self.cv_, self.path_.leaves, "leaves (stronger pruning to the left)").plot(
            ax, **options
        )

    def _stored_parts(self, parts: Parts) -> None:
        parts.arrays |= {f"tree/{name}": array for name, array in dumped(self.tree_).items()}
        parts.facts["tree"] = {name: self.tree_.get_params()[name] for name in ("criterion", "ccp_alpha")}

    def _restore_parts(self, parts: Parts) -> None:
        arrays = {
            name.removeprefix("tree/"): a for name, a in parts.arrays.items() if name.startswith("tree/")
        }
        classes = len(self.classes_) if hasattr(self, "classes_") else None
        unfitted = self._unfitted(**parts.facts["tree"])
        self.tree_ = rebuilt(arrays, unfitted, len(self.columns_.encoded_names), classes)

    def _nodes(self) -> TreeNodes:
        check_is_fitted(self, "tree_")
        return read_tree(self.tree_)

    def _words(self) -> Words:
        names = self.columns_.names or tuple(f"x{j}" for j in range(len(self.columns_.levels)))
        pairs: list[tuple[str, str] | None] = []
        for name, levels in zip(names, self.columns_.levels, strict=True):
            pairs += [None] if levels is None else [(name, level) for level in levels]
        return Words(self.columns_.encoded_names, tuple(pairs), self._missing)


def _risk(grown: Any) -> Vector:
    """What every node adds to the impurity of the whole, if it is a leaf."""
    tree = grown.tree_
    return tree.impurity * (tree.weighted_n_node_samples / tree.weighted_n_node_samples[0])


def _read(grown: Any) -> tuple[TreeNodes, Vector]:
    return read_tree(grown), _risk(grown)


def _rows(rows: float) -> str:
    return "1 row" if rows == 1 else f"{rows:.6g} rows"
