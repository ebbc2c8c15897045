"""AutoNetClassifier and AutoNetRegressor: nets for tables whose regularisation is searched for within a budget."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._checks import check_positive
from ...errors import InputError
from ...inputs.raw_table import RawTable
from ...inputs.targets import read_classes
from ..encoding import TableEncoding
from ..estimators import NetClassifier, NetRegressor
from ..estimators.rows import as_rows
from ..evaluation.metrics import metric
from ..lanes.face import Face
from ..lanes.prepare import prepare
from .folds import search_folds
from .search import Search
from .space import cocktails

__all__ = ["AutoNetClassifier", "AutoNetRegressor"]


class _AutoNet(BaseEstimator):
    """What the two share."""

    budget: float
    cv: Any
    hidden: Any
    metric: Any
    picks: int
    scaling: str
    threads: int | None
    random_state: Any

    def _base(self) -> Any:
        raise NotImplementedError

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Any:
        """Search, and pick an ensemble of the nets that the search has trained.

        Parameters
        ----------
        X : a table, or (n, p) numbers.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) rows that belong together, for the folds.
        """
        begun = time.monotonic()
        check_positive(self.budget, "budget", "It is a number of seconds, such as 300.")
        face = Face.of(self._base())
        seed = int(check_random_state(self.random_state).randint(2**31))
        X = as_rows(X)
        if len(X) < 2:
            raise InputError(
                f"X has n_samples = {len(X)}; folds need several rows, and nets some hundreds to be of use."
            )
        cv = self._folds(y, len(X), groups)
        prepared = prepare(
            X, y, cv, face, sample_weight=sample_weight, groups=groups, scaling=self.scaling, stops=False,
            device=None,
        )  # fmt: skip
        classification = prepared.classes is not None
        measure = metric(self.metric or ("log_loss" if classification else "mse"), prepared.task)
        if self.metric is None and getattr(self, "class_weight", None) is not None:
            # the log loss is judged as it is trained: what is right for balanced classes wins
            prepared = replace(prepared, data=replace(prepared.data, score_weight=prepared.data.weight))
        space = cocktails(classification, [tuple(self.hidden)], bins=prepared.data.bins is not None)
        threads = self.threads or torch.get_num_threads()
        search = Search(prepared, face, space, measure, self.budget, begun, seed, threads)
        self.search_ = search.run()
        self.ensemble_ = self.search_.ensemble(self.picks)
        self.cocktail_ = self.search_.points[self.search_.best]
        if classification:
            self.classes_ = prepared.classes
        self._remember(prepared.encodings.encodings[0])
        return self

    def _folds(self, y: Any, n: int, groups: Any) -> Any:
        return self.cv

    def _remember(self, encoding: TableEncoding) -> None:
        """Keep what columns there were."""
        self.n_features_in_ = len(encoding.columns)
        if encoding.names is not None:
            self.feature_names_in_ = np.asarray(encoding.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _checked(self, X: Any) -> RawTable:
        """Return X, read, if it has the columns of fit."""
        check_is_fitted(self, "ensemble_")
        return self.search_.prepared.encodings.read(as_rows(X), type(self).__name__)

    def refit(self, X: Any, y: Any, *, sample_weight: Any = None) -> Any:
        """Return one net with the best cocktail, trained on all rows: smaller than the ensemble, and a little worse."""
        check_is_fitted(self, "search_")
        net = self.search_.estimator()
        net.set_params(validation=None)
        return net.fit(X, y, sample_weight=sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class, or the value, of every row."""
        X = self._checked(X)
        return self.ensemble_.predict(X)

    def __sklearn_tags__(self) -> Any:
        """Say that missing values and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class AutoNetClassifier(ClassifierMixin, _AutoNet):
    """Search for the cocktail of regularisers that fits a table, and predict with an ensemble of the nets it trained.

    Cocktails are drawn from a space in which each regulariser is off or on with a strength of its own (Kadra et al.,
    2021), trained on all folds in lockstep, halved on the way, and bred for the next wave until the budget is spent.
    The nets of the search are then combined by greedy selection on held-out rows (Caruana et al., 2004). Prefer it to
    ``NetClassifier`` when minutes may be spent; its memory holds all nets that were trained.

    Parameters
    ----------
    budget : seconds > 0 that fit may take. Training ends at 85 % of them; what is left scores the nets and picks. A
        table that takes longer to encode than that is trained on for a quarter of the budget still. From about a
        minute on there is time for more than the four to six cocktails that are trained first.
    hidden : widths of the hidden layers, whole numbers >= 1.
    metric : what is to become best: a name such as "balanced_accuracy", or None for the log loss, in which rows weigh
        what they weigh in training, ``class_weight`` included.
    class_weight : None, "balanced" or a dict from label to weight > 0, in training; multiplies ``sample_weight``.
    cv : folds: a number >= 2, a splitter or pairs of (train, test) rows. With a number, the only row of a class is
        trained on in all folds.
    picks : of the ensemble, >= 1.
    scaling : of numbers, as in ``NetClassifier``. With "piecewise" it is searched for whether nets see the bins.
    threads : packs trained at once, >= 1; None is torch's number of threads.
    random_state : of cocktails and nets. Time decides how many are tried, so results vary with the machine.

    Attributes
    ----------
    search_ : scores, curves and nets of everything that was tried, a ``LockstepResult``.
    cocktail_ : the best cocktail.
    ensemble_ : what predicts.
    classes_ : (K,) the labels, sorted.
    n_features_in_, feature_names_in_ : int, (p,) array of str
        The columns that fit saw; names only where X had them.

    Raises
    ------
    InputError
        In ``fit``, for data or settings that cannot be used.

    References
    ----------
    Kadra, A., Lindauer, M., Hutter, F. and Grabocka, J. (2021). Well-tuned simple nets excel on tabular datasets.
    NeurIPS.

    Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble selection from libraries of models. ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> auto = AutoNetClassifier(budget=3, hidden=(16,), cv=3, random_state=0).fit(X, y)
    >>> bool(auto.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        budget: float = 300.0,
        *,
        hidden: Any = (128, 128),
        metric: Any = None,
        class_weight: Any = None,
        cv: Any = 5,
        picks: int = 32,
        scaling: str = "piecewise",
        threads: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.budget = budget
        self.hidden = hidden
        self.metric = metric
        self.class_weight = class_weight
        self.cv = cv
        self.picks = picks
        self.scaling = scaling
        self.threads = threads
        self.random_state = random_state

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class, (n, K), in the order of ``classes_``."""
        X = self._checked(X)
        return self.ensemble_.predict_proba(X)

    def _folds(self, y: Any, n: int, groups: Any) -> Any:
        return self.cv if groups is not None else search_folds(self.cv, read_classes(y, n)[1])

    def _base(self) -> Any:
        return NetClassifier(
            self.hidden, regularisers=[], scaling=self.scaling, class_weight=self.class_weight,
            random_state=self.random_state,
        )  # fmt: skip


class AutoNetRegressor(RegressorMixin, _AutoNet):
    """Search for the cocktail of regularisers that fits a table with a numeric target; see ``AutoNetClassifier``.

    Parameters
    ----------
    budget, hidden, cv, picks, scaling, threads, random_state : as there.
    metric : None for the mean squared error, or a name such as "mae".

    Attributes
    ----------
    search_, cocktail_, ensemble_, n_features_in_, feature_names_in_ : as there.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(120, 3))
    >>> auto = AutoNetRegressor(budget=3, hidden=(16,), cv=3, random_state=0).fit(X, X[:, 0] - X[:, 1])
    >>> auto.predict(X).shape
    (120,)
    """

    def __init__(
        self,
        budget: float = 300.0,
        *,
        hidden: Any = (128, 128),
        metric: Any = None,
        cv: Any = 5,
        picks: int = 32,
        scaling: str = "piecewise",
        threads: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.budget = budget
        self.hidden = hidden
        self.metric = metric
        self.cv = cv
        self.picks = picks
        self.scaling = scaling
        self.threads = threads
        self.random_state = random_state

    def _base(self) -> Any:
        return NetRegressor(
            self.hidden, regularisers=[], scaling=self.scaling, random_state=self.random_state
        )
