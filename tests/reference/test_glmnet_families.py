"""The glmnet dialect for cox, mgaussian and multinomial against R's glmnet; fixtures_families.R makes the answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

import regularfit as rf
from regularfit.glmnet import cv_glmnet, glmnet
from tests.reference.test_glmnet_dialect import FIXTURES as FOLDER
from tests.reference.test_glmnet_dialect import RENAMED
from tests.reference.translate import _data

FIXTURES = FOLDER / "families"
ALL = sorted(f.stem for f in FIXTURES.glob("*.json"))
PATHS = [name for name in ALL if not name.startswith("cv_")]
CURVES = [name for name in ALL if name.startswith("cv_")]
X = _data("diabetes.csv", None, None)[0]
SPREAD = X.std(axis=0)


class Case:
    folder = FIXTURES

    def __init__(self, name):
        self.answers = json.loads((self.folder / f"{name}.json").read_text())
        self.arguments = {
            RENAMED.get(key, key.replace(".", "_")): np.asarray(value) if isinstance(value, list) else value
            for key, value in self.answers["arguments"].items()
        }
        if "exclude" in self.arguments:
            self.arguments["exclude"] = self.arguments["exclude"] - 1
        if self.arguments.get("offset") is not None and self.arguments["offset"].ndim == 2:
            self.arguments["offset"] = self.arguments["offset"].T
        self.family = self.arguments["family"]
        if self.family == "cox":
            self.y = rf.survival(self.answers["time"], self.answers["event"])
        else:
            self.y = np.asarray(self.answers["target"]).T

    def array(self, key):
        return np.asarray(self.answers[key], dtype=float)

    def blocks(self, key, rows):
        """One matrix (rows, k) an output."""
        return [np.reshape(one, (-1, rows)).T.astype(float) for one in self.answers[key]]


def assert_near(ours, theirs):
    """Coefficients of all outputs at one lambda, to a share of the largest of them on the standardised scale."""
    ours, theirs = (np.array(blocks) * SPREAD[:, None] for blocks in (ours, theirs))
    size = np.abs(theirs).max(axis=(0, 1))
    size[size < 1e-30] = 1.0  # ridge begins at lambda = 9.9e35
    worst = (np.abs(ours - theirs).max(axis=(0, 1)) / size).max()
    assert worst <= 1e-5, worst


def outputs(answer):
    return list(answer.values()) if isinstance(answer, dict) else [answer]


@pytest.fixture(scope="module", params=PATHS)
def case(request):
    return Case(request.param)


@pytest.fixture(scope="module")
def fit(case):
    return glmnet(X, case.y, **case.arguments)


def test_the_lambda_sequence(case, fit):
    assert len(fit.lambda_) == len(case.array("lambda"))
    np.testing.assert_allclose(fit.lambda_, case.array("lambda"), rtol=1e-7)


def test_the_solutions(case, fit):
    theirs = case.blocks("beta", 10)
    assert_near([one.toarray() for one in outputs(fit.beta)], theirs)
    vanishing = np.abs(theirs).max(axis=(0, 1)) < 1e-30
    np.testing.assert_array_equal(fit.df, np.where(vanishing, 0, case.array("df")))
    if case.family != "cox":
        levels = case.array("a0").reshape(len(fit.lambda_), -1).T
        np.testing.assert_allclose(fit.a0, levels, rtol=1e-5, atol=1e-5 * np.abs(levels).max())


def test_the_deviances(case, fit):
    np.testing.assert_allclose(fit.dev_ratio, case.array("dev_ratio"), rtol=0, atol=1e-7)
    np.testing.assert_allclose(fit.nulldev, case.answers["nulldev"], rtol=1e-9)


def test_coefficients_between_lambdas(case, fit):
    first = 0 if case.family == "cox" else 1
    found = outputs(fit.coef(s=case.array("s")))
    theirs = case.blocks("coef", 10 + first)
    assert found[0].shape == theirs[0].shape
    assert_near([one[first:] for one in found], [one[first:] for one in theirs])
    one = outputs(fit.coef(s=case.array("s")[1]))
    np.testing.assert_array_equal(one[0], found[0][:, 1])


def test_predictions(case, fit):
    rows, s = case.array("rows").astype(int), case.array("s")
    offset = case.arguments.get("offset")
    offset = None if offset is None else offset[rows]
    for kind in ("link", "response"):
        found = fit.predict(X[rows], s=s, type_=kind, newoffset=offset)
        theirs = case.array(kind).reshape(found.shape, order="F")
        np.testing.assert_allclose(found, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())
    if case.family == "multinomial":
        found = fit.predict(X[rows], s=s, type_="class", newoffset=offset)
        codes = case.array("class").reshape(found.shape, order="F")
        # Classes of counts have no labels in R, which counts them from 1.
        np.testing.assert_array_equal(found + (1 if case.y.ndim == 2 else 0), codes)


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation(name):
    case = Case(name)
    cv = cv_glmnet(X, case.y, foldid=case.array("foldid").astype(int), **case.arguments)
    np.testing.assert_allclose(cv.lambda_, case.array("lambda"), rtol=1e-7)
    np.testing.assert_allclose(cv.cvm, case.array("cvm"), rtol=1e-5)
    np.testing.assert_allclose(cv.cvsd, case.array("cvsd"), rtol=1e-5)
    # Where columns are in for all outputs R counts the intercept as one of them.
    np.testing.assert_array_equal(cv.nzero, case.array("nzero") - (1 if cv.glmnet_fit.call.joint else 0))
    chosen = [case.answers["lambda_min"], case.answers["lambda_1se"]]
    np.testing.assert_allclose([cv.lambda_min, cv.lambda_1se], chosen, rtol=1e-7)
    np.testing.assert_array_equal(cv.index, case.array("index") - 1)
    assert cv.name == case.answers["name"]
    first = 0 if case.family == "cox" else 1
    theirs = case.blocks("coef", 10 + first)
    assert_near([one[first:, None] for one in outputs(cv.coef())], [one[first:] for one in theirs])
