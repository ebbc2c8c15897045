"""A path with a grid from the data ends where the training rows are reproduced, and says so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid

rng = np.random.default_rng(0)
WIDE = rng.normal(size=(30, 100))
Y = WIDE[:, 0] + rng.normal(size=30)
CLASS = (Y > 0).astype(float)


@pytest.mark.parametrize(("columns", "loss", "limit"), [(100, "squared", 1 - 1e-9), (100, "logistic", 0.999)])
def test_a_path_ends_at_the_limit(columns: int, loss: str, limit: float) -> None:
    y = Y if loss == "squared" else CLASS
    path = rf.fit_path(WIDE[:, :columns], y, loss=loss, strengths=60, min_ratio=1e-7)
    assert len(path) < 60
    assert path.converged.all()
    assert "reproduced" in path.ended
    assert (path.deviance_ratio[:-1] <= limit).all()
    assert path.deviance_ratio[-1] > limit
    assert len(path.coefs) == len(path.gaps) == len(path.reasons) == len(path)


def test_a_path_of_the_rounds_ends_too() -> None:
    wide = rng.normal(size=(30, 400))
    path = rf.fit_path(wide, Y, strengths=60, min_ratio=1e-7)
    assert len(path) < 60
    assert path.deviance_ratio[-1] > 1 - 1e-9
    own = rf.fit_path(wide, Y, strengths=path.strengths[0] * np.logspace(0, -7, 60))
    assert len(own) == 60
    assert own.ended is None


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")
def test_folds_are_cut_to_the_common_length() -> None:
    model = rf.PenalizedClassifier(strengths=60, min_ratio=1e-6, cv=5, random_state=0).fit(
        WIDE, CLASS.astype(int)
    )
    assert len(model.cv_.strengths) <= len(model.path_) < 60
    assert np.isfinite(model.cv_.folds).all()


@pytest.mark.parametrize("columns", [100, 400])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_progress_counts_every_strength_once(columns: int, loss: str) -> None:
    X = np.tile(WIDE, 4)[:, :columns] + 1e-3 * rng.normal(size=(30, columns))
    problem = make_problem(X, Y if loss == "squared" else CLASS, loss)
    candidates = [rf.L1(), rf.L2(), rf.ElasticNet(0.5)]
    grids = [strength_grid(problem, penalty, 30, 1e-6) for penalty in candidates]
    lanes = [Lane(np.arange(30), keep=True), Lane(np.arange(20), (np.arange(20, 30),))]
    seen = []
    fit_lanes(
        problem, candidates, grids, lanes, cut=True, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (180, 180)
    assert all(a[0] <= b[0] for a, b in itertools.pairwise(seen))
