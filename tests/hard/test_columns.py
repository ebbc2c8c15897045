"""Columns that break solvers: every strength is proved optimal from the raw data, or says why it is not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import ConvergenceWarning
from tests.hard.truth import Task, excess

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6))
Y = X[:, 0] - 2 * X[:, 1] + 1.5 * rng.normal(size=40)
CLASS = (X[:, 0] - X[:, 1] + 2 * rng.normal(size=40) > 0).astype(float)
FAR = np.array([1e-6, 1e6, 1, 1e-3, 1e3, 1])

COLUMNS = {
    "duplicated": np.column_stack([X, X[:, :3]]),
    "negated": np.column_stack([X, -X[:, :3]]),
    "collinear": np.column_stack([X, X[:, 0] + X[:, 1], X[:, 2] - 3 * X[:, 3]]),
    "one": X[:, :1],
    "scales 1e12 apart": X * FAR,
    "mean 1e8": X + 1e8,
    "float32 near overflow": (X / 4 * 1e38).astype(np.float32),
    "float32 near underflow": (X * 1e-37).astype(np.float32),
    "integers": np.round(3 * X).astype(int),
    "booleans": X > 0,
    "constant beside": np.column_stack([X, np.ones(40), np.zeros(40)]),
    "repeated wide": np.tile(rng.normal(size=(40, 20)), 20),
}


def penalties(p: int) -> dict:
    some = np.ones(p)
    some[-1] = 0.0
    return {
        "L1": (rf.L1(), {}),
        "L2": (rf.L2(), {"l1": 0.0, "l2": 1.0}),
        "elastic net": (rf.ElasticNet(0.5), {"l1": 0.5, "l2": 0.5}),
        "free column": (rf.L1().weighted(some), {"l1": some}),
        "bounded": (rf.L1().bounded(-0.1, 0.2), {"lower": -0.1, "upper": 0.2}),
        "free and bounded": (
            rf.L1().weighted(some).bounded(-0.1, 0.2),
            {"l1": some, "lower": -0.1, "upper": 0.2},
        ),
        "all zero by bounds": (rf.L1().bounded(0.0, 0.0), {"lower": 0.0, "upper": 0.0}),
        "all excluded": (rf.L1().weighted(np.full(p, np.inf)), {"l1": np.inf}),
    }


def check(task: Task, penalty: rf.L1, standardize: bool) -> rf.lockstep.Path:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = rf.fit_path(
            task.X,
            task.y,
            penalty,
            loss=task.loss,
            standardize=standardize,
            strengths=8,
            sample_weight=task.weight,
        )
    for facts in (path.coefs, path.intercepts, path.gaps, path.kkt, path.deviance_ratio):
        assert np.isfinite(facts).all()
    for k, s in enumerate(path.strengths):
        if path.converged[k]:
            assert excess(task, s, path.coefs[k], path.intercepts[k]) <= 1e-6, (k, path.gaps[k])
        else:
            assert path.reasons[k]
    return path


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("standardize", [True, False])
def test_every_strength_is_proved(columns: str, loss: str, standardize: bool) -> None:
    design, y = COLUMNS[columns], Y if loss == "squared" else CLASS
    for name, (penalty, terms) in penalties(design.shape[1]).items():
        task = Task(np.asarray(design, float), y, loss, standardize=standardize, **terms)
        path = check(task, penalty, standardize)
        # A bound of 0.2 on a coefficient of 1e38 is none: what is left there is a free column with a huge bound,
        # whose conjugate is bound times rounding. Everywhere else every strength is proved.
        if (columns, name) != ("float32 near overflow", "free and bounded"):
            assert path.converged.all(), (name, path.gaps, path.reasons)


@pytest.mark.parametrize("columns", COLUMNS)
def test_standardised_l1_is_proved_at_any_scale(columns: str) -> None:
    design = COLUMNS[columns]
    assert check(Task(np.asarray(design, float), Y), rf.L1(), True).converged.all()
    ridge = check(Task(np.asarray(design, float), Y, l1=0.0, l2=1.0), rf.L2(), True)
    assert ridge.converged.all()


@pytest.mark.parametrize("shape", [(2, 1), (2, 6), (3, 1), (3, 6)])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_two_or_three_rows(shape: tuple[int, int], loss: str) -> None:
    n, p = shape
    y = np.array([0.0, 1.0, 1.0])[:n]
    assert check(Task(X[:n, :p], y, loss), rf.L1(), True).converged.all()


def test_many_rows_one_column() -> None:
    x = np.random.default_rng(1).normal(size=(100_000, 1))
    y = 2 * x[:, 0] + np.random.default_rng(2).normal(size=100_000)
    path = rf.fit_path(x, y, rf.L1(), strengths=[0.5])
    slope = (x[:, 0] - x.mean()) @ (y - y.mean()) / 100_000 / x.std()
    assert path.coefs[0, 0] == pytest.approx((slope - 0.5) / x.std(), rel=1e-10)


@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.ElasticNet(0.5)])
def test_many_more_columns_than_rows(penalty: rf.L1) -> None:
    wide = np.random.default_rng(3).normal(size=(20, 5000))
    y = wide[:, 0] + np.random.default_rng(4).normal(size=20)
    l1, l2 = {"L1": (1.0, 0.0), "L2": (0.0, 1.0), "ElasticNet": (0.5, 0.5)}[type(penalty).__name__]
    assert check(Task(wide, y, l1=l1, l2=l2), penalty, True).converged.all()


def test_all_unpenalised_with_more_columns_than_rows() -> None:
    wide = np.random.default_rng(3).normal(size=(20, 50))
    y = np.random.default_rng(4).normal(size=20)
    with pytest.warns(ConvergenceWarning, match="as many unpenalised columns as rows"):
        path = rf.fit_path(wide, y, rf.L1().weighted(np.zeros(50)), strengths=[1.0])
    assert np.allclose(path.predict(wide)[:, 0], y, atol=1e-8)
