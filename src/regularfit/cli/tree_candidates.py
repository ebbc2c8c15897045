"""Models of trees that compete with the penalties on the same folds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from regularfit.cli.entrants import entrants
from regularfit.cli.folds import HONEST_FOLDS, make_cv
from regularfit.cli.progress import steps
from regularfit.cli.tree_sizes import at_the_limit, shares_of, size_of
from regularfit.errors import GridEdgeWarning, InputError, UnsupportedError

if TYPE_CHECKING:
    from regularfit.cli.job import Prepared, Settings
    from regularfit.report.collect_trees import TreeResult

_SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as on the folds
_FEWEST = {
    "rounds": "fewest rounds", "ccp_alpha": "fewest leaves", "shrinkage": "strongest shrinkage", "trees": "fewest trees"
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


def fit_trees(prepared: Prepared, settings: Settings, labels: np.ndarray) -> tuple[TreeCandidate, ...]:
    """Fit every model of trees on the folds of the linear estimator."""
    X, folds = tree_matrix(prepared), same_folds(prepared, settings, labels)
    rivals, found = _entrants(prepared, settings, X), []
    with steps("fitting", len(rivals), settings.show_progress) as tell, warnings.catch_warnings():
        # The limit of the rounds is told by `limits` in words of the command line.
        warnings.filterwarnings("ignore", "The best number of rounds", GridEdgeWarning)
        for name, model in rivals:
            tell(name)
            model.set_params(cv=folds).fit(X, labels, sample_weight=prepared.roles.weight)
            if prepared.roles.time is None:
                model.set_params(cv=settings.cv)  # the same folds in fewer words, for the model file
            if prepared.target.order is not None:
                model.classes_ = prepared.target.order
            found.append(TreeCandidate(model, describe(name, model, X, prepared, settings.select)))
    return tuple(found)


def limits(trees: tuple[TreeCandidate, ...]) -> list[str]:
    """Say where boosting was still improving when its rounds ended."""
    return [
        f"{tree.result.name} was still improving at the last of its {tree.estimator.rounds:,} rounds, so more may do "
        f"better: --rounds {2 * tree.estimator.rounds} (takes longer)"
        for tree in trees
        if hasattr(tree.estimator, "rounds_") and at_the_limit(tree.estimator)
    ]


def _entrants(prepared: Prepared, settings: Settings, X: Any) -> list[tuple[str, Any]]:
    size = int(np.prod(X.shape))
    return entrants(
        prepared.target.task, settings.select, settings.seed, settings.threads, size, settings.rounds
    )


def honest_overall(
    estimator: Any, prepared: Prepared, settings: Settings, labels: np.ndarray
) -> tuple[Any, str | None]:
    """Return the honest score of the choice among the linear candidates and the trees, by refitting all of it.

    Its ``candidates`` are the honest scores of the linear choice and of every model of trees, from the same fits. Or
    None and why there is none, where the folds inside the folds cannot be had.
    """
    import regularfit as rf
    from regularfit.tuning import Competition

    X, roles, folds = tree_matrix(prepared), prepared.roles, min(settings.cv, HONEST_FOLDS)
    linear: Any = clone(estimator)
    rivals = [("linear candidates", linear.set_params(verbose=None)), *_entrants(prepared, settings, X)]
    fits = len(rivals) * (1 + folds + folds * (folds - 1) // 2)
    given: dict[str, Any] = {"sample_weight": roles.weight, "groups": roles.group}
    with warnings.catch_warnings(), steps("honest score", fits, settings.show_progress) as tell:
        warnings.simplefilter("ignore")  # what is noticed on all rows was told already
        whole = Competition(rivals, cv=folds, random_state=settings.seed, tell=tell)
        try:
            return rf.honest_score(whole, X, labels, folds, random_state=settings.seed, **given), None
        except InputError as error:
            return None, f"no honest interval of the choice among linear candidates and trees: {error}"


def with_honest(trees: tuple[TreeCandidate, ...], overall: Any) -> tuple[TreeCandidate, ...]:
    """Return the models with the honest scores of their own."""
    if overall is None:
        return trees
    alone = overall.candidates[1:]
    return tuple(
        replace(tree, result=replace(tree.result, honest=score))
        for tree, score in zip(trees, alone, strict=True)
    )


def describe(name: str, model: Any, X: Any, prepared: Prepared, select: str) -> TreeResult:
    """Return what the table and the report say of a fitted model of trees."""
    from regularfit.report.collect_trees import TreeResult
    from regularfit.tuning import chosen_at

    cv, at = model.cv_, chosen_at(model)
    knob, values, whole = cv.knob, cv.values, None
    if knob == "ccp_alpha":
        values = model.path_.leaves.astype(np.float64)
    if knob == "trees":
        whole = float(np.average(model.forest_scores_, weights=cv.weights))
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
        one_se=at if select == "1se" else None,
        whole=whole,
    )


def _train_error(model: Any, X: Any, prepared: Prepared) -> float:
    target = prepared.target
    if target.task == "regression":
        errors = (target.values - model.predict(X)) ** 2
    else:
        mine = model.predict_proba(X)[np.arange(len(target.values)), target.values.astype(np.intp)]
        errors = -np.log(np.clip(mine, _SMALLEST, 1.0))
    return float(np.average(errors, weights=prepared.roles.weight))
