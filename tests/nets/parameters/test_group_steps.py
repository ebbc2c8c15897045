"""The group step in a diagonal metric against bisection, an optimiser of scipy, and its own optimality conditions."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from scipy.optimize import brentq, minimize  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.nets.parameters.group_steps import project, shorten  # noqa: E402


def by_bisection(z, d, strength):
    """One group, by the definition of its root, in scipy."""
    if np.linalg.norm(z / d) <= strength:
        return np.zeros_like(z)

    def excess(r):
        return np.linalg.norm(z / (r + strength * d)) - 1.0

    r = brentq(excess, 0.0, np.linalg.norm(z), xtol=1e-300, rtol=1e-14, maxiter=2000)
    return z * r / (r + strength * d)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 40), spread=st.floats(0, 6), size=st.floats(-4, 4))
def test_it_is_the_root_found_by_bisection(seed, m, spread, size):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(4, m)) * 10**size
    d = 10 ** (spread * rng.uniform(-1, 1, size=(4, m)))
    strengths = (
        np.abs(rng.normal(size=4)) * np.linalg.norm(z / d, axis=1) * 10 ** rng.uniform(-4, 0.3, size=4)
    )
    got = shorten(*map(torch.as_tensor, (z, d, strengths))).numpy()
    truth = np.stack([by_bisection(*one) for one in zip(z, d, strengths, strict=True)])
    np.testing.assert_array_equal(got == 0, truth == 0)
    np.testing.assert_allclose(got, truth, rtol=1e-9, atol=0)


def test_it_minimises_what_it_should():
    rng = np.random.default_rng(3)
    z, d, s = rng.normal(size=5), 10 ** rng.uniform(-1, 1, size=5), 0.4
    found = minimize(
        lambda x: ((x - z) ** 2 / (2 * d)).sum() + s * np.linalg.norm(x),
        z,
        method="BFGS",
        options={"gtol": 1e-9},
    )
    got = shorten(torch.as_tensor(z[None]), torch.as_tensor(d[None]), torch.tensor([s], dtype=torch.float64))[
        0
    ]
    np.testing.assert_allclose(got.numpy(), found.x, atol=1e-6)


def test_groups_of_several_rows_are_one():
    rng = np.random.default_rng(4)
    z, d = rng.normal(size=(6, 3)), 10 ** rng.uniform(-1, 1, size=(6, 3))
    owner = np.array([0, 1, 0, 2, 1, 0])
    strengths = np.array([0.5, 0.3, 40.0])
    got = shorten(*map(torch.as_tensor, (z, d, strengths)), owner=torch.as_tensor(owner)).numpy()
    for g in range(3):
        one = by_bisection(z[owner == g].ravel(), d[owner == g].ravel(), strengths[g])
        np.testing.assert_allclose(got[owner == g].ravel(), one, rtol=1e-12)
    assert not got[owner == 2].any()


@pytest.mark.parametrize("step", [0.7, torch.tensor(0.7, dtype=torch.float64)])
def test_with_one_number_it_is_the_linear_sides(step):
    v = np.random.default_rng(5).normal(size=7)
    labels = [0, 0, 1, 1, 1, 2, 2]
    penalty = rf.Group(labels, 0.8)
    strengths = torch.as_tensor(penalty.thresholds(7)[1])
    got = shorten(torch.as_tensor(v)[:, None], step, strengths, torch.tensor(labels))[:, 0]
    np.testing.assert_allclose(got.numpy(), penalty.prox(v, 0.7), rtol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extremes_do_not_overflow(dtype):
    d = torch.tensor([[1e-12, 1.0, 1e5], [1e5, 1e5, 1e5], [1e-30, 1e-30, 1e-30]], dtype=dtype)
    z = torch.tensor([[1e-3, 1.0, 1.0], [1e-3, 1e-3, 1e-3], [1.0, 1e-3, 0.0]], dtype=dtype)
    got = shorten(z, d, torch.full((3,), 0.1, dtype=dtype))
    assert torch.isfinite(got).all()
    assert not got[1].any()
    torch.testing.assert_close(got[2], z[2])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 20), spread=st.floats(0, 5))
def test_the_projection_is_the_nearest_point_of_the_ball_in_the_metric(seed, m, spread):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(3, m)) * np.array([[0.01], [1.0], [30.0]])
    d = 10 ** (spread * rng.uniform(-1, 1, size=(3, m)))
    x = project(torch.as_tensor(z), torch.as_tensor(d), 0.7).numpy()
    for row, point, step in zip(z, x, d, strict=True):
        if np.linalg.norm(row) <= 0.7:
            np.testing.assert_array_equal(point, row)
            continue
        assert np.linalg.norm(point) == pytest.approx(0.7, rel=1e-12)
        # at the nearest point the pull (z - x) / d is a multiple of x, outward
        pull = (row - point) / step
        share = np.linalg.norm(pull) / 0.7
        np.testing.assert_allclose(pull, share * point, atol=1e-7 * np.linalg.norm(pull))
