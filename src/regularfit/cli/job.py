"""The main job without any printing: a table in; a fitted model, its scores and facts out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from regularfit.cli.candidates import make_penalty
from regularfit.cli.entrants import ROUNDS
from regularfit.cli.folds import HONEST_FOLDS, make_cv, why_no_honest_score
from regularfit.cli.tree_candidates import check_table, fit_trees, honest_overall, limits, with_honest
from regularfit.errors import FitError
from regularfit.table import Encoder, Roles, Table, Target, guess_task, learn_encoder, read_table, take_roles
from regularfit.table.impute import column_means, fill_with

if TYPE_CHECKING:
    from regularfit.cli.tree_candidates import TreeCandidate


@dataclass(frozen=True)
class Settings:
    """Everything the user said, checked for form."""

    data: Path
    target: str | None
    task: Literal["regression", "classification"] | None
    select: Literal["min", "1se"]
    cv: int
    seed: int
    strengths: int
    candidates: dict[str, float]
    models: tuple[str, ...] = ("linear",)
    positive: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    drop: tuple[str, ...] = ()
    honest: bool = True
    threads: int | None = None
    rounds: int = ROUNDS
    missing: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str | None = None
    show_progress: bool = True


@dataclass(frozen=True)
class Prepared:
    """The table, ready to be fitted: ``X`` has missing numbers filled with ``means``, in ``open_X`` they are open."""

    table: Table
    roles: Roles
    target: Target
    encoder: Encoder
    means: np.ndarray
    X: Any
    open_X: Any
    gaps: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """The fitted linear estimator, its honest score (None where there is none), what was noticed, and the trees.

    ``overall`` is the honest score of the choice among linear candidates and trees.
    """

    estimator: Any
    honest: Any
    notes: tuple[str, ...]
    trees: tuple[TreeCandidate, ...] = ()
    overall: Any = None


def prepare(settings: Settings) -> Prepared:
    """Read the table and turn it into numbers.

    Raises
    ------
    TableError
        For anything in the file that cannot be used.
    """
    table = read_table(
        settings.data, missing=settings.missing, encoding=settings.encoding, delimiter=settings.delimiter
    )
    roles = take_roles(
        table,
        settings.target,
        weight=settings.weight,
        group=settings.group,
        time=settings.time,
        drop=settings.drop,
    )
    target = guess_task(roles.target, settings.task, settings.positive)
    encoder, encoded = learn_encoder(roles.table)
    means = column_means(encoded.X, roles.weight)
    frame = roles.table.frame
    gaps = {} if frame is None else {str(k): int(v) for k, v in frame.isna().sum().items() if v}
    X = named(fill_with(encoded.X, means), encoder)
    return Prepared(table, roles, target, encoder, means, X, left_open(encoded.X, X, encoder), gaps)


def left_open(encoded: Any, filled: Any, encoder: Encoder) -> Any:
    """Return what is fitted: where numbers are missing, every fold fills them with the means of its own rows."""
    from regularfit.designs import Imputed

    if not isinstance(encoded, np.ndarray) or not np.isnan(encoded).any():
        return filled
    return Imputed(encoded, tuple(encoder.names))


def named(X: Any, encoder: Encoder) -> Any:
    """Return the matrix with the names of its columns; a sparse one has none."""
    if not isinstance(X, np.ndarray):
        return X
    import pandas as pd

    return pd.DataFrame(X, columns=list(encoder.names), copy=False)


def run_fit(prepared: Prepared, settings: Settings) -> Fitted:
    """Fit all candidates as lanes of one estimator and score the whole choice honestly.

    Raises
    ------
    FitError
        Where the numbers cannot be fitted.
    """
    import regularfit as rf

    check_classes(prepared, settings)
    with_trees = "trees" in settings.models
    if with_trees:
        check_table(prepared)
    scale = target_scale(prepared)
    kind = rf.PenalizedRegressor if prepared.target.task == "regression" else rf.PenalizedClassifier
    estimator = kind(
        [make_penalty(ratio, scale) for ratio in settings.candidates.values()],
        select=settings.select,
        strengths=settings.strengths,
        cv=make_cv(settings.cv, prepared.roles.time),
        n_jobs=settings.threads,
        random_state=settings.seed,
        verbose=False if settings.show_progress else None,
    )
    given = {"sample_weight": prepared.roles.weight, "groups": prepared.roles.group}
    labels = labels_in_order(prepared.target)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator.fit(prepared.open_X, labels, **given)
            honest, reason = _honest(estimator, prepared, labels, settings, given)
            trees = fit_trees(prepared, settings, labels) if with_trees else ()
            overall, why = None, None
            if trees and honest is not None:
                overall, why = honest_overall(estimator, prepared, settings, labels)
                trees = with_honest(trees, overall)
        except (np.linalg.LinAlgError, FloatingPointError, OverflowError) as error:
            raise FitError(
                f"The fit failed in its arithmetic ({error}). Look for columns of extreme size (`regularfit "
                "inspect` of an "
                "earlier run, or the largest values of each column) and rescale or drop them."
            ) from error
    if prepared.target.order is not None:
        estimator.classes_ = prepared.target.order
    notes: list[str] = [
        *limits(trees),
        *(str(warning.message) for warning in caught),
        *(text for text in (reason, why) if text),
        *_edges(estimator, settings),
    ]
    return Fitted(estimator, honest, tuple(dict.fromkeys(notes)), trees, overall)


def labels_in_order(target: Target) -> np.ndarray:
    """Return labels of which, if they are two, the later in sorted order is the positive class.

    An estimator takes them so. They are the labels of the table, or 0 and 1 where the earlier class was named as
    positive.
    """
    if target.order is None or target.order[0] < target.order[1]:
        return target.labels
    return target.values.astype(np.int64)


def check_classes(prepared: Prepared, settings: Settings) -> None:
    """Refuse classes that the folds or the weights leave empty, by the names they have in the table.

    Raises
    ------
    InputError
        Where there are more folds than rows of a class, or a class has no weight.
    """
    from regularfit.inputs.targets import check_classes_weighted
    from regularfit.selection.fold_number import check_number

    target, roles = prepared.target, prepared.roles
    if target.order is None:
        return
    check_classes_weighted(target.values, roles.weight, target.order)
    if roles.time is None:
        check_number(settings.cv, len(target.values), target.labels, roles.group, classifier=True)


def target_scale(prepared: Prepared) -> float:
    """Return the standard deviation of a number that is predicted; 1 for classes."""
    if prepared.target.task == "classification":
        return 1.0
    y, weight = prepared.target.values, prepared.roles.weight
    return float(np.sqrt(np.average((y - np.average(y, weights=weight)) ** 2, weights=weight)))


def _edges(estimator: Any, settings: Settings) -> list[str]:
    """Which losing candidates have their lowest error at an end of their grid; the winner's own warning is enough.

    Those are told in one sentence, by the names that the table of results gives them.
    """
    from regularfit.selection import grid_edge

    names = []
    for name, cv, path in zip(settings.candidates, estimator.cvs_, estimator.paths_, strict=True):
        null = bool(path.nonzeros[0] == 0)
        edge = grid_edge(cv.strengths, cv.index_min, cv.mean, null_at_top=null, ended=path.ended)
        if edge.where == "weak" and path is not estimator.path_:
            names.append(name.capitalize())
    if not names:
        return []
    have, they = ("have their", "they") if len(names) > 1 else ("has its", "it")
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return [
        f"{listed} {have} lowest error at the weakest penalty tried, so {they} may do better beyond the grid"
    ]


def _honest(
    estimator: Any, prepared: Prepared, labels: np.ndarray, settings: Settings, given: dict[str, Any]
) -> tuple[Any, str | None]:
    import regularfit as rf

    if not settings.honest:
        return None, None
    reason = why_no_honest_score(settings.cv, settings.time is not None)
    if reason:
        return None, reason
    # The folds of the nested score are fewer: its lanes grow with their cube. With the squared loss five cover as
    # well as ten; log-losses on few rows average several partitions for it.
    score = rf.honest_score(
        estimator,
        prepared.open_X,
        labels,
        min(settings.cv, HONEST_FOLDS),
        random_state=settings.seed,
        **given,
    )
    return score, None
