"""Hierarchical shrinkage of any model of trees, its strength chosen from one fit a fold."""

from __future__ import annotations

import warnings
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import MetaEstimatorMixin, is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..._checks import check_choice
from ..._typing import Vector
from ...errors import GridEdgeWarning, InputError, UnsupportedError
from ...inputs.targets import check_classes_weighted, read_classes, read_target, read_weights
from .._estimator import TreeEstimator
from ..knob_cv import KnobCV
from ..knob_plot import KnobDisplay
from ..structure import Ensemble, read_trees
from ..structure.read import engine_of, is_fitted
from ..structure.stored import arrays_of, ensemble_of
from .fingerprint import fingerprint
from .intake import Workshop, check_kind, wants_indicators
from .path import ShrinkagePath, strength_grid
from .respond import Response, responder
from .shrink import check_strength, copied, write_shrunk
from .stored_model import StoredModel

if TYPE_CHECKING:
    from ..model_file import Parts

__all__ = ["Shrunk"]


def _same(model: Any, print_: str) -> bool:
    return is_fitted(model) and fingerprint(model) == print_


def _has_probabilities(shrunk: Shrunk) -> bool:
    if shrunk.model is None:  # it comes from a file
        return hasattr(shrunk, "classes_")
    return hasattr(shrunk.model, "predict_proba")


class Shrunk(MetaEstimatorMixin, TreeEstimator):
    r"""Any model of trees with the predictions of small nodes pulled towards those of the nodes above them.

    A row's prediction in a tree is that of the root plus a step at every split on its way. Each step is shrunk by

    .. math:: f(x) = v(\mathrm{root}) + \sum_{\text{steps } p \to c} \frac{v(c) - v(p)}
              {1 + \text{strength} / \mathrm{rows}(p)}

    so the steps that few rows have voted for count least, and with strength 10 a step from a node of 10 rows counts
    half. The splits stay as they are. So one fit a fold serves all strengths, and the choice costs little more than the
    folds' fits; strength 0, which shrinks nothing, is always among those tried.

    Prefer it to a plain or a pruned tree where prediction counts more than a small drawing: over 17 sets it cut the
    squared error of an unpruned tree by 32 % in the median, from 3 to 70 %, most where the target is noisy; over 36
    sets of classes the Brier score by 35 %, and to 10 % below that of a pruned tree, at the same balanced accuracy
    (``benchmarks/results/shrinkage.md``). A forest is an average already, and boosting has its learning rate: their
    squared errors gained next to nothing. Their probabilities did, which are too sure: the log-loss of a forest of
    30 and of LightGBM without early stopping fell by 12 and 15 % in the median. The strength is chosen for
    probabilities; where a class is rare that can cost labels (balanced accuracy fell by 10 points at worst).

    The values that are shrunk are means of numbers, or shares of classes, for single trees and forests, and margins
    for boosting. What a boosting node predicts is the mean of its leaves, weighted by rows. Rows are counted by their
    weights; by their curvature in LightGBM and XGBoost (the same for the squared loss); without weights in
    HistGradientBoosting.

    Parameters
    ----------
    model : a decision tree, forest, extra trees, GradientBoosting or HistGradientBoosting, LightGBM, XGBoost
        Unfitted: it is cloned and fitted, on tables with categories and missing values where its engine takes them.
        Fitted: a copy is shrunk and the model itself is never touched; its strength is chosen with clones that are
        fitted on folds of the X and y given to ``fit``, which should be those that it was fitted on. With a strength
        given as a number ``fit()`` needs no data then. ``sklearn.base.clone`` forgets fits, also this one.
    strength : "cv", or rows >= 0
        How strongly steps are shrunk; "cv": chosen by ``select``.
    strengths : int or (S,) array, default 25
        How many strengths to try, or which.
    select : {"min", "1se"}
        The best mean held-out score, or the strongest shrinkage within one paired standard error of it.
    cv : int, splitter, iterable of (train, test) or None
        How rows are held out.
    random_state : int, RandomState or None
        Which random folds, and the seed of an unfitted model that has none; None is 0.

    Attributes
    ----------
    model_ : the shrunk model, of its own engine; at strength 0 its predictions are the engine's own to the last bit.
    strength_ : float
    cv_ : KnobCV or None
        Held-out scores along the strengths: mean squared error, or mean log-loss (probabilities below 2e-16 count as
        that).
    path_ : ShrinkagePath
        The strengths, and how much of what the trees explain each of them leaves.
    classes_ : (K,) the labels, of classifiers.
    n_features_in_, feature_names_in_ : what fit saw of the table.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from regularfit.trees import Shrunk
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = Shrunk(DecisionTreeRegressor(), cv=5).fit(X, y)
    >>> bool(model.cv_.mean[model.cv_.index_min] < 0.7 * model.cv_.mean[-1])
    True

    References
    ----------
    Agarwal, A., Tan, Y. S., Ronen, O., Singh, C. and Yu, B. (2022). Hierarchical shrinkage: improving the accuracy and
    interpretability of tree-based models. ICML.
    """

    _STORED = ("strength_", "cv_", "path_")
    _STORED_VALUES = (ShrinkagePath,)

    model_: Any
    strength_: float
    cv_: KnobCV | None
    path_: ShrinkagePath
    classes_: np.ndarray

    def __init__(
        self,
        model: Any = None,
        *,
        strength: Any = "cv",
        strengths: Any = 25,
        select: str = "min",
        cv: Any = 5,
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.strength = strength
        self.strengths = strengths
        self.select = select
        self.cv = cv
        self.random_state = random_state

    # --- fitting

    def fit(self, X: Any = None, y: Any = None, *, sample_weight: Any = None, groups: Any = None) -> Shrunk:
        """Fit the model where it is not, choose the strength where none is given, and shrink.

        Parameters
        ----------
        X : a table or an (n, p) array; for a fitted model in the form that it takes.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that stay in one fold, or None.

        Raises
        ------
        InputError
            For data or settings that cannot be used.
        UnsupportedError
            For a model without trees that can be read.
        """
        check_choice(self.select, ("min", "1se"), "select")
        strength = None if self.strength is None or self.strength == "cv" else check_strength(self.strength)
        if self.model is None:
            raise InputError("Shrunk needs a model: Shrunk(DecisionTreeRegressor()), for example.")
        engine_of(self.model)
        if is_fitted(self.model):
            return self._fit_given(strength, X, y, sample_weight, groups)
        check_kind(self.model)
        matrix = self._learn_columns(X, indicators=wants_indicators(self.model))
        if len(matrix) < 2:
            raise InputError(
                "X has n_samples = 1; a tree needs two rows at least, and some hundreds to be of use."
            )
        weights = read_weights(sample_weight, len(matrix))
        target = self._read_target(y, len(matrix), weights)
        workshop = Workshop.encoded(self.model, self.columns_, matrix, target, weights, self.random_state)
        self._given = None
        fitted, _ = workshop.fitted()
        return self._shrink(fitted, read_trees(fitted), strength, workshop, groups)

    def _fit_given(self, strength: float | None, X: Any, y: Any, sample_weight: Any, groups: Any) -> Shrunk:
        """Shrink a copy of a model that is fitted already."""
        for name in ("columns_", "n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                delattr(self, name)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.model, name):
                setattr(self, name, getattr(self.model, name))
        if hasattr(self.model, "classes_"):
            self.classes_ = np.asarray(self.model.classes_)
        workshop = None
        if strength is None:
            check_kind(self.model)
            workshop = self._workshop_of_given(X, y, sample_weight)
        self._given = (self.model, fingerprint(self.model))
        return self._shrink(copied(self.model), read_trees(self.model), strength, workshop, groups)

    def _workshop_of_given(self, X: Any, y: Any, sample_weight: Any) -> Workshop:
        if X is None or y is None:
            raise InputError(
                "Choosing the strength needs the rows that the model was fitted on: fit(X, y). Or give strength=... as "
                "a number."
            )
        labels = np.asarray(y)
        weights = read_weights(sample_weight, len(labels))
        known = self.classes_ if is_classifier(self.model) else None
        target = self._read_target(y, len(labels), weights)
        if known is not None and not np.array_equal(known, self.classes_):
            self.classes_ = known
            raise InputError("y holds other classes than the model was fitted on; give the rows of its fit.")
        return Workshop(self.model, X, target, labels, weights)

    def _read_target(self, y: Any, n: int, weights: Vector | None) -> np.ndarray:
        if not is_classifier(self.model):
            return read_target(y, n)
        self.classes_, codes = read_classes(y, n)
        check_classes_weighted(codes, weights, self.classes_)
        return codes.astype(np.intp)

    def _shrink(
        self, fitted: Any, trees: Ensemble, strength: float | None, workshop: Workshop | None, groups: Any
    ) -> Shrunk:
        """Choose a strength where none is given, and write it into a fitted model of our own."""
        grid = strength_grid(self.strengths, trees)
        self.path_, self.cv_ = ShrinkagePath.of(trees, grid), None
        if strength is None and workshop is not None:
            self.cv_ = workshop.cross_validated(grid, self.cv, groups, self.random_state)
            index = self.cv_.index_min if self.select == "min" else self.cv_.index_1se
            strength = float(grid[index])
            self._warn_of_edge(index)
        self.strength_ = float(strength or 0.0)
        write_shrunk(fitted, trees, self.strength_)
        self.model_ = fitted
        self._print = fingerprint(fitted)
        return self

    def _warn_of_edge(self, index: int) -> None:
        """Warn where a grid of the user's own ends at the choice."""
        if isinstance(self.strengths, int) or len(self.path_) < 2:
            return
        at = self.path_.strengths[index]
        if index == 0 or (index == len(self.path_) - 1 and at > 0):
            way = "larger" if index == 0 else "smaller"
            warnings.warn(
                f"The chosen strength {at:.3g} is the {'first' if index == 0 else 'last'} of the grid, so a better one "
                f"may lie outside. Give {way} strengths, or their number.",
                GridEdgeWarning,
                stacklevel=4,
            )

    # --- predicting

    def predict(self, X: Any) -> np.ndarray:
        """Return the shrunk model's numbers or labels, (n,).

        Raises
        ------
        InputError
            Where the model given to Shrunk, or ``model_``, was changed since ``fit``.
        """
        rows = self._rows(X)
        if self._given is None and hasattr(self, "classes_"):
            return self.classes_[np.argmax(self.model_.predict_proba(rows), axis=1)]
        return self.model_.predict(rows)

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, (n, K)."""
        rows = self._rows(X)
        return self.model_.predict_proba(rows)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R squared, or the share of right labels."""
        measure = accuracy_score if hasattr(self, "classes_") else r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))

    def plot_cv(self, *, ax: Any = None, **options: Any) -> KnobDisplay:
        """Draw the held-out score along the strengths, with both choices; options as for KnobDisplay.plot.

        Raises
        ------
        InputError
            Where the strength was given, so that no folds were fitted.
        """
        check_is_fitted(self, "model_")
        if self.cv_ is None:
            raise InputError(
                "This model was not cross-validated: its strength was given. Fit with strength='cv'."
            )
        at = self.cv_.strengths.copy()
        zero = None
        if at[-1] == 0:  # 0 has no place on a log scale: one step further
            at[-1] = zero = at[-2] ** 2 / at[-3] if len(at) > 2 else at[0] / 10
        return KnobDisplay(self.cv_, at, "strength (weaker shrinkage to the left)", zero).plot(ax, **options)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False, extra: Any = None) -> None:
        """Write the fitted model to a file that :func:`regularfit.load` reads back; no pickle in it.

        The file holds the shrunk trees as arrays, from which ``model_`` then predicts without its engine: the same, and
        in single precision for XGBoost. The parameter ``model`` is not kept.

        Parameters
        ----------
        path : where to write; ``.rfit`` is the usual ending.
        overwrite : whether an existing file may be replaced.
        extra : further facts (JSON values and arrays) to keep beside the model.

        Raises
        ------
        UnsupportedError
            Where the model was given fitted, so that only its engine knows how to read a table.
        """
        from ..model_file import save

        save(self, path, overwrite=overwrite, extra=extra)

    def _stored_parts(self, parts: Parts) -> None:
        if self._given is not None:
            raise UnsupportedError(
                "The model was given to Shrunk fitted, and reads tables in a way of its own, which a file cannot hold. "
                "Give it unfitted, or save model_ by means of its engine."
            )
        stored = isinstance(self.model_, StoredModel)
        trees = self.model_.trees if stored else read_trees(self.model_)
        respond = self.model_.respond if stored else responder(self.model_)
        parts.arrays |= {f"trees/{name}": array for name, array in arrays_of(trees).items()}
        parts.facts["respond"] = [respond.kind, respond.steepness]

    def _restore_parts(self, parts: Parts) -> None:
        arrays = {
            name.removeprefix("trees/"): a for name, a in parts.arrays.items() if name.startswith("trees/")
        }
        kind, steepness = parts.facts["respond"]
        self.model_ = StoredModel(ensemble_of(arrays), Response(str(kind), float(steepness)))
        self._given = self._print = None

    def _rows(self, X: Any) -> Any:
        """Return rows in the form that the model inside takes, after a look whether it is still the one it was."""
        check_is_fitted(self, "model_")
        rows = self._matrix(X) if self._given is None else X
        if self._given is not None and not _same(*self._given):
            raise InputError(
                "The model that was given to Shrunk has been changed or fitted again since Shrunk.fit. Call fit again "
                "to shrink what it is now; model_ is a copy and still predicts as before."
            )
        if self._print is not None and fingerprint(self.model_) != self._print:
            raise InputError("model_ has been changed or fitted again since Shrunk.fit. Call fit again.")
        return rows

    def __sklearn_tags__(self) -> Any:
        """Say what the model inside says of its target."""
        tags = super().__sklearn_tags__()
        if self.model is None:
            tags.estimator_type = "classifier" if hasattr(self, "classes_") else "regressor"
        elif hasattr(self.model, "get_params"):
            inner = get_tags(self.model)
            for name in ("estimator_type", "classifier_tags", "regressor_tags", "target_tags"):
                setattr(tags, name, getattr(inner, name))
            if is_classifier(self.model):
                tags.target_tags.multi_output = tags.classifier_tags.multi_label = False
            tags.input_tags.allow_nan = inner.input_tags.allow_nan
        return tags
