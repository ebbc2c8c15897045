"""AutoNet by scikit-learn's own checks: hundreds of fits, so each gets a fraction of a second."""

import os
import warnings

import pytest
from sklearn.utils.estimator_checks import (
    check_class_weight_classifiers,
    check_classifiers_train,
    check_regressors_train,
    parametrize_with_checks,
)

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.auto import AutoNetClassifier, AutoNetRegressor  # noqa: E402

NOT_HERE = {
    "check_sample_weight_equivalence_on_dense_data": "batches and folds are drawn by rows, so a weight of 2 is not two",
}
# They compare two searches or ask for a good one (below, with a longer budget), and what a search finds within some
# seconds depends on the machine.
TWICE = {
    "check_class_weight_classifiers",
    "check_classifiers_train",
    "check_regressors_train",
    "check_classifier_data_not_an_array",
    "check_fit_idempotent",
    "check_regressor_data_not_an_array",
    "check_regressors_int",
    "check_supervised_y_2d",
}
TIMED = os.environ.get("REGULARFIT_TIMED") == "1"
WHY = "what a search finds within some seconds depends on the machine; REGULARFIT_TIMED=1 runs it"
QUICK = {"hidden": (8,), "cv": 2, "threads": 1, "random_state": 0}


@parametrize_with_checks(
    [AutoNetClassifier(0.3, **QUICK), AutoNetRegressor(0.3, **QUICK)],
    expected_failed_checks=lambda estimator: NOT_HERE,
)
def test_scikit_learns_checks(estimator, check):
    if getattr(check, "func", check).__name__ in TWICE and not TIMED:
        pytest.skip(WHY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so short a budget is warned of
        check(estimator)


@pytest.mark.skipif(not TIMED, reason=WHY)
@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (check_classifiers_train, AutoNetClassifier),
        (check_class_weight_classifiers, AutoNetClassifier),
        (check_regressors_train, AutoNetRegressor),
    ],
)
def test_the_checks_of_how_well_it_fits(check, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(kind.__name__, kind(4.0, **(QUICK | {"hidden": (16,)})))
