"""Missing values are filled by the lane's own training rows: nothing is learned from held-out ones."""

import numpy as np
import pytest

from regularfit.designs import Imputed
from regularfit.errors import InputError
from regularfit.lockstep import Lane, fit_lanes
from regularfit.penalties import L1
from tests.lockstep.truth import make_data


def holes(X, seed=0, share=0.2):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)


def test_means_are_of_the_rows_with_weight():
    X = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 7.0], [100.0, np.nan]])
    design = Imputed(X)
    np.testing.assert_allclose(design.means(np.array([1.0, 3, 1, 0])), [2.5, 5.5])
    np.testing.assert_allclose(design.fill(np.array([1.0, 3, 1, 0])).X[2, 0], 2.5)
    # where no row of the lane has a value, the mean of all rows is all there is
    np.testing.assert_allclose(design.means(np.array([1.0, 0, 0, 0])), [1.0, 6.0])
    assert np.isnan(X).any()


def test_a_lane_equals_a_fit_on_the_matrix_filled_by_hand():
    data = make_data(40, 4, 1)
    X = holes(data.X)
    train, test = np.arange(10, 40), np.arange(10)
    lane = Lane(train, (test,), keep=True)
    w = data.weight[train, None] * ~np.isnan(X[train])
    means = (w * np.nan_to_num(X[train])).sum(axis=0) / w.sum(axis=0)
    by_hand = data.but(X=np.where(np.isnan(X), means, X))
    grid = [0.3, 0.03]
    [[found]] = fit_lanes(data.problem(Imputed(X)), [L1()], [grid], [lane])
    [[expected]] = fit_lanes(by_hand.problem(), [L1()], [grid], [lane])
    np.testing.assert_allclose(found.path.coefs, expected.path.coefs, atol=1e-9)
    np.testing.assert_allclose(found.scores, expected.scores)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_held_out_rows_teach_nothing(loss):
    data = make_data(40, 4, 2, loss)
    X, lane = holes(data.X), Lane(np.arange(30), (np.arange(30, 40),), keep=True)
    other = X.copy()
    other[30:] *= 50.0
    paths = []
    for one in (X, other):
        [[fit]] = fit_lanes(data.problem(Imputed(one)), [L1()], [[0.05]], [lane])
        paths.append(fit.path.coefs)
    np.testing.assert_allclose(*paths, rtol=1e-6)


def test_products_without_a_lane_see_the_means_of_all_rows():
    X = holes(np.arange(12.0).reshape(6, 2))
    design, filled = Imputed(X), np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    R, w = np.ones((6, 1)), np.full(6, 1 / 6)
    np.testing.assert_allclose(design.rmatmat(0, 2, R)[0], filled.sum(axis=0))
    np.testing.assert_allclose(design.matmat(np.array([1]), np.ones((1, 1)))[:, 0], filled[:, 1])
    np.testing.assert_allclose(design.moments(w[None])[0][0], filled.mean(axis=0))


def test_empty_columns_and_infinities_are_refused():
    with pytest.raises(InputError, match="Column 1"):
        Imputed(np.array([[1.0, np.nan], [2.0, np.nan]]))
    with pytest.raises(InputError, match="inf"):
        Imputed(np.array([[1.0, np.inf], [np.nan, 2.0]]))
