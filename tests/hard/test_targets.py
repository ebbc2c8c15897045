"""Targets and weights at the ends of float64: a change of units changes nothing but the units."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import ConvergenceWarning
from tests.hard.test_columns import CLASS, X, Y, check
from tests.hard.truth import Task

POWER = 2.0**498  # near 1e150


@pytest.mark.parametrize("unit", [POWER, 1 / POWER])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.L1().nonnegative()])
def test_huge_and_tiny_targets(unit: float, penalty: rf.L1) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = rf.fit_path(X, Y, penalty, strengths=8)
        scaled = rf.fit_path(
            X, Y * unit, penalty, strengths=plain.strengths * (1.0 if penalty == rf.L2() else unit)
        )
    assert scaled.converged.all()
    assert np.allclose(scaled.coefs / unit, plain.coefs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_ridge_grid_does_not_depend_on_the_unit_of_the_target(unit: float) -> None:
    plain, scaled = rf.fit_path(X, Y, rf.L2(), strengths=8), rf.fit_path(X, Y * unit, rf.L2(), strengths=8)
    assert np.allclose(scaled.strengths, plain.strengths)
    assert np.allclose(scaled.deviance_ratio, plain.deviance_ratio)


@pytest.mark.parametrize("value", [0.0, 3.0, -1e10])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.L1().weighted([0, 1, 1, 1, 1, 1])])
def test_a_constant_target_gives_the_constant(value: float, penalty: rf.L1) -> None:
    path = check(Task(X, np.full(40, value), l1=0.0), penalty, True)
    assert np.allclose(path.predict(X), value, rtol=1e-12)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2()])
def test_weights_of_every_size(loss: str, penalty: rf.L1) -> None:
    wild = 10.0 ** np.random.default_rng(5).uniform(-12, 12, 40)
    l1, l2 = (1.0, 0.0) if penalty == rf.L1() else (0.0, 1.0)
    check(Task(X, Y if loss == "squared" else CLASS, loss, weight=wild, l1=l1, l2=l2), penalty, True)
    some = (np.random.default_rng(6).uniform(size=40) < 0.4).astype(float)
    kept = some > 0
    y = Y if loss == "squared" else CLASS
    with_zeros = check(Task(X, y, loss, weight=some, l1=l1, l2=l2), penalty, True)
    without = rf.fit_path(X[kept], y[kept], penalty, loss=loss, strengths=with_zeros.strengths)
    assert np.allclose(with_zeros.coefs, without.coefs, atol=1e-4)


@pytest.mark.parametrize("shape", [(60, 5), (20, 60)])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.ElasticNet(0.5)])
def test_separable_classes(shape: tuple[int, int], penalty: rf.L1) -> None:
    Z = np.random.default_rng(7).normal(size=shape)
    y = (Z[:, 0] > 0).astype(float)
    l1, l2 = {"L1": (1.0, 0.0), "L2": (0.0, 1.0), "ElasticNet": (0.5, 0.5)}[type(penalty).__name__]
    path = check(Task(Z, y, "logistic", l1=l1, l2=l2), penalty, True)
    assert path.converged.all()
    tiny = path.strengths[0] * np.logspace(0, -7, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        asked = rf.fit_path(Z, y, penalty, loss="logistic", strengths=tiny)
    assert len(asked) == 5
    assert asked.ended is None
    assert np.isfinite(asked.coefs).all()
    assert np.isfinite(asked.gaps).all()


def test_classes_separated_by_a_free_column_say_so() -> None:
    y = (X[:, 0] > 0).astype(float)
    with pytest.warns(ConvergenceWarning, match="separable"):
        path = rf.fit_path(X, y, rf.L1().weighted([0, 1, 1, 1, 1, 1]), loss="logistic", strengths=[0.1, 0.01])
    assert np.isfinite(path.coefs).all()
    assert any("separable" in reason for reason in path.reasons)
