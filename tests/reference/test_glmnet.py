"""R's glmnet, sharper than it is usually run, as a judge: coefficients, optimality and cross-validation.

The fixtures are made by make_fixtures.R; translate.py knows glmnet's conventions.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import PredefinedSplit

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem
from regularfit.selection import CVResult
from tests.reference import optimality
from tests.reference.translate import Case, load, names

SHARP = 1e-13  # the comparison should see conventions, not tolerances
EXACT = (
    1e-9  # of the strength: a violation that is only rounding (glmnet at thresh 1e-14 leaves 1e-7 to 1e-3)
)
GENERAL = names("poisson") + names("gamma") + names("negative_binomial")
PATHS = names("gaussian") + names("binomial") + GENERAL
# glmnet's outer loop for general families stops at epsnr = 1e-11 of the deviance, which an error enters by its square:
# the root of that, 3e-6, is what its coefficients are good for, and columns correlated at 0.9 make it ten times that.
BLUNT = 3e-5
CURVES = names("cv_")


def fitted(case: Case, X=None, tol=SHARP):
    problem = make_problem(case.X if X is None else X, case.y, case.loss, **case.options)
    lane = Lane(np.arange(problem.n), keep=True)
    path = fit_lanes(problem, [case.penalty], [case.strengths], [lane], tol=tol)[0][0].path
    assert path.ended is None
    np.testing.assert_array_equal(path.strengths, case.strengths)
    return path


def worst_difference(case: Case, coefs: np.ndarray) -> float:
    """Largest difference, on the standardised scale, over the largest coefficient of that solution."""
    largest = np.abs(case.coefs * case.scales).max(axis=1)
    difference = np.abs((coefs - case.coefs) * case.scales).max(axis=1)
    return float((difference / np.where(largest > 0, largest, 1.0)).max())


@pytest.mark.parametrize("name", PATHS)
def test_coefficients_are_those_of_glmnet(name):
    case = load(name)
    path = fitted(case)
    assert worst_difference(case, path.coefs) <= (BLUNT if name in GENERAL else 1e-5)
    span = np.abs(case.coefs * case.scales).max() + np.ptp(case.y) * (name not in GENERAL)
    np.testing.assert_allclose(path.intercepts, case.intercepts, rtol=1e-5, atol=1e-5 * span)
    np.testing.assert_allclose(path.deviance_ratio, case.array("deviance_ratio"), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", PATHS)
def test_no_solution_is_further_from_optimal_than_that_of_glmnet(name):
    case = load(name)
    path = fitted(case)
    for k, strength in enumerate(case.strengths):
        ours = optimality.violation(case, strength, path.coefs[k], path.intercepts[k])
        theirs = optimality.violation(case, strength, case.coefs[k], case.intercepts[k])
        assert ours <= max(theirs, EXACT * strength), (strength, ours, theirs)


@pytest.mark.parametrize("name", PATHS)
def test_the_certificate_says_so(name):
    path = fitted(load(name), tol=1e-7)
    assert path.converged.all(), (path.gaps, path.kkt)


@pytest.mark.parametrize("name", ["gaussian_everything", "gaussian_wide_elastic_net", "binomial_everything"])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, np.asfortranarray])
def test_the_storage_of_X_changes_nothing(name, kind):
    case = load(name)
    assert worst_difference(case, fitted(case, kind(case.X)).coefs) <= 1e-5


def folds_of(case: Case) -> list[Lane]:
    fold = case.array("foldid").astype(int)
    return [
        Lane(np.flatnonzero(fold != k), tests=(np.flatnonzero(fold == k),)) for k in range(fold.max() + 1)
    ]


def clipped_deviance(y: np.ndarray, eta: np.ndarray, weight: np.ndarray) -> float:
    """Return the score of cv.glmnet: the mean binomial deviance of clipped probabilities."""
    probability = np.clip(1 / (1 + np.exp(-eta)), 1e-5, 1 - 1e-5)
    return float(
        -2 * np.average(np.where(y == 1, np.log(probability), np.log(1 - probability)), weights=weight)
    )


def cross_validated(case: Case) -> CVResult:
    """Every fold is a lane, and has its own penalty, because glmnet scales y anew in every fold."""
    problem = make_problem(case.X, case.y, case.loss, **case.options)
    lanes = folds_of(case)
    penalties = [case.in_fold(lane.train) for lane in lanes]
    score = clipped_deviance if case.loss == "logistic" else None
    results = fit_lanes(problem, penalties, [case.strengths] * len(lanes), lanes, tol=SHARP, score=score)
    scores = np.column_stack([results[k][k].scores[:, 0] for k in range(len(lanes))])
    return CVResult(
        case.strengths, scores, np.array([case.sample_weight[lane.tests[0]].sum() for lane in lanes])
    )


@pytest.mark.parametrize("name", CURVES)
def test_cross_validation_is_that_of_glmnet(name):
    case = load(name)
    cv = cross_validated(case)
    np.testing.assert_allclose(cv.mean, case.array("cvm"), rtol=1e-5)
    np.testing.assert_allclose(cv.se, case.array("cvsd"), rtol=1e-5)
    chosen = [cv.strength_min, cv.strengths[cv.index_1se_unpaired]]
    # glmnet multiplies strengths by sd(y) and divides them again, which may move the last bit.
    np.testing.assert_allclose(chosen, [case.answers["lambda_min"], case.answers["lambda_1se"]], rtol=1e-12)


@pytest.mark.parametrize("name", ["gaussian_everything", "gaussian_no_intercept", "binomial_everything"])
def test_fit_path_keeps_the_conventions(name):
    case = load(name)
    path = rf.fit_path(
        case.X, case.y, case.penalty, loss=case.loss, strengths=case.strengths, tol=1e-10, **case.options
    )
    assert worst_difference(case, path.coefs) <= 1e-5


@pytest.mark.parametrize("name", ["cv_gaussian_lasso", "cv_gaussian_weights", "cv_gaussian_concrete"])
def test_the_estimator_chooses_what_glmnet_chooses(name):
    case = load(name)
    folds = PredefinedSplit(case.array("foldid").astype(int))
    model = rf.PenalizedRegressor(case.penalty, strengths=case.strengths, cv=folds, tol=1e-10)
    model.fit(case.X, case.y, sample_weight=case.sample_weight)
    np.testing.assert_allclose(model.cv_.mean, case.array("cvm"), rtol=1e-5)
    np.testing.assert_allclose(model.strength_, case.answers["lambda_min"], rtol=1e-12)
