"""The grid: zero at the top and not below it, the user's own numbers, ridge's convention."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.test_proximal import Norm
from tests.lockstep.truth import make_data

PENALTIES = [L1(), ElasticNet(0.2), L1().weighted([1, 0, 3, 1, np.inf]), L1().nonnegative(), Norm()]


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_everything_penalised_is_zero_at_the_top_and_not_below(penalty, loss):
    problem = make_data(loss=loss).problem()
    [top] = strength_grid(problem, penalty, 1)
    grid = np.array([top * 1.001, top * 0.98])
    [[fit]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(problem.n), keep=True)], tol=1e-9)
    form = penalty.coordinates(5)
    held = np.ones(5, bool) if form is None else form.penalised
    assert not fit.path.coefs[0, held].any()
    assert fit.path.coefs[1, held].any()


def test_evenly_down_on_the_log_scale():
    problem = make_data(30, 5).problem()
    grid = strength_grid(problem, L1(), 9)
    np.testing.assert_allclose(np.diff(np.log(grid)), np.log(1e-4) / 8)
    assert strength_grid(problem, L1(), 3, 0.1)[-1] == pytest.approx(grid[0] / 10)
    wide = strength_grid(make_data(5, 30).problem(), L1(), 9)
    assert wide[-1] == pytest.approx(wide[0] / 100)


def test_ridge_starts_where_next_to_nothing_is_fitted_and_goes_down_to_least_squares():
    data = make_data(weighted=False, shifted=False)
    grid = strength_grid(data.problem(), L2(), 4)
    assert grid[-1] == pytest.approx(1e-7 * grid[0])
    [[fit]] = fit_lanes(data.problem(), [L2()], [grid], [Lane(np.arange(40), keep=True)])
    assert 0 < fit.path.deviance_ratio[0] < 0.02
    A = np.column_stack([np.ones(40), data.X])
    np.testing.assert_allclose(fit.path.coefs[-1], np.linalg.lstsq(A, data.y)[0][1:], rtol=0.01, atol=1e-3)


def test_the_users_own_grid_is_sorted_downwards():
    assert strength_grid(make_data().problem(), L1(), [0.1, 1.0, 0.5]).tolist() == [1.0, 0.5, 0.1]


def test_a_constant_target_has_a_grid_all_the_same():
    data = make_data(shifted=False)
    assert np.isfinite(strength_grid(data.but(y=np.full(40, 3.0)).problem(), L1(), 5)).all()


@pytest.mark.parametrize(
    ("strengths", "ratio"),
    [(0, None), ([], None), ([1.0, -1.0], None), ([np.nan], None), (5, 0.0), (5, 1.5), (True, None)],
)
def test_bad_grids_are_refused(strengths, ratio):
    with pytest.raises(InputError):
        strength_grid(make_data().problem(), L1(), strengths, ratio)
