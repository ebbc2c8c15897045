import numpy as np
import pytest
from scipy import integrate, linalg, stats
from sklearn.datasets import load_diabetes
from sklearn.linear_model import BayesianRidge

import regularfit as rf
from regularfit.diagnostics import evidence_path, posterior
from tests.diagnostics.bayes_data import rows, scaled, spread


def marginal(X, y, weights, offset, factors, strength, noise):
    """The density of the weighted target's contrasts to intercept and free columns."""
    n, w = len(y), scaled(weights)
    root = np.sqrt(w)
    F = np.column_stack([np.ones(n), X[:, factors == 0]]) * root[:, None]
    Q = linalg.null_space(F.T)
    inside = factors > 0
    Z = (X[:, inside] / spread(X, weights)[inside] / np.sqrt(factors[inside])) * root[:, None]
    K = Z @ Z.T / (n * strength)
    covariance = noise**2 * (np.eye(Q.shape[1]) + Q.T @ K @ Q)
    density = stats.multivariate_normal(np.zeros(Q.shape[1]), covariance)
    return density.logpdf(Q.T @ (root * (y - offset))) + 0.5 * np.log(w).sum()


@pytest.mark.parametrize("p", [4, 60])
def test_it_is_the_marginal_likelihood(p):
    X, y, weights, offset = rows(p=p)
    factors = np.ones(p)
    factors[1], factors[2] = 0, 3
    model = rf.PenalizedRegressor(rf.L2().weighted(factors), strength=0.3, tol=1e-12)
    model.fit(X, y, sample_weight=weights, offset=offset)
    grid = np.array([10.0, 0.3, 0.01])
    found = evidence_path(model, X, y, strengths=grid, noise=1.3, sample_weight=weights, offset=offset)
    truth = [marginal(X, y, weights, offset, factors, s, 1.3) for s in grid]
    np.testing.assert_allclose(found.log_evidence, truth, rtol=1e-9)
    own = posterior(model, X, y, noise=1.3, sample_weight=weights, offset=offset)
    assert own.log_evidence == pytest.approx(truth[1], rel=1e-9)
    assert found.chosen == 0.3


def test_the_noise_and_the_strength_are_the_most_probable():
    X, y, weights, offset = rows()
    given = {"sample_weight": weights, "offset": offset}
    model = rf.PenalizedRegressor(rf.L2(), strength=0.3, tol=1e-12).fit(X, y, **given)
    found = posterior(model, X, y, strength="evidence", **given)
    best = marginal(X, y, weights, offset, np.ones(4), found.strength, found.noise)
    assert found.log_evidence == pytest.approx(best)
    for s, v in ((1.02, 1), (1 / 1.02, 1), (1, 1.02), (1, 1 / 1.02)):
        assert marginal(X, y, weights, offset, np.ones(4), s * found.strength, v * found.noise) < best
    assert evidence_path(model, X, y, **given).best == pytest.approx(found.strength)


def test_bayesian_ridge_finds_the_same():
    X, y = load_diabetes(return_X_y=True)
    y = y - y.mean()
    peer = BayesianRidge(
        alpha_1=0,
        alpha_2=0,
        lambda_1=0,
        lambda_2=0,
        tol=1e-12,
        max_iter=5000,
        compute_score=True,
        fit_intercept=False,
    ).fit(X, y)
    model = rf.PenalizedRegressor(rf.L2(), strength=0.01, standardize=False, fit_intercept=False).fit(X, y)
    found = posterior(model, X, y, strength="evidence")
    assert found.strength == pytest.approx(peer.lambda_ / peer.alpha_ / len(y), rel=1e-5)
    assert found.noise == pytest.approx(peer.alpha_**-0.5, rel=1e-6)
    assert found.log_evidence == pytest.approx(peer.scores_[-1], abs=1e-6)
    np.testing.assert_allclose(found.coef, peer.coef_, rtol=1e-5)
    np.testing.assert_allclose(found.covariance(), peer.sigma_, rtol=1e-4, atol=1e-4)
    mean, sd = peer.predict(X[:5], return_std=True)
    said = found.predict(X[:5])
    np.testing.assert_allclose(said.mean, mean, rtol=1e-5)
    np.testing.assert_allclose(said.sd, sd, rtol=1e-5)


def test_classes_get_laplace_s_approximation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1))
    y = rng.random(200) < 1 / (1 + np.exp(-1.5 * x[:, 0]))
    model = rf.PenalizedClassifier(rf.L2(), strength=0.01, fit_intercept=False, standardize=False).fit(x, y)
    found = evidence_path(model, x, y, strengths=[0.1, 0.01])

    def joint(b, s):
        eta = x[:, 0] * b
        return stats.norm.pdf(b, scale=1 / np.sqrt(200 * s)) * np.exp(
            (y * eta - np.logaddexp(0, eta)).sum() + 120
        )

    truth = [
        np.log(integrate.quad(joint, -3, 5, args=(s,), epsabs=0, limit=200)[0]) - 120 for s in (0.1, 0.01)
    ]
    # The error of the approximation falls as 1/n; with 200 rows of one column it is a few thousandths.
    np.testing.assert_allclose(found.log_evidence, truth, atol=0.02)


def test_a_target_of_noise_says_so():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    y -= X @ np.linalg.lstsq(X, y, rcond=None)[0]
    model = rf.PenalizedRegressor(rf.L2(), strength=1.0, fit_intercept=False).fit(X, y)
    with pytest.warns(rf.GridEdgeWarning, match="no effect at all"):
        evidence_path(model, X, y)


def test_the_grid_is_the_model_s_path_or_lies_around_the_best():
    X, y, *_ = rows()
    one = rf.PenalizedRegressor(rf.L2(), strength=0.3).fit(X, y)
    found = evidence_path(one, X, y)
    assert len(found.strengths) == 100
    assert found.strengths[0] > found.best > found.strengths[-1]
    path = rf.PenalizedRegressor(rf.L2(), select="gcv", strengths=[1.0, 0.1, 0.01, 0.001]).fit(X, y)
    assert evidence_path(path, X, y).strengths.tolist() == path.path_.strengths.tolist()
    assert evidence_path(path, X, y).to_frame().columns.tolist() == [
        "strength",
        "log_evidence",
        "noise",
        "df",
    ]


def test_refusals():
    X, y, *_ = rows()
    lasso = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, y)
    with pytest.raises(rf.UnsupportedError, match="L2 only"):
        evidence_path(lasso, X, y)
    classes = rf.PenalizedClassifier(rf.L2(), strength=0.1).fit(X, y > 0)
    with pytest.raises(rf.InputError, match="no noise"):
        evidence_path(classes, X, y > 0, noise=1.0)
    ridge = rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, y)
    with pytest.raises(rf.InputError, match="noise"):
        evidence_path(ridge, X, y, noise=-1.0)
