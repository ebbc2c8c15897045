"""Gradient descent in closed form against a loop and the trainer, and ridge matched with itself."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.experiments.descent import Descent, matched
from regularfit.experiments.lanes import Draw

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 5))
X -= X.mean(axis=0)
Y = X @ np.arange(5.0) + RNG.standard_normal(40)
Y -= Y.mean()
TABLE = Draw(X, Y, X, Y)


def test_the_closed_form_is_what_a_loop_finds():
    w = np.zeros(5)
    for _ in range(30):
        w = w - 0.1 * X.T @ (X @ w - Y) / 40
    np.testing.assert_allclose(Descent(TABLE, 0.1).coefs(np.array([3.0]))[0], w, rtol=1e-10)


def test_the_trainer_takes_the_same_steps():
    pytest.importorskip("torch")
    assert Descent(TABLE, 0.1).trained(50) < 1e-5  # float32, 50 steps: some tens of its roundings of 6e-8


def test_ridge_is_matched_with_itself():
    path = rf.fit_path(X, Y, rf.L2(), strengths=np.geomspace(10, 0.01, 40), standardize=False)
    for found in matched(TABLE, path.coefs, path.coefs, path.strengths):
        np.testing.assert_allclose(found, path.strengths, rtol=1e-6)
