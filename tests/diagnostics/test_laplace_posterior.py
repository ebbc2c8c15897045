import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

import regularfit as rf
from regularfit.diagnostics import posterior
from tests.diagnostics.bayes_data import rows, scaled, spread

STRENGTH = 0.05


def fitted(factors=(1, 0, 2, 1)):
    X, y, weights, offset = rows(80)
    y = np.where(y > 3, "yes", "no")
    given = {"sample_weight": weights, "offset": 0.3 * offset}
    model = rf.PenalizedClassifier(rf.L2().weighted(factors), strength=STRENGTH, tol=1e-12).fit(X, y, **given)
    return model, X, y, given


def test_mode_and_curvature_against_the_written_out_density():
    model, X, y, given = fitted()
    found = posterior(model, X, y, **given)
    w, unit = scaled(given["sample_weight"]), spread(X, given["sample_weight"])
    M, codes, factors = np.column_stack([np.ones(80), X]), y == "yes", np.array([0, 1, 0, 2, 1])
    precision = 80 * STRENGTH * factors * np.concatenate([[1], unit**2])

    def slope(b):
        p = special.expit(M @ b + given["offset"])
        return M.T @ (w * (p - codes)) + precision * b

    mode = optimize.root(slope, np.zeros(5), tol=1e-13).x
    np.testing.assert_allclose(np.r_[found.intercept, found.coef], mode, rtol=1e-4, atol=1e-5)
    eta = M @ mode + given["offset"]
    hessian = M.T @ (M * (w * special.expit(eta) * special.expit(-eta))[:, None]) + np.diag(precision)
    covariance = np.linalg.inv(hessian)
    np.testing.assert_allclose(found.covariance(), covariance[1:, 1:], rtol=1e-4, atol=1e-6)
    inside = factors > 0
    prior = stats.norm.logpdf(mode[inside], scale=1 / np.sqrt(precision[inside])).sum()
    likelihood = -(w @ (np.logaddexp(0, eta) - codes * eta))
    laplace = likelihood + prior + 2.5 * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(hessian)[1]
    assert found.log_evidence == pytest.approx(laplace, abs=1e-4)
    said = found.predict(X[:1])
    eta, sd = M[0] @ mode, np.sqrt(M[0] @ covariance @ M[0])
    mean = integrate.quad(
        lambda t: special.expit(t) * stats.norm.pdf(t, eta, sd), eta - 9 * sd, eta + 9 * sd
    )[0]
    assert said.mean[0] == pytest.approx(mean, abs=1e-5)
    low, high = said.interval(0.9)[0]
    assert low < said.mean[0] < high
    assert found.to_frame()["column"].tolist() == ["x0", "x1", "x2", "x3"]


def test_another_strength_and_more_columns_than_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 40))
    y = X[:, 0] > 0
    model = rf.PenalizedClassifier(rf.L2(), strength=1.0).fit(X, y)
    other = rf.PenalizedClassifier(rf.L2(), strength=0.2, tol=1e-10).fit(X, y)
    found = posterior(model, X, y, strength=0.2)
    np.testing.assert_allclose(found.coef, other.coef_[0], atol=1e-5)
    coefs, _ = found.sample(20_000)
    np.testing.assert_allclose(coefs.std(axis=0), found.sd, rtol=5 / np.sqrt(2 * 20_000))
    assert (found.sd < found.prior_sd).all()


def test_refusals():
    model, X, y, given = fitted((1, 1, 1, 1))
    with pytest.raises(rf.InputError, match="no noise"):
        posterior(model, X, y, noise=1.0, **given)
    with pytest.raises(rf.InputError, match="does not solve"):
        posterior(model, X[::-1], y, **given)
    with pytest.raises(rf.InputError, match="classes"):
        posterior(model, X, np.where(y == "yes", "ja", "nein"), **given)
    lasso = rf.PenalizedClassifier(rf.L1(), strength=STRENGTH).fit(X, y)
    with pytest.raises(rf.UnsupportedError, match="corners"):
        posterior(lasso, X, y)
    three = rf.PenalizedClassifier(rf.L2(), strength=STRENGTH).fit(X, np.arange(80) % 3)
    with pytest.raises(rf.UnsupportedError, match="two classes"):
        posterior(three, X, np.arange(80) % 3)
