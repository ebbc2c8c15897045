"""The glmnet dialect against R's glmnet with its own lambda sequences; make_dialect_fixtures.R makes the answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regularfit.glmnet import cv_glmnet, glmnet
from tests.reference.translate import _data

FIXTURES = Path(__file__).parent / "dialect_fixtures"
ALL = sorted(f.stem for f in FIXTURES.glob("*.json"))
PATHS = [name for name in ALL if not name.startswith(("cv_", "relax_"))]
CURVES = [name for name in ALL if name.startswith("cv_") and not name.startswith("cv_relax_")]
# R's words that differ here only by a dot or by counting from 1
RENAMED = {"lambda": "lambda_", "type": "type_"}


class Case:
    def __init__(self, name):
        self.answers = json.loads((FIXTURES / f"{name}.json").read_text())
        self.X, self.y = _data(self.answers["data"], self.answers["positive"], self.answers["columns"])
        rows = self.answers.get("first_rows")
        self.X, self.y = self.X[:rows], self.y[:rows]
        given = self.answers["arguments"] or {}
        self.arguments = {
            RENAMED.get(key, key.replace(".", "_")): np.asarray(value) if isinstance(value, list) else value
            for key, value in given.items()
        }
        if "exclude" in self.arguments:
            self.arguments["exclude"] = self.arguments["exclude"] - 1

    def array(self, key):
        return np.asarray(self.answers[key], dtype=float)

    @property
    def beta(self):
        dense = np.zeros((self.X.shape[1], len(self.answers["support"])))
        for k, (rows, values) in enumerate(zip(self.answers["support"], self.answers["values"], strict=True)):
            dense[rows, k] = values
        return dense

    def scaled(self, beta):
        """Coefficients on the standardised scale, where they can be compared with one another."""
        return beta * self.X.std(axis=0)[:, None]


def assert_near(ours, theirs, share=1e-5):
    """Each column to a share of its largest entry."""
    size = np.abs(theirs).max(axis=0)
    size[size < 1e-30] = 0.0  # R begins ridge at lambda = 9.9e35, which leaves 1e-35 of a coefficient
    assert (np.abs(ours - theirs).max(axis=0) <= share * np.where(size > 0, size, 1.0)).all()


@pytest.fixture(scope="module", params=PATHS)
def case(request):
    return Case(request.param)


@pytest.fixture(scope="module")
def fit(case):
    return glmnet(case.X, case.y, **case.arguments)


def test_the_lambda_sequence(case, fit):
    assert len(fit.lambda_) == len(case.array("lambda"))
    np.testing.assert_allclose(fit.lambda_, case.array("lambda"), rtol=1e-9)


def test_the_solutions(case, fit):
    assert_near(case.scaled(fit.beta.toarray()), case.scaled(case.beta))
    span = np.abs(case.array("a0")).max() + np.ptp(case.y)
    np.testing.assert_allclose(fit.a0, case.array("a0"), rtol=1e-5, atol=1e-6 * span)
    vanishing = np.abs(case.beta).max(axis=0) < 1e-30
    np.testing.assert_array_equal(fit.df, np.where(vanishing, 0, case.array("df")))


def test_the_deviances(case, fit):
    np.testing.assert_allclose(fit.dev_ratio, case.array("dev_ratio"), rtol=0, atol=1e-7)
    np.testing.assert_allclose(fit.nulldev, case.answers["nulldev"], rtol=1e-9)


def test_coefficients_between_lambdas(case, fit):
    s = case.array("s")
    theirs = case.array("coef").reshape(len(s), -1).T
    found = fit.coef(s=s)
    assert found.shape == theirs.shape
    assert_near(case.scaled(found[1:]), case.scaled(theirs[1:]))
    np.testing.assert_array_equal(fit.coef(s=s[1]), found[:, 1])


def test_predictions(case, fit):
    rows, s = case.array("rows").astype(int), case.array("s")
    offset = case.arguments.get("offset")
    offset = None if offset is None else offset[rows]
    for kind in ("link", "response"):
        theirs = case.array(kind).reshape(len(s), -1).T
        found = fit.predict(case.X[rows], s=s, type_=kind, newoffset=offset)
        np.testing.assert_allclose(found, theirs, rtol=1e-5, atol=1e-5 * np.ptp(case.y))
    if case.answers["class"] is not None:
        found = fit.predict(case.X[rows], s=s, type_="class", newoffset=offset)
        np.testing.assert_array_equal(found, case.array("class").reshape(len(s), -1).T)


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation(name):
    case = Case(name)
    cv = cv_glmnet(case.X, case.y, foldid=case.array("foldid").astype(int), keep=True, **case.arguments)
    np.testing.assert_allclose(cv.lambda_, case.array("lambda"), rtol=1e-9)
    for ours, theirs in (("cvm", "cvm"), ("cvsd", "cvsd"), ("cvup", "cvup"), ("cvlo", "cvlo")):
        np.testing.assert_allclose(getattr(cv, ours), case.array(theirs), rtol=1e-5, err_msg=ours)
    np.testing.assert_array_equal(cv.nzero, case.array("nzero"))
    chosen = [case.answers["lambda_min"], case.answers["lambda_1se"]]
    np.testing.assert_allclose([cv.lambda_min, cv.lambda_1se], chosen, rtol=1e-9)
    np.testing.assert_array_equal(cv.index, case.array("index") - 1)
    assert cv.name == case.answers["name"]
    theirs = case.array("coef_1se")
    assert_near(case.scaled(cv.coef()[1:, None]), case.scaled(theirs[1:, None]))
    np.testing.assert_allclose(
        cv.fit_preval[:, -1], case.array("preval_last"), rtol=1e-5, atol=1e-5 * np.ptp(case.y)
    )
