"""Relaxed fits of the glmnet dialect against R's; fixtures_poisson_relax.R makes the answers."""

from __future__ import annotations

import numpy as np
import pytest

from regularfit.glmnet import cv_glmnet, glmnet
from tests.reference.test_glmnet_dialect import ALL, Case, assert_near

PATHS = [name for name in ALL if name.startswith("relax_")]
CURVES = [name for name in ALL if name.startswith("cv_relax_")]


@pytest.fixture(scope="module", params=PATHS)
def case(request):
    return Case(request.param)


@pytest.fixture(scope="module")
def fit(case):
    return glmnet(case.X, case.y, relax=True, **case.arguments)


def test_the_refits(case, fit):
    relaxed = fit.relaxed
    np.testing.assert_allclose(fit.lambda_, case.array("lambda"), rtol=1e-9)
    np.testing.assert_allclose(relaxed.lambda_, case.array("relaxed_lambda"), rtol=1e-9)
    assert_near(case.scaled(relaxed.beta.toarray()), case.scaled(case.beta))
    span = np.abs(case.array("relaxed_a0")).max() + np.ptp(case.y)
    np.testing.assert_allclose(relaxed.a0, case.array("relaxed_a0"), rtol=1e-5, atol=1e-6 * span)
    np.testing.assert_allclose(relaxed.dev_ratio, case.array("relaxed_dev_ratio"), rtol=0, atol=1e-7)
    np.testing.assert_array_equal(relaxed.df, case.array("relaxed_df"))


@pytest.mark.parametrize(("gamma", "key"), [(0.0, "0"), (0.5, "half"), (1.0, "1")])
def test_blends_between_lambdas(case, fit, gamma, key):
    s = case.array("s")
    theirs = case.array(f"coef_{key}").reshape(len(s), -1).T
    found = fit.coef(s=s, gamma=gamma)
    assert_near(case.scaled(found[1:]), case.scaled(theirs[1:]))
    if key != "1":
        rows = case.array("rows").astype(int)
        offset = case.arguments.get("offset")
        offset = None if offset is None else offset[rows]
        found = fit.predict(case.X[rows], s=s, gamma=gamma, type_="response", newoffset=offset)
        theirs = case.array(f"response_{key}").reshape(len(s), -1).T
        np.testing.assert_allclose(found, theirs, rtol=1e-5, atol=1e-5 * np.ptp(case.y))


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation_over_lambda_and_gamma(name):
    case = Case(name)
    cv = cv_glmnet(case.X, case.y, foldid=case.array("foldid").astype(int), relax=True, **case.arguments)
    relaxed = cv.relaxed
    np.testing.assert_allclose(cv.cvm, case.array("cvm"), rtol=1e-5)
    np.testing.assert_allclose(
        [cv.lambda_min, cv.lambda_1se], [case.answers[k] for k in ("lambda_min", "lambda_1se")]
    )
    np.testing.assert_array_equal(relaxed.gamma, case.array("gamma"))
    for ours, theirs in zip(relaxed.statlist, case.answers["relaxed_cvm"], strict=True):
        np.testing.assert_allclose(ours.cvm, theirs, rtol=1e-5)
    for ours, theirs in zip(relaxed.statlist, case.answers["relaxed_cvsd"], strict=True):
        np.testing.assert_allclose(ours.cvsd, theirs, rtol=1e-4)
    for key in ("lambda_min", "lambda_1se"):
        np.testing.assert_allclose(getattr(relaxed, key), case.answers[f"relaxed_{key}"], rtol=1e-9)
    for key in ("gamma_min", "gamma_1se", "nzero_min", "nzero_1se"):
        assert getattr(relaxed, key) == case.answers[key]
    np.testing.assert_array_equal(np.ravel(relaxed.index), case.array("relaxed_index") - 1)
    for s, found in (("1se", cv.coef()), ("min", cv.coef(s="lambda_min"))):
        theirs = case.array(f"coef_{s}")
        assert_near(case.scaled(found[1:, None]), case.scaled(theirs[1:, None]))
