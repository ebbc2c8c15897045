"""The sharpest tail of r-concave distributions, against a search that knows nothing of the extremal shape."""

import numpy as np
import pytest
from scipy.optimize import minimize

from regularfit.selection.stability_concave import tail_bound


def best_by_search(mean, t, size, r, starts=4):
    """The largest tail that a search over g = f^r convex finds, for every support 0, ..., m.

    g is one, a slope and second differences that are not negative: every convex g, whatever its shape. What is found is
    feasible, so it never exceeds a right bound.
    """
    rng = np.random.default_rng(0)
    found = [
        _climb(np.exp(rng.normal(-1, 2, size=m)), mean * size, t, r)
        for m in range(t, size + 1)
        for _ in range(starts)
    ]
    return max(found)


def _climb(bends, middle, t, r):
    i = np.arange(len(bends) + 1)
    ramps = np.maximum(i[:, None] - i[None, :-1], 0)  # the first is the slope, the others bend it upwards

    def masses(x):
        f = np.maximum(1 + ramps @ x, 1e-12) ** (1 / r)
        return f / f.sum()

    answer = minimize(
        lambda x: -masses(x)[t:].sum(),
        bends,
        method="SLSQP",
        bounds=[(-1.0 / len(i), None)] + [(0, None)] * (len(bends) - 1),
        constraints={"type": "ineq", "fun": lambda x: middle - masses(x) @ i},
        options={"maxiter": 500, "ftol": 1e-13},
    )
    f = masses(answer.x)
    return f[t:].sum() if f @ i <= middle * (1 + 1e-9) else 0.0


@pytest.mark.parametrize(
    ("mean", "t", "size", "r"),
    [(0.05, 4, 6, -0.5), (0.1, 5, 8, -0.25), (0.02, 3, 5, -0.5), (0.15, 7, 10, -0.25)],
)
def test_no_search_beats_it_and_the_best_comes_near(mean, t, size, r):
    bound, found = tail_bound(mean, t, size, r), best_by_search(mean, t, size, r)
    assert found <= bound * (1 + 1e-7)
    assert found >= 0.999 * bound


def test_it_is_sharper_than_markov_and_falls_with_the_tail():
    tails = [tail_bound(0.01, t, 50, -0.5) for t in range(5, 51, 5)]
    assert all(tail < 0.01 / (t / 50) for tail, t in zip(tails, range(5, 51, 5), strict=True))
    assert (np.diff(tails) < 0).all()


def test_it_grows_with_the_mean_and_with_weaker_concavity():
    assert tail_bound(0.02, 25, 50, -0.5) > tail_bound(0.01, 25, 50, -0.5)
    # r-concavity is the weaker the more negative r is
    assert tail_bound(0.01, 25, 50, -0.5) > tail_bound(0.01, 25, 50, -0.25)


def test_nothing_is_excluded_below_twice_the_mean():
    assert tail_bound(0.3, 5, 10, -0.25) == 1.0
