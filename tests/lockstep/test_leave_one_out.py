"""Leave-one-out and GCV in closed form against fits that leave each row out; few rows and many."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.errors import UnsupportedError
from regularfit.lockstep import Lane, closed_form_scores, fit_lanes
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import make_data

STRENGTHS = np.array([1.0, 0.1, 0.01])


@pytest.mark.parametrize("shape", [(25, 4), (14, 30)], ids=["gram", "kernel"])
@pytest.mark.parametrize("factors", [1.0, 0.0], ids=["plain", "one unpenalised"])
@pytest.mark.parametrize("intercept", [True, False])
def test_equals_deleting_each_row_with_the_total_penalty_kept(shape, factors, intercept):
    n, p = shape
    data = make_data(n, p).but(standardize=False, intercept=intercept)
    l2 = np.array([factors] + [1.0] * (p - 1))
    found = closed_form_scores(data.problem(), L2().weighted(l2), STRENGTHS)
    A = np.column_stack([np.ones((n, int(intercept))), data.X])
    penalty = np.concatenate([np.zeros(int(intercept)), l2]) * data.weight.sum()
    z, w = data.y - data.offset, data.weight
    for k, s in enumerate(STRENGTHS):
        for i in range(0, n, 5):
            u = np.where(np.arange(n) == i, 0.0, w)
            b = np.linalg.solve((A * u[:, None]).T @ A + s * np.diag(penalty), A.T @ (u * z))
            assert found.residuals[i, k] == pytest.approx(z[i] - A[i] @ b, rel=1e-6)
        H = np.linalg.solve((A * w[:, None]).T @ A + s * np.diag(penalty), (A * w[:, None]).T)
        assert found.df[k] == pytest.approx(np.trace(A @ H) - intercept, rel=1e-6)
        error = w @ (z - A @ H @ z) ** 2 / w.sum()
        assert found.gcv[k] == pytest.approx(error / (1 - np.trace(A @ H) / n) ** 2, rel=1e-6)
    np.testing.assert_allclose(found.loo, w @ found.residuals**2 / w.sum())


def test_equals_n_folds_at_the_strength_that_keeps_the_total_penalty():
    data = make_data(20, 3, weighted=False).but(standardize=False)
    every = np.arange(20)
    lanes = [Lane(np.delete(every, i), (np.array([i]),)) for i in every]
    found = closed_form_scores(data.problem(), L2(), STRENGTHS * 19 / 20)
    [folds] = fit_lanes(data.problem(), [L2()], [STRENGTHS], lanes)
    by_folds = np.array([fold.scores[:, 0] for fold in folds])  # squared errors
    np.testing.assert_allclose(found.residuals**2, by_folds, rtol=1e-6)


def test_rows_of_weight_zero_and_sparse_columns():
    data = make_data(30, 4)
    data = data.but(weight=np.where(np.arange(30) < 5, 0.0, data.weight), X=np.where(data.X > 0, data.X, 0.0))
    found = closed_form_scores(data.problem(), L2(), STRENGTHS)
    assert np.isnan(found.residuals[:5]).all()
    without = closed_form_scores(data.rows(np.arange(5, 30)).problem(), L2(), STRENGTHS)
    stored = closed_form_scores(data.problem(sparse.csc_array(data.X)), L2(), STRENGTHS)
    for other in (without, stored):
        np.testing.assert_allclose(found.loo, other.loo)
        np.testing.assert_allclose(found.gcv, other.gcv)


@pytest.mark.parametrize("penalty", [L1(), ElasticNet(0.5), L2().nonnegative()], ids=repr)
def test_there_is_no_closed_form_for_others(penalty):
    with pytest.raises(UnsupportedError, match="closed form"):
        closed_form_scores(make_data().problem(), penalty, STRENGTHS)
    with pytest.raises(UnsupportedError, match="Logistic"):
        closed_form_scores(make_data(loss="logistic").problem(), L2(), STRENGTHS)


@pytest.mark.parametrize("shape", [(25, 4), (14, 30)], ids=["gram", "kernel"])
@pytest.mark.parametrize("factors", [1.0, 0.0], ids=["plain", "one unpenalised"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
def test_the_fits_on_all_rows_come_with_the_scores(shape, factors, intercept, standardize):
    n, p = shape
    data = make_data(n, p).but(standardize=standardize, intercept=intercept)
    penalty = L2().weighted(np.array([factors] + [1.0] * (p - 1)))
    found = closed_form_scores(data.problem(), penalty, STRENGTHS)
    lane = Lane(np.arange(n), keep=True)
    path = fit_lanes(data.problem(), [penalty], [STRENGTHS], [lane], tol=1e-12)[0][0].path
    np.testing.assert_allclose(found.coefs, path.coefs, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.intercepts, path.intercepts, rtol=1e-7, atol=1e-9)
