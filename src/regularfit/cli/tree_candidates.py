"""Models of trees that compete with the penalties on the same folds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from regularfit.cli.folds import HONEST_FOLDS, make_cv
from regularfit.cli.output import number
from regularfit.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from regularfit.cli.job import Prepared, Settings
    from regularfit.report.collect_trees import TreeResult

_SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as on the folds
_FEW = 1_000_000  # numbers in a table so small that more threads than one cost more than they save
_FEWEST = {
    "rounds": "fewest rounds", "ccp_alpha": "fewest leaves", "shrinkage": "strongest shrinkage"
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class TreeCandidate:
    """A fitted model of trees and what the table and the report say of it."""

    estimator: Any
    result: TreeResult


def check_table(prepared: Prepared) -> None:
    """Refuse a sparse table.

    Raises
    ------
    UnsupportedError
        For SVMlight files.
    """
    if prepared.encoder.sparse:
        raise UnsupportedError(
            f"--models trees does not take sparse tables, and '{prepared.table.path}' is one. Leave trees out, or give "
            "the table as CSV, Parquet or Arrow."
        )


def tree_matrix(prepared: Prepared) -> Any:
    """Return the matrix with missing numbers left open: trees have their own way with them."""
    from regularfit.cli.job import named
    from regularfit.designs import Imputed

    if isinstance(prepared.open_X, Imputed):
        return named(prepared.open_X.X, prepared.encoder)
    return prepared.X


def same_folds(prepared: Prepared, settings: Settings, labels: np.ndarray) -> list[Any]:
    """Return the folds on which the linear estimator is tuned."""
    from regularfit.selection import make_folds

    roles = prepared.roles
    return make_folds(
        make_cv(settings.cv, roles.time),
        len(labels),
        labels,
        groups=roles.group,
        classifier=prepared.target.task == "classification",
        random_state=settings.seed,
        sample_weight=roles.weight,
    )


def entrants(task: str, select: str, seed: int, threads: int | None, size: int) -> list[tuple[str, Any]]:
    """Return the competing models, unfitted, by name: boosting, a pruned and a shrunk tree.

    Parameters
    ----------
    task : "regression" or "classification".
    select, seed : as for the linear candidates.
    threads : of boosting; None is one for a small table and all cores for a large one.
    size : rows times columns.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    from regularfit import trees

    light = find_spec("lightgbm") is not None
    engine, called = ("lightgbm", "LightGBM") if light else ("sklearn", "scikit-learn")
    how: dict[str, Any] = {"select": select, "random_state": seed}
    boosted = how | {"engine": engine, "n_jobs": threads or (1 if size < _FEW else None)}
    if task == "regression":
        models = [
            trees.BoostingRegressor(**boosted), trees.PrunedTreeRegressor(**how),
            trees.Shrunk(DecisionTreeRegressor(), **how),
        ]  # fmt: skip
    else:
        models = [
            trees.BoostingClassifier(**boosted), trees.PrunedTreeClassifier(**how, scoring="log-loss"),
            trees.Shrunk(DecisionTreeClassifier(), **how),
        ]  # fmt: skip
    return list(zip((f"Boosting ({called})", "Pruned tree", "Shrunk tree"), models, strict=True))


def fit_trees(prepared: Prepared, settings: Settings, labels: np.ndarray) -> tuple[TreeCandidate, ...]:
    """Fit every model of trees on the folds of the linear estimator."""
    X, folds = tree_matrix(prepared), same_folds(prepared, settings, labels)
    found: list[TreeCandidate] = []
    size = int(np.prod(X.shape))
    for name, model in entrants(prepared.target.task, settings.select, settings.seed, settings.threads, size):
        model.set_params(cv=folds).fit(X, labels, sample_weight=prepared.roles.weight)
        if prepared.roles.time is None:
            model.set_params(cv=settings.cv)  # the same folds in fewer words, for the model file
        if prepared.target.order is not None:
            model.classes_ = prepared.target.order
        found.append(TreeCandidate(model, describe(name, model, X, prepared, settings.select)))
    return tuple(found)


def honest_overall(
    estimator: Any, prepared: Prepared, settings: Settings, labels: np.ndarray
) -> tuple[Any, str | None]:
    """Return the honest score of the choice among the linear candidates and the trees, by refitting all of it.

    Or None and why there is none, where the folds inside the folds cannot be had.
    """
    import regularfit as rf
    from regularfit.tuning import Competition

    X, roles, folds = tree_matrix(prepared), prepared.roles, min(settings.cv, HONEST_FOLDS)
    size = int(np.prod(X.shape))
    rivals = entrants(prepared.target.task, settings.select, settings.seed, settings.threads, size)
    whole = Competition(
        [("linear", clone(estimator).set_params(verbose=None)), *rivals], cv=folds, random_state=settings.seed
    )
    given = {"sample_weight": roles.weight, "groups": roles.group}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is noticed on all rows was told already
        try:
            return rf.honest_score(whole, X, labels, folds, random_state=settings.seed, **given), None
        except InputError as error:
            return None, f"no honest interval of the choice among linear candidates and trees: {error}"


def describe(name: str, model: Any, X: Any, prepared: Prepared, select: str) -> TreeResult:
    """Return what the table and the report say of a fitted model of trees."""
    from regularfit.report.collect_trees import TreeResult

    cv = model.cv_
    at = cv.index_1se if select == "1se" else cv.index_min
    knob, values = cv.knob, cv.values
    if knob == "ccp_alpha":
        values = model.path_.leaves.astype(np.float64)
    reason = "lowest held-out error"
    if select == "1se":
        reason = f"{_FEWEST[knob]} within one standard error of the lowest error"
    return TreeResult(
        name=name,
        size=size_of(model),
        cv=cv,
        knob={"ccp_alpha": "leaves", "shrinkage": "strength"}.get(knob, knob),
        values=values,
        at=at,
        train_error=_train_error(model, X, prepared),
        kept=int((shares_of(model) > 0).sum()),
        reason=reason,
    )


def size_of(model: Any) -> str:
    """Return how large a model of trees is, in words."""
    if hasattr(model, "rounds_"):
        return _counted(model.rounds_, "round")
    if hasattr(model, "leaves_"):
        return _counted(model.leaves_, "leaf", "leaves")
    return f"strength {number(model.strength_, 3)}"


def shares_of(model: Any) -> np.ndarray:
    """Return the share of every column in what the splits brought, (p,)."""
    return np.asarray(getattr(model, "model_", model).feature_importances_)


def _counted(n: int, one: str, several: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def _train_error(model: Any, X: Any, prepared: Prepared) -> float:
    target = prepared.target
    if target.task == "regression":
        errors = (target.values - model.predict(X)) ** 2
    else:
        mine = model.predict_proba(X)[np.arange(len(target.values)), target.values.astype(np.intp)]
        errors = -np.log(np.clip(mine, _SMALLEST, 1.0))
    return float(np.average(errors, weights=prepared.roles.weight))
