"""The main job without any printing: a table in; a fitted model, its scores and facts out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from regularfit.cli.candidates import make_penalty
from regularfit.cli.folds import HONEST_FOLDS, make_cv, why_no_honest_score
from regularfit.errors import FitError
from regularfit.table import Encoder, Roles, Table, Target, guess_task, learn_encoder, read_table, take_roles
from regularfit.table.impute import column_means, fill_with


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
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    drop: tuple[str, ...] = ()
    honest: bool = True
    threads: int | None = None
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
    """The fitted estimator, its honest score (None where there is none) and what was noticed."""

    estimator: Any
    honest: Any
    notes: tuple[str, ...]


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
    target = guess_task(roles.target, settings.task)
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
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator.fit(prepared.open_X, prepared.target.labels, **given)
            honest, reason = _honest(estimator, prepared, settings, given)
        except (np.linalg.LinAlgError, FloatingPointError, OverflowError) as error:
            raise FitError(
                f"The fit failed in its arithmetic ({error}). Look for columns of extreme size (`regularfit "
                "inspect` of an "
                "earlier run, or the largest values of each column) and rescale or drop them."
            ) from error
    notes: list[str] = [
        *(str(warning.message) for warning in caught),
        *([reason] if reason else []),
        *_edges(estimator, settings),
    ]
    return Fitted(estimator, honest, tuple(dict.fromkeys(notes)))


def target_scale(prepared: Prepared) -> float:
    """Return the standard deviation of a number that is predicted; 1 for classes."""
    if prepared.target.task == "classification":
        return 1.0
    y, weight = prepared.target.values, prepared.roles.weight
    return float(np.sqrt(np.average((y - np.average(y, weights=weight)) ** 2, weights=weight)))


def _edges(estimator: Any, settings: Settings) -> list[str]:
    """Which losing candidates have their lowest error at an end of their grid; the winner's own warning is enough."""
    from regularfit.selection import grid_edge

    notes = []
    for name, cv, path in zip(settings.candidates, estimator.cvs_, estimator.paths_, strict=True):
        null = bool(path.nonzeros[0] == 0)
        edge = grid_edge(cv.strengths, cv.index_min, cv.mean, null_at_top=null, ended=path.ended)
        if edge.where == "weak" and path is not estimator.path_:
            notes.append(
                f"{name} has its lowest error at the weakest penalty tried, so it may do better beyond the grid"
            )
    return notes


def _honest(
    estimator: Any, prepared: Prepared, settings: Settings, given: dict[str, Any]
) -> tuple[Any, str | None]:
    import regularfit as rf

    if not settings.honest:
        return None, None
    reason = why_no_honest_score(settings.cv, settings.time is not None)
    if reason:
        return None, reason
    # The folds of the nested score are fewer: its lanes grow with their cube, and five cover as well as ten.
    score = rf.honest_score(
        estimator,
        prepared.open_X,
        prepared.target.labels,
        min(settings.cv, HONEST_FOLDS),
        random_state=settings.seed,
        **given,
    )
    return score, None
