import numpy as np
import pytest

import regularfit as rf
from regularfit.diagnostics import axis_share
from regularfit.diagnostics.zero_share import _corners, _losses, _onto_diamond, _smooth


@pytest.mark.parametrize("distance", [1.2, 2.0, 5.0])
def test_round_losses_in_the_plane_are_solved_on_paper(distance):
    # The nearest point of the diamond is a corner where |c_1| - |c_2| >= 1 or the other way round; with c on a circle
    # of radius r that is the share (4/pi) (arccos(1 / (r sqrt 2)) - pi/4) of its angles.
    found = axis_share((1.0, 2.0), losses="round", distance=distance, draws=20_000)
    truth = (np.arccos(1 / (np.sqrt(2) * distance)) - np.pi / 4) / (np.pi / 4)
    assert abs(found.has_zero[0] - truth) < 4 * found.has_zero_se[0]
    assert found.has_zero_se[0] == pytest.approx(np.sqrt(truth * (1 - truth) / 20_000), rel=0.05)
    assert found.has_zero[1] == 0
    assert (found.has_zero == found.on_axis).all()


def test_a_ball_without_corners_makes_no_zeros():
    found = axis_share((1.0, 1.1, 1.5, 2.0), draws=3000, dimension=4)
    assert found.has_zero[0] > 0.5
    assert (found.has_zero[1:] == 0).all()
    assert (found.on_axis <= found.has_zero).all()
    assert found.on_axis[0] > 0
    assert (np.diff(found.nearly) < 0).all()  # though the nearer to the diamond, the more nearly
    assert (found.violation < 1e-9).all()
    assert found.to_frame()["norm"].tolist() == [1.0, 1.1, 1.5, 2.0]


@pytest.mark.parametrize("q", [1.0, 1.2, 1.5, 2.0])
def test_nothing_on_a_fine_edge_is_better(q):
    H, c = _losses(2, 40, "random", 2.0, np.random.default_rng(1))
    found = _corners(H, c) if q == 1 else _smooth(H, c, q)
    turns = np.linspace(0, 2 * np.pi, 20_001)
    ray = np.column_stack([np.cos(turns), np.sin(turns)])
    edge = ray / (np.abs(ray) ** q).sum(axis=1, keepdims=True) ** (1 / q)
    for one, middle, b in zip(H, c, found, strict=True):
        away = edge - middle
        best = 0.5 * ((away @ one) * away).sum(axis=1).min()
        own = 0.5 * (b - middle) @ one @ (b - middle)
        assert own <= best + 1e-12
        assert best - own < 1e-5
        assert (np.abs(b) ** q).sum() == pytest.approx(1)


def test_norm_two_by_the_secular_equation():
    H, c = _losses(5, 30, "random", 3.0, np.random.default_rng(2))
    for one, middle, b in zip(H, c, _smooth(H, c, 2.0), strict=True):
        m = (one @ (middle - b) @ b) / (b @ b)
        assert m > 0
        np.testing.assert_allclose(np.linalg.solve(one + m * np.eye(5), one @ middle), b, rtol=1e-9)


def test_the_diamond_against_the_library_s_lasso():
    H, c = _losses(6, 8, "random", 2.0, np.random.default_rng(3))
    for one, middle, b in zip(H, c, _corners(H, c), strict=True):
        strength = np.abs(one @ (middle - b)).max()
        X = np.linalg.cholesky(one).T * np.sqrt(6)
        path = rf.fit_path(
            X, X @ middle, rf.L1(), strengths=[strength], standardize=False, fit_intercept=False, tol=1e-12
        )
        np.testing.assert_allclose(path.coefs[0], b, atol=1e-8)
        assert ((path.coefs[0] == 0) == (b == 0)).all()


def test_the_projection():
    v = np.array([[3.0, 0.2], [0.1, -0.2], [1.0, -1.0]])
    np.testing.assert_allclose(_onto_diamond(v), [[1, 0], [0.1, -0.2], [0.5, -0.5]])


def test_the_same_seed_gives_the_same_share():
    one, two, three = (axis_share(draws=200, random_state=seed) for seed in (1, 1, 2))
    assert (one.nearly == two.nearly).all()
    assert one.has_zero[0] != three.has_zero[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"norms": (0.5,)}, "not convex"),
        ({"norms": ()}, "norms"),
        ({"norms": (3,)}, "norms"),
        ({"norms": (1.01,)}, "smaller than a float"),
        ({"dimension": 1}, "dimension"),
        ({"draws": 0}, "draws"),
        ({"losses": "cubic"}, "losses"),
        ({"distance": 1.0}, "outside of every ball"),
    ],
)
def test_numbers_out_of_range(given, words):
    with pytest.raises(rf.InputError, match=words):
        axis_share(**given)
