"""Relaxed fits of the glmnet dialect for cox, mgaussian and multinomial against R's; fixtures_families_relax.R."""

from __future__ import annotations

import numpy as np
import pytest

from regularfit.glmnet import cv_glmnet, glmnet
from tests.reference import test_glmnet_families as families
from tests.reference.test_glmnet_families import X, assert_near, outputs

FOLDER = families.FOLDER / "families_relax"
ALL = sorted(f.stem for f in FOLDER.glob("*.json"))
PATHS = [name for name in ALL if not name.startswith("cv_")]
CURVES = [name for name in ALL if name.startswith("cv_")]

# R's coxnet has the exponent 1 / (nlambda - 1) in single precision: an error of 6e-8 times log(1e4) in the last lambda.
LAMBDAS = 6e-7


class Case(families.Case):
    folder = FOLDER


@pytest.fixture(scope="module", params=PATHS)
def case(request):
    return Case(request.param)


@pytest.fixture(scope="module")
def fit(case):
    return glmnet(X, case.y, relax=True, **case.arguments)


def test_there_is_a_case_for_every_family():
    assert {name.split("_")[1] for name in PATHS} == {"cox", "mgaussian", "multinomial"}
    assert {name.split("_")[2] for name in CURVES} == {"cox", "mgaussian", "multinomial"}


def test_the_refits(case, fit):
    relaxed = fit.relaxed
    np.testing.assert_allclose(fit.lambda_, case.array("lambda"), rtol=LAMBDAS)
    np.testing.assert_allclose(relaxed.lambda_, case.array("relaxed_lambda"), rtol=LAMBDAS)
    assert_near([one.toarray() for one in outputs(relaxed.beta)], case.blocks("beta", 10))
    np.testing.assert_allclose(relaxed.dev_ratio, case.array("relaxed_dev_ratio"), rtol=0, atol=1e-7)
    np.testing.assert_array_equal(relaxed.df, case.array("relaxed_df"))
    if case.family != "cox":
        levels = case.array("a0").reshape(len(relaxed.lambda_), -1).T
        np.testing.assert_allclose(relaxed.a0, levels, rtol=1e-5, atol=1e-5 * np.abs(levels).max())


@pytest.mark.parametrize(("gamma", "key"), [(0.0, "coef_0"), (0.5, "coef_half")])
def test_blends_between_lambdas(case, fit, gamma, key):
    first = 0 if case.family == "cox" else 1
    found = outputs(fit.coef(s=case.array("s"), gamma=gamma))
    assert_near([one[first:] for one in found], [one[first:] for one in case.blocks(key, 10 + first)])


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation_over_lambda_and_gamma(name):
    case = Case(name)
    folds = case.array("foldid").astype(int)
    cv = cv_glmnet(X, case.y, foldid=folds, relax=True, gamma=[0, 0.5, 1], **case.arguments)
    relaxed = cv.relaxed
    np.testing.assert_allclose(cv.lambda_, case.array("lambda"), rtol=LAMBDAS)
    for ours, theirs in zip(relaxed.statlist, case.answers["relaxed_cvm"], strict=True):
        np.testing.assert_allclose(ours.cvm, theirs, rtol=1e-5)
    for ours, theirs in zip(relaxed.statlist, case.answers["relaxed_cvsd"], strict=True):
        np.testing.assert_allclose(ours.cvsd, theirs, rtol=1e-4)
    chosen = [case.answers[f"relaxed_lambda_{key}"] for key in ("min", "1se")]
    np.testing.assert_allclose([relaxed.lambda_min, relaxed.lambda_1se], chosen, rtol=LAMBDAS)
    assert (relaxed.gamma_min, relaxed.gamma_1se) == (case.answers["gamma_min"], case.answers["gamma_1se"])
