"""A path: interpolation, prediction, its frame, and what lies outside it."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.lockstep import Certificate, Lane, fit_lanes
from regularfit.penalties import L1, ElasticNet
from tests.lockstep.truth import make_data, scales

GRID = [0.5, 0.2, 0.05]


@pytest.fixture(params=["squared", "logistic"])
def fitted(request):
    data = make_data(loss=request.param)
    [[fit]] = fit_lanes(data.problem(), [L1()], [GRID], [Lane(np.arange(40), keep=True)])
    return data, fit.path


def test_between_two_strengths_it_is_linear(fitted):
    _, path = fitted
    coef, intercept = path.at(0.3)
    np.testing.assert_allclose(coef, (path.coefs[0] * 1 + path.coefs[1] * 2) / 3)
    assert intercept == pytest.approx((path.intercepts[0] + path.intercepts[1] * 2) / 3)
    for k, s in enumerate(GRID):
        np.testing.assert_allclose(path.at(s)[0], path.coefs[k])
        assert path.at(s)[1] == pytest.approx(path.intercepts[k])


@pytest.mark.parametrize("outside", [0.6, 0.04, -1.0, np.nan])
def test_outside_is_refused(fitted, outside):
    with pytest.raises(InputError, match="outside"):
        fitted[1].at(outside)


def test_predictions(fitted):
    data, path = fitted
    eta = data.X @ path.coefs.T + path.intercepts
    np.testing.assert_allclose(path.predict_eta(data.X), eta)
    np.testing.assert_allclose(path.predict_eta(data.X, 0.2), eta[:, 1])
    mean = eta if data.loss == "squared" else 1 / (1 + np.exp(-eta))
    np.testing.assert_allclose(path.predict(data.X), mean)
    with pytest.raises(InputError, match="columns"):
        path.predict(data.X[:, :2])


def test_deviance_ratio_is_one_minus_the_share_left(fitted):
    data, path = fitted
    eta = data.X @ path.coefs.T + path.intercepts + data.offset[:, None]
    w, loss, y = data.weight / data.weight.sum(), path.loss, data.y[:, None]
    null = w @ loss.deviance(data.y, data.offset + loss.null_eta(data.y, w, data.offset))
    np.testing.assert_allclose(path.deviance_ratio, 1 - w @ loss.deviance(y, eta) / null, atol=1e-9)


def test_the_frame_and_the_counts(fitted):
    _, path = fitted
    frame = path.named(tuple("abcde")).to_frame()
    assert frame.shape == (3, 11)
    np.testing.assert_array_equal(frame["c"], path.coefs[:, 2])
    np.testing.assert_array_equal(path.nonzeros, (path.coefs != 0).sum(axis=1))
    np.testing.assert_array_equal(path.df, path.nonzeros)
    assert list(path.to_frame().columns[-5:]) == [f"x{j}" for j in range(5)]
    assert len(path) == 3
    assert path.certificate(1) == Certificate(path.gaps[1], path.kkt[1], True, path.reasons[1])


def test_degrees_of_freedom_of_an_elastic_net_are_the_trace_of_its_hat_matrix():
    data = make_data()
    [[fit]] = fit_lanes(data.problem(), [ElasticNet(0.5)], [GRID], [Lane(np.arange(40), keep=True)])
    w = data.weight / data.weight.sum()
    Z = (data.X - w @ data.X) / scales(data)
    for s, b, df in zip(GRID, fit.path.coefs, fit.path.df, strict=True):
        A = Z[:, b != 0] * np.sqrt(w)[:, None]
        H = A.T @ A
        assert df == pytest.approx(np.trace(H @ np.linalg.inv(H + 0.5 * s * np.eye(len(H)))))


def test_one_strength_is_read_from_either_end(fitted):
    _, path = fitted
    for k in range(-len(path), len(path)):
        np.testing.assert_array_equal(path.coef(k), path.coefs[k])
    with pytest.raises(IndexError):
        path.coef(len(path))
