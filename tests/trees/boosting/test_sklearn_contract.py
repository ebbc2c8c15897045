"""What scikit-learn asks of an estimator: its own checks, cloning, pickling, searches."""

import warnings

from sklearn.base import is_classifier
from sklearn.model_selection import KFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from regularfit.trees import BoostingClassifier, BoostingRegressor, Regularisation

ENGINES = ["sklearn"]
try:
    import lightgbm  # noqa: F401
    import xgboost  # noqa: F401
except ImportError:  # the extra `trees` is not installed
    pass
else:
    ENGINES = ["lightgbm", "xgboost", "sklearn"]

# Two classes of three members each are all that some checks have: folds of one's own serve them, too.
PLAIN = Regularisation(learning_rate=0.3, leaves=8, min_rows=1, rounds=2)
BY_FOLDS = {"patience": 4, "cv": KFold(2, shuffle=True, random_state=0)}
GIVEN = {"select": None}
NOT_REPEATED_ROWS = {
    "check_sample_weight_equivalence_on_dense_data": "folds are drawn by rows, and cuts of columns are found on all "
    "rows, so that folds can share them: a weight of 0 is not quite a row left out"
}


@parametrize_with_checks(
    [
        make(PLAIN, engine=engine, n_jobs=1, random_state=0, **(BY_FOLDS if engine == ENGINES[0] else GIVEN))
        for engine in ENGINES
        for make in (BoostingRegressor, BoostingClassifier)
    ],
    expected_failed_checks=lambda estimator: (
        NOT_REPEATED_ROWS if is_classifier(estimator) and estimator.engine != "sklearn" else {}
    ),
)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
