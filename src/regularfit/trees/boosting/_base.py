"""What both estimators share: reading the data, choosing the rounds, keeping what was found."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..._checks import check_choice
from ...errors import InputError, UnsupportedError
from ...inputs.targets import read_weights
from ...selection import Fold
from .._estimator import TreeEstimator
from .._folds import folds_for
from ..columns import TreeColumns
from ..engines import Task, TreeData, TreeModel, get_engine
from ..knob_cv import KnobCV
from ..regularisation import Regularisation
from .choice import Choice, Order, choose_rounds
from .constraints import read_interactions, read_monotone
from .defaults import default_regularisation
from .path import BoostingPath
from .scores import make_score
from .search import Search, Trial
from .workshop import Workshop

if TYPE_CHECKING:
    from ..model_file import Parts
    from .plots import RoundsDisplay

__all__ = ["Boosting"]

SELECT = ("min", "1se")


class Boosting(TreeEstimator):
    """The machinery of :class:`BoostingRegressor` and :class:`BoostingClassifier`; not for direct use."""

    regularisation: Regularisation | None
    engine: str
    select: str | None
    cv: Any
    rounds: int
    patience: int | None
    tune: int | None
    monotone: Any
    interactions: Any
    scoring: Any
    n_jobs: int | None
    random_state: Any
    verbose: bool

    _STORED = ("rounds_", "cv_", "regularisation_", "tune_", "_task", "_training_loss")
    _STORED_VALUES = (Trial, Search)

    rounds_: int
    cv_: KnobCV | None
    classes_: np.ndarray
    _model: TreeModel
    _task: Task

    # --- what the two give themselves

    def _target(
        self, y: Any, n: int, weights: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Return (target or codes, weights, classes)."""
        raise NotImplementedError

    def _what(self, classes: np.ndarray | None) -> Task:
        """Return the loss as a task without columns."""
        raise NotImplementedError

    # --- fitting

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Any:
        """Choose the number of rounds by folds, then grow that many on all rows.

        Parameters
        ----------
        X : pandas, polars or pyarrow table, or (n, p) array; missing values and categories are welcome.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that folds must keep together.

        Returns
        -------
        the fitted estimator itself

        Raises
        ------
        InputError, UnsupportedError
            For data or parameters that cannot be used; a model of an earlier fit stays as it was.
        FitError
            Where held-out predictions run away.
        ModuleNotFoundError
            Where the engine is not installed.
        KeyboardInterrupt
            After Ctrl-C; ``partial_cv_`` then holds the curve over the rounds that all folds had reached.

        Warns
        -----
        FewerFoldsWarning
            Where ``cv=None`` and there are fewer rows, groups or members of a class than the usual number of folds.
        GridEdgeWarning
            Where the best number of rounds is the most that was allowed.
        """
        self._check_settings()
        engine = get_engine(self.engine)
        columns = TreeColumns.learn(X)
        matrix = columns.encode(X)
        if len(matrix) < 2:
            raise InputError(
                "X has n_samples = 1; boosting needs two rows at least, and some hundreds to be of use."
            )
        target, weights, classes = self._target(y, len(matrix), read_weights(sample_weight, len(matrix)))
        drawn = check_random_state(0 if self.random_state is None else self.random_state)
        task = self._task_for(columns, classes, int(drawn.randint(2**31 - 1)))
        workshop = Workshop.of(engine, TreeData(matrix, target, weights), task)
        how = (X, target, weights, classes, groups)
        folds = self._folds(*how, self.random_state)
        finals = self._finals(*how, task.seed)
        choice = self._choice(workshop, folds, finals, classes)
        grown, losses = _grown(workshop, choice)
        self._keep(columns, classes, task, choice)
        self._keep_model(grown, losses)
        return self

    def _check_settings(self) -> None:
        if self.select is not None:
            check_choice(self.select, SELECT, "select")
        for name, none in (("rounds", False), ("patience", True), ("tune", True), ("n_jobs", True)):
            value = getattr(self, name)
            if none and value is None:
                continue
            whole = isinstance(value, Integral) and not isinstance(value, bool)
            if not whole or (value < 1 and name != "n_jobs"):
                also = " or None" if none else ""
                raise InputError(f"{name} must be a whole number >= 1{also}; {value!r} was given.")
        given = self.regularisation
        if given is not None and not isinstance(given, Regularisation):
            raise InputError(f"regularisation must be a Regularisation or None; {given!r:.80} was given.")
        if self.select is None and (given is None or given.rounds is None or self.tune is not None):
            raise InputError(
                "Without folds (select=None) nothing can be chosen: give "
                "regularisation=Regularisation(rounds=200) and tune=None, or select='min'."
            )

    def _task_for(self, columns: TreeColumns, classes: np.ndarray | None, seed: int) -> Task:
        task = replace(
            self._what(classes),
            categories=columns.categories,
            monotone=read_monotone(self.monotone, columns),
            interactions=read_interactions(self.interactions, columns),
            seed=seed,
            threads=None if self.n_jobs is None or self.n_jobs < 1 else int(self.n_jobs),
        )
        if task.monotone is not None and task.loss in ("classes", "absolute", "quantile"):
            raise UnsupportedError(
                f"monotone is not supported with {'several classes' if task.classes else f'loss={task.loss!r}'}: no "
                "engine keeps it there. Leave it out, or use two classes, 'squared', 'poisson' or 'gamma'."
            )
        return task

    def _finals(self, *how: Any) -> list[Fold] | None:
        """Return folds other than those of the search, which only a number of random folds can give."""
        drawn = self.cv is None or isinstance(self.cv, Integral)
        return self._folds(*how) if self.tune is not None and drawn else None

    def _folds(
        self,
        X: Any,
        target: np.ndarray,
        weights: np.ndarray | None,
        classes: np.ndarray | None,
        groups: Any,
        random_state: Any,
    ) -> list[Fold] | None:
        if self.select is None:
            return None
        how: dict[str, Any] = {"instead": "select=None and regularisation=Regularisation(rounds=...)"}
        return folds_for(self, X, target, weights, groups, classes, random_state=random_state, **how)

    def _choice(
        self,
        workshop: Workshop,
        folds: list[Fold] | None,
        finals: list[Fold] | None,
        classes: np.ndarray | None,
    ) -> Choice:
        smallest = min(
            (len(workshop.trained(train)) for train, _ in folds or []), default=len(workshop.trained())
        )
        given = self.regularisation
        start = default_regularisation(self.engine, smallest)
        if given is not None:
            start = given if self.tune is None else given.over(start)
        order = Order(
            given=given,
            start=start,
            select=self.select or "min",
            most=self.rounds if given is None or given.rounds is None else given.rounds,
            patience=self.patience,
            trials=self.tune,
            finals=finals,
            verbose=bool(self.verbose),
        )
        score = make_score(self.scoring, workshop.task, classes, workshop.data.weights is not None)
        if hasattr(self, "partial_cv_"):
            del self.partial_cv_
        try:
            return choose_rounds(workshop, folds, score, order)
        except KeyboardInterrupt as stop:
            partial = getattr(stop, "partial", None)
            if partial is not None:
                self.partial_cv_ = partial
            raise

    def _keep(self, columns: TreeColumns, classes: np.ndarray | None, task: Task, choice: Choice) -> None:
        self._keep_columns(columns)
        self._task = task
        self.regularisation_ = choice.regularisation.with_(rounds=choice.rounds)
        self.rounds_, self.cv_ = choice.rounds, choice.cv
        for name, value in (("classes_", classes), ("tune_", choice.trials)):
            if value is not None:
                setattr(self, name, value)
            elif hasattr(self, name):
                delattr(self, name)

    def _keep_model(self, model: TreeModel, losses: np.ndarray) -> None:
        self._model, self.booster_, self._training_loss = model, model.native, losses
        classes = getattr(self, "classes_", None)
        self.path_ = BoostingPath(model, self.columns_, self._task, classes, losses, type(self).__name__)

    # --- using

    @property
    def feature_importances_(self) -> np.ndarray:
        """Share of every column in the gain of all splits, (p,); zeros where no tree splits."""
        check_is_fitted(self, "booster_")
        gains = self._model.gains(self.n_features_in_)
        total = gains.sum()
        return gains / total if total > 0 else gains

    def _margins(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "booster_")
        return self._model.margins(self._matrix(X))

    def plot_cv(self, ax: Any = None, **options: Any) -> RoundsDisplay:
        """Draw the held-out score along the rounds; see :class:`~regularfit.trees.boosting.plots.RoundsDisplay`."""
        from .plots import RoundsDisplay

        return RoundsDisplay.from_estimator(self, ax=ax, **options)

    def _stored_parts(self, parts: Parts) -> None:
        parts.put_engine("model", self._model, self.engine)

    def _restore_parts(self, parts: Parts) -> None:
        self._keep_model(parts.engine_model("model", self._task), self._training_loss)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether fit has been called."""
        return hasattr(self, "booster_")


def _grown(workshop: Workshop, choice: Choice) -> tuple[TreeModel, np.ndarray]:
    """Grow the chosen number of rounds on all rows; the loss on them is read on the way."""
    growing = workshop.grow(choice.regularisation, None, None)
    data = workshop.data.take(workshop.trained()) if workshop.data.weights is not None else workshop.data
    score = make_score(None, workshop.task, None, False)
    losses = np.array([score.of(data.y, growing.advance(), data.weights) for _ in range(choice.rounds)])
    return growing.finish(), losses
