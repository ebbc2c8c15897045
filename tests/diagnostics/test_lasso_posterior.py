import numpy as np
import pytest

import regularfit as rf
from regularfit.diagnostics import posterior
from regularfit.diagnostics._lasso_gibbs import LassoRows, _mixture, _Tall, _Wide
from tests.diagnostics.bayes_data import rows, scaled, spread


def moments(density, grid):
    """Mean, standard deviation and median of a density given by logarithms on an even grid."""
    share = np.exp(density - density.max())
    share /= share.sum()
    mean = share @ grid
    return mean, np.sqrt(share @ (grid - mean) ** 2), np.interp(0.5, np.cumsum(share) - share / 2, grid)


def close(found, truth, column=0):
    """Whether mean, sd and median agree within four Monte Carlo errors."""
    mean, sd, median = truth
    error = sd / np.sqrt(found.ess[column])
    assert abs(found.coef[column] - mean) < 4 * error
    assert abs(found.median[column] - median) < 4 * 1.5 * error
    assert abs(found.sd[column] - sd) < 4 * 1.5 * error


def one_column(n=12, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x[:, None], 0.6 * x + rng.normal(size=n)


def objective(X, y, grid, strength, penalty=np.abs):
    """n times the objective without an intercept, for one column that is not standardised."""
    return 0.5 * ((y[:, None] - X * grid) ** 2).sum(axis=0) + len(y) * strength * penalty(grid)


MANY = {"draws": 800, "burn_in": 200, "chains": 24}
PLAIN = {"standardize": False, "fit_intercept": False, "strength": 0.25, "tol": 1e-12}


@pytest.mark.parametrize("noise", [1.3, "sampled"])
def test_one_column_against_integration(noise):
    X, y = one_column()
    model = rf.PenalizedRegressor(rf.L1(), **PLAIN).fit(X, y)
    found = posterior(model, X, y, noise=noise, **MANY)
    grid = np.linspace(-3, 4, 20001)
    f = objective(X, y, grid, 0.25)
    # With the noise integrated out the density is a power of the objective, so that its mode is the lasso.
    density = -f / 1.3**2 if noise == 1.3 else -(12 / 2 + 1) * np.log(f)
    close(found, moments(density, grid))
    assert grid[np.argmax(density)] == pytest.approx(found.mode[0], abs=2e-4)
    assert found.worst_r_hat < 1.01


def test_a_sampled_strength_against_integration():
    X, y = one_column()
    model = rf.PenalizedRegressor(rf.L1(), **PLAIN).fit(X, y)
    found = posterior(model, X, y, noise="sampled", hyperprior=(2.0, 6.0), **MANY)
    grid, s = np.linspace(-3, 4, 4001), np.exp(np.linspace(-12, 2, 1501))[:, None]
    f = 0.5 * ((y[:, None] - X * grid) ** 2).sum(axis=0) + 12 * s * np.abs(grid)
    joint = (2 + 1) * np.log(s) - 6 * s - 7 * np.log(f)  # on the logarithm of s, hence 2 and not 2 - 1
    joint = np.exp(joint - joint.max())
    close(found, moments(np.log(joint.sum(axis=0)), grid))
    mean = (joint.sum(axis=1) @ s[:, 0]) / joint.sum()
    assert found.strengths.mean() == pytest.approx(mean, rel=0.05)


def test_an_elastic_net_with_known_noise_against_integration():
    X, y = one_column()
    model = rf.PenalizedRegressor(rf.ElasticNet(0.4), **PLAIN).fit(X, y)
    found = posterior(model, X, y, noise=1.3, **MANY)
    grid = np.linspace(-3, 4, 20001)
    f = objective(X, y, grid, 0.25, lambda b: 0.4 * np.abs(b) + 0.3 * b**2)
    close(found, moments(-f / 1.3**2, grid))
    assert posterior(model, X, y).noise == pytest.approx(np.sqrt(((y - model.predict(X)) ** 2).sum() / 11))
    with pytest.raises(rf.UnsupportedError, match="must be known"):
        posterior(model, X, y, noise="sampled")


def test_two_columns_with_all_that_a_fit_has():
    X, y, weights, offset = rows(15, 3)
    X[:, 2] = X[:, 0] - X[:, 1] + 0.1 * X[:, 2]
    given = {"sample_weight": weights, "offset": offset}
    penalty = rf.L1().weighted([1.0, 0.0, 2.0])
    model = rf.PenalizedRegressor(penalty, strength=0.2, tol=1e-12).fit(X, y, **given)
    found = posterior(model, X, y, noise="sampled", **MANY, **given)
    w, unit = scaled(weights), spread(X, weights)
    a, b = np.linspace(-7, 7, 501)[:, None], np.linspace(-7, 7, 501)[None, :]
    # Intercept and free column are integrated out: they are projected away, with two degrees of freedom.
    F = np.column_stack([np.ones(15), X[:, 1]]) * np.sqrt(w)[:, None]
    basis = np.linalg.qr(F)[0]
    Z, t = (X[:, [0, 2]] / unit[[0, 2]]) * np.sqrt(w)[:, None], (y - offset) * np.sqrt(w)
    Z, t = Z - basis @ (basis.T @ Z), t - basis @ (basis.T @ t)
    G, c = Z.T @ Z, Z.T @ t
    squares = t @ t - 2 * (a * c[0] + b * c[1]) + G[0, 0] * a**2 + 2 * G[0, 1] * a * b + G[1, 1] * b**2
    density = -(13 / 2 + 2) * np.log(0.5 * squares + 15 * 0.2 * (np.abs(a) + 2 * np.abs(b)))
    joint = np.exp(density - density.max())
    assert joint[[0, -1]].max() < 1e-3
    assert joint[:, [0, -1]].max() < 1e-3
    for column, axis, grid in ((0, 1, a[:, 0]), (2, 0, b[0])):
        mean, sd, median = moments(np.log(joint.sum(axis=axis)), grid)
        close(found, (mean / unit[column], sd / unit[column], median / unit[column]), column)
    said = found.predict(X[:2], offset=offset[:2])
    flat, levels = found.sample(3000)
    np.testing.assert_allclose(
        said.mean, offset[:2] + (flat @ X[:2].T).mean(axis=0) + levels.mean(), atol=0.2
    )
    assert (said.sd > said.sd_mean).all()
    low, high = said.interval(0.9).T
    assert ((low < said.mean) & (said.mean < high)).all()


@pytest.mark.parametrize("kind", [_Tall, _Wide])
@pytest.mark.parametrize("k", [3, 9])
def test_normal_draws_have_their_mean_and_covariance(kind, k):
    rng = np.random.default_rng(0)
    rows_ = LassoRows(rng.normal(size=(6, k)), rng.normal(size=6), np.ones(k), np.zeros(k), 6, 6)
    D, v, lanes = rng.uniform(0.1, 2, k), 0.7, 40_000
    draws = kind(rows_, rng)(np.tile(D, (lanes, 1)), np.full(lanes, v))
    inverse = np.linalg.inv(rows_.A.T @ rows_.A + np.diag(1 / D))
    root = np.sqrt(v * np.diag(inverse))
    scaled_ = (draws - inverse @ rows_.A.T @ rows_.y) / root
    assert np.abs(scaled_.mean(axis=0)).max() < 4.5 / np.sqrt(lanes)
    np.testing.assert_allclose(np.cov(scaled_.T), v * inverse / np.outer(root, root), atol=6 / np.sqrt(lanes))
    some = kind(rows_, rng).squares(draws[:5])
    np.testing.assert_allclose(some, ((rows_.y - draws[:5] @ rows_.A.T) ** 2).sum(axis=1))


@pytest.mark.parametrize("size", [1.0, 1e-3, 0.0, 1e-200])
def test_the_mixture_is_the_reciprocal_of_an_inverse_gaussian(size):
    rng = np.random.default_rng(0)
    rate, v, lanes = 2.0, 0.5, 100_000
    t = _mixture(np.full((lanes, 1), size), np.full((lanes, 1), rate), np.full(lanes, v), rng)
    # 1/X of an inverse Gaussian of mean m and shape l has the mean 1/m + 1/l and the variance 1/(m l) + 2/l^2.
    mean, shape = size / rate, rate**2 / v
    expected, variance = mean + 1 / shape, mean / shape + 2 / shape**2
    assert abs(t.mean() - expected) < 5 * np.sqrt(variance / lanes)
    assert t.var() == pytest.approx(variance, rel=0.06)


def test_no_draw_is_better_than_the_lasso_with_more_columns_than_rows():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(20, 30))
    y = X[:, 0] * 2 + rng.normal(size=20)
    model = rf.PenalizedRegressor(rf.L1(), strength=0.3, tol=1e-10).fit(X, y)
    found = posterior(model, X, y, noise=1.0, draws=500, burn_in=200)

    def value(coef, intercept):
        r = y - intercept - X @ coef
        return r @ r / 40 + 0.3 * np.abs(coef * X.std(axis=0)).sum()

    best = value(found.mode, found.mode_intercept)
    draws = zip(found.draws.reshape(-1, 30)[::20], found.intercepts.ravel()[::20], strict=True)
    assert all(value(coef, intercept) > best for coef, intercept in draws)
    np.testing.assert_allclose(found.mode, model.coef_, atol=1e-4)
    assert (found.mode == 0).sum() > 10
    assert (found.draws != 0).all()


@pytest.mark.filterwarnings(
    "ignore:The chains have not met"
)  # R-hat of chains this short scatters about 1.01
def test_intervals_cover_what_the_prior_draws():
    rng = np.random.default_rng(4)
    n, p, strength, noise, repeats = 10, 2, 0.3, 1.5, 40
    X = rng.normal(size=(n, p))
    hits = 0.0
    for k in range(repeats):
        b = rng.laplace(size=p, scale=noise**2 / (n * strength))
        y = X @ b + noise * rng.normal(size=n)
        model = rf.PenalizedRegressor(rf.L1(), **PLAIN | {"strength": strength}).fit(X, y)
        found = posterior(model, X, y, noise=noise, draws=120, burn_in=30, chains=16, random_state=k)
        low, high = found.interval(0.8).T
        hits += ((low < b) & (b < high)).mean()
    assert abs(hits / repeats - 0.8) < 4 * 0.4 / np.sqrt(repeats)


def test_chains_that_have_not_met_say_so():
    X, y = one_column()
    model = rf.PenalizedRegressor(rf.L1(), **PLAIN).fit(X, y)
    with pytest.warns(rf.ConvergenceWarning, match="have not met"):
        posterior(model, X, y, noise="sampled", draws=20, burn_in=0)


def test_the_same_seed_gives_the_same_draws_and_frames_have_names():
    pd = pytest.importorskip("pandas")
    X, y, *_ = rows(30, 3)
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(table, y)
    one, two = (posterior(model, table, y, random_state=7, draws=400) for _ in range(2))
    assert np.array_equal(one.draws, two.draws)
    frame = one.to_frame()
    assert frame["column"].tolist() == ["a", "b", "c"]
    assert {"mode", "mean", "median", "sd", "lower", "upper", "r_hat", "ess"} < set(frame.columns)
    r = y - model.predict(table)
    assert one.noise == pytest.approx(np.sqrt(r @ r / (30 - 1 - np.count_nonzero(model.coef_))), rel=1e-4)
