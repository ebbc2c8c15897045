"""Every row of docs/conventions.md that can be run here: the library's fit, and ours at the translated strength."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import sklearn.linear_model as sk
from sklearn.datasets import load_breast_cancer, load_diabetes

import regularfit as rf
from regularfit.linear import conventions as cv
from tests.reference.translate import load

SHARP = {"tol": 1e-12, "max_iter": 100_000}
W = np.random.default_rng(0).uniform(0.2, 3.0, 442)


def diabetes():
    return load_diabetes(return_X_y=True)


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def ours(words, X, y, loss="squared", **options):
    path = rf.fit_path(
        X,
        y,
        words.penalty,
        loss=loss,
        strengths=[words.strength],
        standardize=words.standardize,
        tol=1e-11,
        **options,
    )
    return path.coefs[0], path.intercepts[0]


def assert_same(found, coef, intercept):
    np.testing.assert_allclose(found[0], coef, rtol=0, atol=1e-5 * np.abs(coef).max())
    np.testing.assert_allclose(found[1], intercept, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_scikit_learn_squared(w):
    X, y = diabetes()
    total = 442 if w is None else w.sum()
    for words, model in [
        (cv.from_lasso(0.1), sk.Lasso(0.1, **SHARP)),
        (cv.from_elastic_net(0.01, 0.3), sk.ElasticNet(0.01, l1_ratio=0.3, **SHARP)),
        (cv.from_ridge(0.7, total), sk.Ridge(0.7)),
    ]:
        model.fit(X, y, sample_weight=w)
        assert_same(ours(words, X, y, sample_weight=w), model.coef_, model.intercept_)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_scikit_learn_logistic(ratio):
    X, y = cancer()
    w = np.random.default_rng(1).uniform(0.2, 3.0, len(y))
    model = sk.LogisticRegression(C=0.1, l1_ratio=ratio, solver="saga", tol=1e-9, max_iter=100_000)
    model.fit(X, y, sample_weight=w)
    words = cv.from_logistic_regression(0.1, ratio, w.sum())
    assert_same(ours(words, X, y, "logistic", sample_weight=w), model.coef_[0], model.intercept_[0])


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_scikit_learn_log_links(w):
    X, y = diabetes()
    for loss, model in [
        ("poisson", sk.PoissonRegressor(alpha=1e-3)),
        ("gamma", sk.GammaRegressor(alpha=1e-3)),
        (rf.Tweedie(1.5), sk.TweedieRegressor(power=1.5, alpha=1e-3)),
    ]:
        model.set_params(solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y, sample_weight=w)
        assert_same(ours(cv.from_glm(1e-3), X, y, loss, sample_weight=w), model.coef_, model.intercept_)


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_scikit_learn_huber(w):
    X, y = diabetes()
    model = sk.HuberRegressor(alpha=1.0, max_iter=100_000, tol=1e-10).fit(X, y, sample_weight=w)
    words = cv.from_huber(1.0, model.scale_, 442 if w is None else w.sum())
    found = ours(words, X, y, rf.Huber(1.35 * model.scale_), sample_weight=w)
    # its L-BFGS leaves the optimum early, by up to 1e-3 of the coefficients
    np.testing.assert_allclose(found[0], model.coef_, atol=1e-3 * np.abs(model.coef_).max())
    np.testing.assert_allclose(found[1], model.intercept_, rtol=1e-3)


def test_scikit_learn_quantile_and_several_targets():
    X, y = diabetes()
    model = sk.QuantileRegressor(quantile=0.3, alpha=0.01).fit(X, y)
    assert_same(ours(cv.from_lasso(0.01), X, y, rf.Quantile(0.3)), model.coef_, model.intercept_)
    Y = np.column_stack([y, -(y**2) / 100])
    words = cv.from_elastic_net(0.01, 0.3)
    several = sk.MultiTaskElasticNet(0.01, l1_ratio=0.3, **SHARP).fit(X, Y)
    path = rf.fit_path(
        X, Y, words.penalty.across_outputs(), strengths=[words.strength], standardize=False, tol=1e-12
    )
    assert_same((path.coefs[0], path.intercepts[0]), several.coef_, several.intercept_)


@pytest.mark.parametrize(
    "name",
    [
        "gaussian_weights",
        "gaussian_offset",
        "gaussian_factors",
        "gaussian_ridge",
        "binomial_elastic_net",
        "poisson_lasso",
    ],
)
def test_glmnet(name):
    """R's answers, from the fixtures."""
    case = load(name)
    given = case.answers.get("penalty.factor")
    factors = cv.glmnet_factors(None if given is None else np.array(given), case.X.shape[1])
    family = {"squared": "gaussian", "logistic": "binomial"}.get(case.loss, case.loss)
    sd = cv.target_deviation(case.y, case.sample_weight, case.offset, case.fit_intercept)
    for k, lam in enumerate(case.strengths[::3]):
        words = cv.from_glmnet(lam, case.l1_ratio, family=family, y_sd=sd)
        penalty = words.penalty.weighted(factors)
        path = rf.fit_path(
            case.X, case.y, penalty, loss=case.loss, strengths=[words.strength], tol=1e-12, **case.options
        )
        theirs = case.coefs[3 * k] * case.scales
        size = np.abs(theirs).max()
        np.testing.assert_allclose(path.coefs[0] * case.scales, theirs, rtol=0, atol=1e-5 * max(size, 1e-3))


def library(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return pytest.skip(f"{name} is not installed")


def test_statsmodels():
    sm = library("statsmodels.api")
    X, y = diabetes()
    y = y - y.mean()
    found = sm.OLS(y, X).fit_regularized(alpha=0.1, L1_wt=0.5, cnvrg_tol=1e-12, maxiter=5000)
    coef, _ = ours(cv.from_statsmodels(0.1, 0.5), X, y, fit_intercept=False)
    np.testing.assert_allclose(coef, found.params, rtol=0, atol=1e-4 * np.abs(coef).max())


def test_skglm():
    skglm = library("skglm")
    X, y = diabetes()
    model = skglm.Lasso(0.1, tol=1e-10).fit(X, y)
    assert_same(ours(cv.from_skglm(0.1), X, y), model.coef_, model.intercept_)


def test_celer():
    celer = library("celer")
    X, y = diabetes()
    model = celer.ElasticNet(0.01, l1_ratio=0.5, tol=1e-12).fit(X, y)
    assert_same(ours(cv.from_celer(0.01, 0.5), X, y), model.coef_, model.intercept_)


def test_adelie():
    ad = library("adelie")
    X, y = cancer()
    state = ad.grpnet(
        X=np.asfortranarray(X),
        glm=ad.glm.binomial(y.astype(float)),
        lmda_path=[0.05],
        progress_bar=False,
        alpha=0.5,
        tol=1e-14,
        irls_tol=1e-14,
    )
    words = cv.from_glmnet(0.05, 0.5, family="binomial")
    coef, _ = ours(cv.Convention(words.strength, words.l1_ratio), X, y, "logistic")
    np.testing.assert_allclose(coef, state.betas.toarray()[-1], rtol=0, atol=1e-4 * np.abs(coef).max())


def test_cuml():
    cuml = library("cuml")
    X, y = cancer()
    model = cuml.LogisticRegression(C=0.1, tol=1e-8).fit(X, y)
    assert_same(
        ours(cv.from_cuml_logistic(0.1, 0.0, len(y)), X, y, "logistic"), model.coef_[0], model.intercept_[0]
    )


@pytest.mark.parametrize(("loss", "factor"), [("squared", 2.0), ("logistic", 1.0)])
def test_weight_decay_is_an_l2_penalty(loss, factor):
    """The decayed gradient that PyTorch's SGD follows is zero at our solution."""
    X, y = cancer() if loss == "logistic" else diabetes()
    words = cv.from_weight_decay(0.1, loss_factor=factor)
    coef, level = ours(words, X, y, loss)
    eta = X @ coef + level
    mean = 1 / (1 + np.exp(-eta)) if loss == "logistic" else eta
    gradient = factor * X.T @ (mean - y) / len(y)
    np.testing.assert_allclose(gradient + 0.1 * coef, 0, atol=1e-6 * max(np.abs(gradient).max(), 1.0))


def test_weight_decay_by_torch_itself():
    torch = library("torch")
    X, y = cancer()
    net = torch.nn.Linear(X.shape[1], 1, dtype=torch.float64)
    groups = [{"params": [net.weight], "weight_decay": 0.1}, {"params": [net.bias]}]
    optimiser = torch.optim.SGD(groups, lr=0.1)
    data, target = torch.tensor(X), torch.tensor(y, dtype=torch.float64)
    for _ in range(3000):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(net(data)[:, 0], target).backward()
        optimiser.step()
    coef, level = ours(cv.from_weight_decay(0.1), X, y, "logistic")
    np.testing.assert_allclose(net.weight.detach().numpy()[0], coef, atol=1e-5)
    np.testing.assert_allclose(net.bias.item(), level, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: cv.from_lasso(-1.0),
        lambda: cv.from_elastic_net(1.0, 2.0),
        lambda: cv.from_ridge(1.0, 0.0),
        lambda: cv.from_logistic_regression(0.0, 0.0, 10),
        lambda: cv.from_glmnet("1", 1.0),
        lambda: cv.glmnet_factors([1.0], 2),
    ],
)
def test_numbers_out_of_range_are_refused(call):
    with pytest.raises(rf.InputError):
        call()


def test_every_row_of_the_table_names_a_function_that_exists():
    from pathlib import Path

    table = (Path(__file__).parents[2] / "docs" / "conventions.md").read_text()
    named = {word.split("(")[0] for word in table.split("`") if word.startswith("from_")}
    assert named == {name for name in cv.__all__ if name.startswith("from_")}
