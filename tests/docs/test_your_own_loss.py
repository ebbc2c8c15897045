"""Follow docs/guides/your-own-loss.md to the letter, then hold its loss to every law."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

import regularfit as rf
from tests.laws import test_losses as laws

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "your-own-loss.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def guide():
    space = {"__name__": "guide"}
    for name in ("loss", "use", "count"):
        [code] = re.findall(rf"<!-- block: {name} -->\n```python\n(.*?)```", TEXT, re.DOTALL)
        exec(compile(code, f"block {name}", "exec"), space)
    return space


def test_the_guide_runs(guide):
    assert guide["model"].cv_.score_name == "mean pseudo-Huber deviance"


@pytest.mark.parametrize(
    "law",
    [
        laws.test_gradient_is_the_slope_of_the_value,
        laws.test_curvature_is_the_slope_of_the_gradient,
        laws.test_fenchel_young,
        laws.test_a_dual_point_can_be_moved_as_far_as_pliancy_says,
        laws.test_null_eta_is_the_best_constant,
        laws.test_the_mean_is_where_the_gradient_vanishes,
    ],
)
def test_its_loss_keeps_the_laws(guide, law):
    for loss in guide["PseudoHuber"].examples():
        law(loss)


def test_its_solutions_are_those_of_scipy(guide):
    X, y, loss = guide["X"], guide["y"], guide["PseudoHuber"](1.0)
    path = rf.fit_path(X, y, rf.L2(), loss=loss, strengths=[0.1], standardize=False, tol=1e-12)

    def value(v):
        return loss.value(y, X @ v[:-1] + v[-1]).mean() + 0.05 * v[:-1] @ v[:-1]

    def slope(v):
        g = loss.gradient(y, X @ v[:-1] + v[-1]) / len(y)
        return np.append(X.T @ g + 0.1 * v[:-1], g.sum())

    best = optimize.minimize(value, np.zeros(31), jac=slope, method="BFGS", options={"gtol": 1e-10})
    np.testing.assert_allclose(np.append(path.coefs[0], path.intercepts[0]), best.x, atol=1e-7)
