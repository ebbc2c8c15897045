import click
import numpy as np
import pytest

from regularfit import L1, L2, ElasticNet, fit_path
from regularfit.cli.candidates import DEFAULT, make_penalty, parse_candidates


def test_default_candidates():
    assert [make_penalty(r) for r in parse_candidates(DEFAULT).values()] == [
        L2(), ElasticNet(0.25), ElasticNet(0.5), ElasticNet(0.75), L1(),
    ]  # fmt: skip


def test_twice_the_same_is_once():
    assert parse_candidates("lasso, Lasso,elastic:0.5,elastic") == {
        "lasso": 1.0, "elastic 0.5": 0.5, "elastic 0.25": 0.25, "elastic 0.75": 0.75,
    }  # fmt: skip


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_mixtures_mean_the_same_whatever_the_unit_of_the_target(scale):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))
    y = X @ [3.0, -2, 0, 0, 1] + rng.normal(size=40)
    y /= y.std()
    grid = np.array([0.5, 0.1, 0.01])
    unit = fit_path(X, y, make_penalty(0.5), strengths=grid)
    other = fit_path(X, y * scale, make_penalty(0.5, scale), strengths=grid * scale)
    np.testing.assert_allclose(other.coefs / scale, unit.coefs, atol=1e-6)


@pytest.mark.parametrize("text", ["", "lassoo", "elastic:", "elastic:1", "elastic:x", "lasso,,ridge"])
def test_unknown_candidates(text):
    with pytest.raises(click.BadParameter, match="Known are ridge, lasso"):
        parse_candidates(text)
