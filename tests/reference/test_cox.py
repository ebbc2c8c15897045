"""R's glmnet and survival as judges of Cox models; the fixtures are made by make_cox_fixtures.R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem
from regularfit.losses import Cox, survival

FIXTURES = Path(__file__).parent / "cox_fixtures"
DATA = Path(__file__).parents[2] / "examples" / "data"
PATHS = sorted(p.stem for p in FIXTURES.glob("*.json") if not p.stem.startswith(("cv_", "coxph_")))
CURVES = sorted(p.stem for p in FIXTURES.glob("cv_*.json"))
EXACT = sorted(p.stem for p in FIXTURES.glob("coxph_*.json"))
SHARP = 1e-13  # the comparison should see conventions, not tolerances
# R's own loop, for starts and strata, ends where its objective stands still: coefficients enter that by their square.
BLUNT = 3e-5


def load(name):
    case = json.loads((FIXTURES / f"{name}.json").read_text())
    frame = pd.read_csv(DATA / case["data"])
    X = frame.drop(columns="target").to_numpy(float)[: case["rows"]]
    if case["scaled"]:
        digits = 7 - np.floor(np.log10(np.abs(scaled := (X - X.mean(axis=0)) / X.std(axis=0, ddof=1))))
        X = np.round(scaled * 10**digits) / 10**digits
    times = [case["time"]] if "start" not in case else [case["start"], case["time"]]
    return case, X, survival(*times, case["event"], strata=case.get("strata"))


def penalty_of(case, p):
    """Glmnet's penalty in our words: factors are rescaled to sum to p, an excluded column counts as one."""
    factors = np.array(case.get("penalty.factor", np.ones(p)), dtype=float)
    counted = np.where(np.isinf(factors), 1.0, factors)
    penalty = rf.ElasticNet(case["alpha"]).weighted(
        np.where(np.isinf(factors), np.inf, counted * p / counted.sum())
    )
    if "lower.limits" in case:
        penalty = penalty.bounded(case["lower.limits"], case["upper.limits"])
    return penalty


def given(case):
    return {
        "sample_weight": case.get("weights"),
        "offset": case.get("offset"),
        "standardize": case.get("standardize", True),
    }


def distance(X, ours, theirs):
    """Largest difference on the standardised scale, over the largest coefficient."""
    size = np.abs(theirs * X.std(axis=0)).max(axis=1)
    return (np.abs((ours - theirs) * X.std(axis=0)).max(axis=1) / np.where(size > 0, size, 1.0)).max()


@pytest.mark.parametrize("name", PATHS)
def test_coefficients_are_those_of_glmnet(name):
    case, X, y = load(name)
    problem = make_problem(X, y, Cox(), **given(case))
    grid = np.array(case["lambda"])
    lane = Lane(np.arange(len(X)), keep=True)
    path = fit_lanes(problem, [penalty_of(case, X.shape[1])], [grid], [lane], tol=SHARP)[0][0].path
    assert distance(X, path.coefs, np.array(case["coefs"])) <= BLUNT
    np.testing.assert_allclose(path.deviance_ratio, case["deviance_ratio"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", PATHS)
def test_every_strength_is_proved(name):
    case, X, y = load(name)
    problem = make_problem(X, y, Cox(), **given(case))
    lane = Lane(np.arange(len(X)), keep=True)
    path = fit_lanes(problem, [penalty_of(case, X.shape[1])], [np.array(case["lambda"])], [lane])[0][0].path
    assert path.converged.all(), path.reasons


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation_is_that_of_glmnet(name):
    case, X, y = load(name)
    folds = np.array(case["foldid"], dtype=int)
    splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(folds.max() + 1)]
    scoring = "concordance" if case["measure"] == "C" else None if case["grouped"] else "ungrouped"
    penalty = penalty_of(case, X.shape[1])
    model = rf.PenalizedCox(penalty, strengths=case["lambda"], cv=splits, scoring=scoring, tol=1e-12).fit(
        X, y
    )
    cv = model.cv_
    np.testing.assert_allclose(cv.mean, case["cvm"], rtol=2e-6)
    np.testing.assert_allclose(cv.se, case["cvsd"], rtol=2e-4)
    assert cv.strength_min == pytest.approx(case["lambda_min"], rel=1e-9)
    assert cv.strengths[cv.index_1se_unpaired] == pytest.approx(case["lambda_1se"], rel=1e-9)


def unpenalised(case, X, y):
    penalty = rf.L1().weighted(np.zeros(X.shape[1]))
    model = rf.PenalizedCox(penalty, ties=case["ties"], strength=1.0, tol=1e-12)
    weights, offset = case.get("weights"), case.get("offset")
    return model.fit(X, y, sample_weight=weights, offset=offset)


@pytest.mark.parametrize("name", EXACT)
def test_without_a_penalty_it_is_coxph(name):
    case, X, y = load(name)
    model = unpenalised(case, X, y)
    assert model.certificate_.converged, model.certificate_
    np.testing.assert_allclose(
        model.coef_ * X.std(axis=0), case["coefs"] * X.std(axis=0), rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("name", EXACT)
def test_curves_are_those_of_survfit(name):
    case, X, y = load(name)
    model = unpenalised(case, X, y)
    for row, curve in zip(case["shown"], case["curves"], strict=True):
        strata = None if "strata" not in case else y["stratum"][[row]]
        offset = None if "offset" not in case else np.array(case["offset"])[[row]]
        H = model.predict_cumulative_hazard_function(X[[row]], curve["time"], strata=strata, offset=offset)
        np.testing.assert_allclose(H[0], curve["cumhaz"], rtol=2e-6)


@pytest.mark.parametrize("name", EXACT)
def test_concordance_is_that_of_survival(name):
    case, X, y = load(name)
    eta = X @ np.array(case["coefs"]) + np.array(case.get("offset", 0.0))
    weights = None if "weights" not in case else np.array(case["weights"])
    assert rf.losses.concordance(y, eta, weights) == pytest.approx(case["concordance"], abs=1e-12)
    assert rf.losses.concordance(y, np.round(eta * 2) / 2, weights) == pytest.approx(
        case["tied_concordance"], abs=1e-12
    )
