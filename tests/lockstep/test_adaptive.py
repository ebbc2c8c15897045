"""Adaptive penalties against two explicit stages on every lane's own rows."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Lasso, Ridge

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1, L2, Adaptive, ElasticNet


def data(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.3, 4.0, size=p) + 2.0
    return X, 2 * X[:, 0] - X[:, 1] + 0.5 * X[:, 2] + rng.normal(size=n)


def two_stages(X, y, strengths, power=1.0, ridge=0.1):
    """Zou's two stages with scikit-learn: ridge, then a lasso on columns divided by their weights."""
    mean, scale = X.mean(axis=0), X.std(axis=0)
    Z, n = (X - mean) / scale, len(y)
    pilot = Ridge(alpha=n * ridge, solver="cholesky").fit(Z, y).coef_
    weights = (np.abs(pilot) / np.abs(pilot).max()) ** -power
    found = []
    for s in strengths:
        lasso = Lasso(alpha=s, tol=1e-12, max_iter=200_000).fit(Z / weights, y)
        b = lasso.coef_ / weights / scale
        found.append(np.append(b, lasso.intercept_ - mean @ b))
    return np.array(found)


ANY_GRID = pytest.mark.filterwarnings(
    "ignore::regularfit.errors.GridEdgeWarning"
)  # where the best lies is no matter


@ANY_GRID
@pytest.mark.parametrize(("n", "p"), [(60, 6), (40, 350)])
def test_every_fold_has_weights_of_its_own(n, p):
    X, y = data(n, p)
    model = rf.PenalizedRegressor(Adaptive(power=1.5), cv=4, strengths=12, min_ratio=0.003, tol=1e-9).fit(
        X, y
    )
    from regularfit.selection import make_folds

    for k, (train, test) in enumerate(make_folds(4, n)):
        own = two_stages(X[train], y[train], model.cv_.strengths, power=1.5)
        errors = ((y[test, None] - X[test] @ own[:, :-1].T - own[:, -1]) ** 2).mean(axis=0)
        np.testing.assert_allclose(model.cv_.folds[:, k], errors, rtol=2e-4)
    whole = two_stages(X, y, model.path_.strengths, power=1.5)
    np.testing.assert_allclose(model.path_.coefs, whole[:, :-1], atol=2e-4)
    assert model.certificate_.converged


PENALTIES = [
    Adaptive(),
    Adaptive(ElasticNet(0.6), power=0.5),
    Adaptive(L1().nonnegative(), pilot=L2(1e-3)),
    Adaptive(pilot=L1(0.05)),
    Adaptive(L1().weighted(np.r_[0.0, np.ones(7)])),
]


def by_hand(problem_of, X, y, penalty, grid, standardize, loss):
    """The same stages by two calls of the engine on a problem of a lane's own rows."""
    problem = problem_of(X, y)
    lane = Lane(np.arange(len(y)), keep=True)
    pilot = fit_lanes(problem, [penalty.pilot], [np.array([1.0])], [lane], tol=1e-10)[0][0].path.coefs[0]
    dense = X.toarray() if sparse.issparse(X) else X
    size = np.abs(pilot * (dense.std(axis=0) if standardize else 1.0))
    with np.errstate(divide="ignore"):
        factors = (size / size.max()) ** -penalty.power
    inner, bounds = penalty.penalty, {}
    form = inner.coordinates(X.shape[1])
    factors = np.where(form.l1 == 0, 0.0, factors)
    part = ElasticNet(0.6) if isinstance(inner, ElasticNet) else L1()
    bounds = {"lower": form.lower, "upper": form.upper}
    second = part.weighted(factors)
    if np.isfinite(form.lower).any():
        second = second.bounded(**bounds)
    return fit_lanes(problem, [second], [grid], [lane], tol=1e-10)[0][0].path


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("kind", ["squared", "logistic", "sparse", "not standardised"])
def test_any_lane_equals_the_same_fit_on_its_rows(penalty, kind):
    X, y = data(90, 8)
    loss = "logistic" if kind == "logistic" else "squared"
    y = (y > np.median(y)).astype(float) if loss == "logistic" else y
    X = sparse.csr_array(X * (np.random.default_rng(1).random(X.shape) < 0.6)) if kind == "sparse" else X
    standardize = kind != "not standardised"

    def problem_of(X, y):
        return make_problem(X, y, loss, standardize=standardize)

    problem = problem_of(X, y)
    grid = strength_grid(problem, penalty, 10, 0.05)
    lanes = [Lane(np.flatnonzero(np.arange(90) % 3 != k), keep=True) for k in range(3)]
    found = fit_lanes(problem, [L1(), penalty], [grid, grid], lanes, tol=1e-10)[1]
    for lane, result in zip(lanes, found, strict=True):
        truth = by_hand(problem_of, X[lane.train], y[lane.train], penalty, grid, standardize, loss)
        np.testing.assert_allclose(result.path.coefs, truth.coefs, atol=1e-5 * np.abs(truth.coefs).max())
        np.testing.assert_allclose(result.path.intercepts, truth.intercepts, atol=1e-4)
        assert result.converged.all()


def test_the_top_of_the_grid_is_where_everything_penalised_is_zero():
    X, y = data(80, 8)
    problem = make_problem(X, y)
    grid = strength_grid(problem, Adaptive(), 20)
    path = fit_lanes(problem, [Adaptive()], [grid], [Lane(np.arange(80), keep=True)])[0][0].path
    assert not path.coefs[0].any()
    assert path.coefs[1].any()


def test_it_does_not_depend_on_units():
    X, y = data(70, 8)
    plain, scaled = (
        rf.PenalizedRegressor(Adaptive(), cv=3, tol=1e-9).fit(X * x, y * u)
        for x, u in ((1.0, 1.0), (1e4, 1e-5))
    )
    np.testing.assert_allclose(scaled.coef_, plain.coef_ * 1e-9, rtol=1e-6)
    np.testing.assert_allclose(scaled.strength_, plain.strength_ * 1e-5, rtol=1e-9)


def test_equal_pilots_are_fitted_once(monkeypatch):
    X, y = data(50, 6)
    from regularfit.lockstep import adaptive

    calls = []
    problem, lane = make_problem(X, y), Lane(np.arange(50), keep=True)

    def fit(problem, penalties, *args, **settings):
        calls.append(list(penalties))
        return fit_lanes(problem, penalties, *args, **settings)

    adaptive.settle(problem, [Adaptive(), L1(), Adaptive(power=2), Adaptive(pilot=L2(1.0))], [lane], fit)
    assert calls == [[L2(0.1), L2(1.0)]]


@ANY_GRID
def test_honest_scores_are_nested():
    """The outer models of the honest score are those that refitting the whole estimator gives."""
    from regularfit.selection import make_folds

    X, y = data(60, 6)
    model = rf.PenalizedRegressor(Adaptive(), cv=5, strengths=15, min_ratio=0.01, select="1se")
    score = rf.honest_score(model, X, y, cv=5)
    grid = model._nested_plan(X, y).grids[0]
    for k, (train, test) in enumerate(make_folds(5, 60)):
        inner = [
            (np.flatnonzero(np.isin(train, t)), np.flatnonzero(np.isin(train, v))) for t, v in _rest(60, k)
        ]
        own = rf.PenalizedRegressor(
            Adaptive(),
            cv=inner,
            strengths=grid,
            select="1se",
        )
        own.fit(X[train], y[train])
        assert score.fold_strengths[0, k] == pytest.approx(own.strength_)
        error = np.mean((y[test] - own.predict(X[test])) ** 2)
        np.testing.assert_allclose(score.fold_scores[0, k], error, rtol=1e-5)


def _rest(n, k):
    """Folds of the rows without fold k."""
    from regularfit.selection import make_folds

    tests = [test for _, test in make_folds(5, n)]
    for j in range(5):
        if j != k:
            yield np.setdiff1d(np.arange(n), np.append(tests[j], tests[k])), tests[j]


def test_it_works_with_stability_selection_and_one_standard_error():
    X, y = data(100, 30)
    found = rf.stability_selection(rf.PenalizedRegressor(Adaptive()), X, y, 30)
    assert set(found.selected()) <= {0, 1, 2}
    assert {0, 1} <= set(found.selected())
    model = rf.PenalizedRegressor(Adaptive(), select="1se", cv=5).fit(X, y)
    assert set(np.flatnonzero(model.coef_)) <= {0, 1, 2}
    assert {0, 1} <= set(np.flatnonzero(model.coef_))
