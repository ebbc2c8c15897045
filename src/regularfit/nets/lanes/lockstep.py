"""A grid of settings and all folds, trained as lanes of batched nets."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ...errors import UnsupportedError
from ..evaluation.metrics import Metric, metric
from .data import LaneData
from .face import Face
from .family import Family, family_plan, family_values
from .grid import grid_points, grid_settings
from .halving import Halving
from .prepare import Prepared, prepare
from .reading import plain
from .result import LockstepResult
from .run import train_lanes
from .settings import NetSettings
from .table import score_table

__all__ = ["lockstep", "train_settings"]


def lockstep(
    estimator: Any,
    grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
    X: Any,
    y: Any,
    cv: Any = 5,
    *,
    scoring: str | Metric | None = None,
    sample_weight: Any = None,
    groups: Any = None,
    class_weight: Any = None,
    scaling: str | None = None,
    validation: float | str | None = None,
    halving: Any = None,
    evaluate_every: float | str = 1.0,
    time_limit: float | None = None,
    device: str | torch.device | None = None,
    threads: int | None = None,
    pack_lanes: int | None = None,
) -> LockstepResult:
    """Train every setting of a grid on every fold, all at once, and return their scores and their nets.

    Each net is a *lane* of one batched model, with its own dropout, decay, L1, learning rate, label smoothing, mixup,
    feature swap, noise, average, early stopping and fold. A lane is the net that would be trained alone with the
    same settings and seed. Lanes with the same seed share their random numbers, so settings are compared on the
    same noise.

    Prefer it to a search over ``fit`` whenever there is more than one setting or fold and nets are small; very wide
    nets (256 units and more on a CPU) gain from halving only.

    Parameters
    ----------
    estimator : NetClassifier, NetRegressor or NetSettings: what is not varied.
    grid : ``{"Dropout.p": [0, 0.2], "WeightDecay.rate": [0, 1e-2], "lr": [1e-3, 3e-3]}`` for every combination, or a
        list of dicts. A regulariser that the estimator does not have is added; None as a value leaves it out.
        "hidden" and other things that change the shape of a net or the number of steps are trained one after another.
    X : a table, or (n, d) numbers.
    y : (n,) labels or numbers, or (n, q) numbers. With NetSettings floats mean a regression.
    cv : folds: a number, a splitter or pairs of (train, test) rows.
    scoring : metric of the table and of halving, and of early stopping where it names none; None is the estimator's,
        else the log loss, or the mean squared error.
    sample_weight : (n,) in training and scores.
    groups : (n,) rows that belong together, for the folds.
    class_weight : None (the estimator's), "balanced" or a dict of label to weight, in training only.
    scaling : "robust", "standard", "piecewise" or "none", by each fold's own training rows; None is the estimator's, or
        "standard".
    validation : where a setting stops early, the share of each fold's training rows that is kept from all lanes and
        watched (None: the estimator's, or 0.2); or "test" to watch the held-out rows themselves, which flatters what
        stops early.
    halving : None, True, shares of training such as (0.25, 0.5), or ``Halving(at, keep)``.
    evaluate_every : epochs between two points of the learning curves, or a text such as "10 steps".
    time_limit : seconds after which training ends; what is done is kept.
    device : where to train; None is the estimator's, or the CPU.
    threads : packs trained at once on a CPU; None is torch's number of threads.
    pack_lanes : lanes a pack; None goes by the cache.

    Raises
    ------
    InputError
        For unknown names in the grid, data that cannot be used, or settings out of range.
    UnsupportedError
        For regularisers that lanes cannot do.

    Warns
    -----
    UserWarning
        If training was interrupted, or lanes died of a loss that is not finite.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> found = lockstep(NetSettings((8,), epochs=5), {"lr": [1e-3, 1e-2]}, X, y, cv=3)
    >>> found.scores.shape, found.settings[found.best].lr
    ((2, 3), 0.01)
    """
    face = Face.of(estimator)
    face = replace(
        face,
        class_weight=class_weight or face.class_weight,
        validation=face.validation if validation is None else validation,
    )
    points = grid_points(grid)
    settings = grid_settings(face.settings, points)
    stops = _stopping(settings)
    prepared = prepare(
        X, y, cv, face, sample_weight=sample_weight, groups=groups, scaling=scaling or face.scaling,
        stops=bool(stops), device=device or face.device,
    )  # fmt: skip
    usual = "log_loss" if prepared.classes is not None else "mse"
    measure = metric(scoring or face.metric or usual, prepared.task)
    watched = metric(stops[0] or measure, prepared.task) if stops else measure
    limit = time_limit or face.time_limit
    return train_settings(
        points, settings, prepared, face, measure, watched, evaluate_every, halving=Halving.of(halving),
        threads=threads or torch.get_num_threads(), pack_lanes=pack_lanes,
        deadline=None if limit is None else time.monotonic() + limit,
    )  # fmt: skip


def train_settings(
    points: list[dict[str, Any]],
    settings: list[NetSettings],
    prepared: Prepared,
    face: Face,
    measure: Metric,
    watched: Metric,
    evaluate_every: float | str = 1.0,
    **how: Any,
) -> LockstepResult:
    """Train settings on data that are prepared; ``how`` goes to :func:`~regularfit.nets.lanes.run.train_lanes`."""
    sized = [face.resolved(one, prepared.data.largest) for one in settings]
    families = _train(sized, prepared.data, watched, evaluate_every, **how)
    return _result(points, settings, measure, prepared, families, face)


def _train(
    settings: list[NetSettings], data: LaneData, watched: Metric, evaluate_every: float | str, **how: Any
) -> list[Family]:
    """Train family after family; an interrupt ends them all."""
    families: list[Family] = []
    for members in _families(settings):
        own = [settings[k] for k in members]
        seen = data.seen(own[0].bins)
        plan = family_plan(own, seen, watched, evaluate_every)
        trained = train_lanes(seen, plan, family_values(own, seen), len(data.train), **how)
        families.append(Family(np.array(members), plan, trained, own[0].bins))
        if "interrupted" in trained.why:
            break
    return families


def _stopping(settings: Sequence[NetSettings]) -> list[Any]:
    """Return the metrics that settings with early stopping watch (None: that of the table); they must agree."""
    found: list[Any] = []
    for one in settings:
        for regulariser in map(plain, one.regularisers):
            if type(regulariser).__name__ == "EarlyStopping" and regulariser.metric not in found:
                found.append(regulariser.metric)
    if len(found) > 1:
        raise UnsupportedError(
            f"Lanes watch one metric; the settings' EarlyStopping have {', '.join(map(str, found))}. Give all the same."
        )
    return found


def _families(settings: Sequence[NetSettings]) -> list[list[int]]:
    """Return the places of settings that can be lanes of one pack."""
    found: dict[Any, list[int]] = {}
    for k, one in enumerate(settings):
        found.setdefault(one.family, []).append(k)
    return list(found.values())


def _result(
    points: list[dict[str, Any]],
    settings: list[NetSettings],
    measure: Metric,
    prepared: Prepared,
    families: list[Family],
    face: Face,
) -> LockstepResult:
    data = prepared.data
    S, F = len(settings), len(data.train)
    scores, train = np.full((S, F), np.nan), np.full((S, F), np.nan)
    why, steps = np.full((S, F), "interrupted", dtype=object), np.zeros((S, F), dtype=int)
    for family in families:
        scores[family.members] = score_table(family, data, measure, data.test)
        train[family.members] = score_table(family, data, measure, data.train)
        why[family.members] = np.array(family.trained.why, dtype=object).reshape(-1, F)
        steps[family.members] = family.trained.step.reshape(-1, F)
    _warn(why, families)
    return LockstepResult(points, settings, measure, scores, train, why, steps, prepared, families, face)


def _warn(why: np.ndarray, families: list[Family]) -> None:
    if (why == "interrupted").any():
        warnings.warn(
            f"Training was interrupted; {int((why != 'interrupted').all(axis=1).sum())} of {len(why)} settings are "
            "complete, the others keep the weights they had.",
            UserWarning,
            stacklevel=5,
        )
    if (why == "nan").any():
        first = min(
            int(family.trained.stopped[k])
            for family in families
            for k, reason in enumerate(family.trained.why)
            if reason == "nan"
        )
        warnings.warn(
            f"{int((why == 'nan').sum())} of {why.size} lanes died of a loss that is not finite, the first at step "
            f"{first}; `why` says which. Lower their learning rate.",
            UserWarning,
            stacklevel=5,
        )
