"""What every estimator of trees does with tables and targets that cannot be used, and with new categories."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from regularfit.errors import InputError, UnseenCategoryWarning
from regularfit.trees import (
    BoostingClassifier,
    BoostingRegressor,
    PrunedTreeClassifier,
    PrunedTreeRegressor,
    Regularisation,
    RuleFitClassifier,
    RuleFitRegressor,
    Shrunk,
    SparseForestClassifier,
    SparseForestRegressor,
)

RNG = np.random.default_rng(0)
COLOURS = np.array(["red", "blue", "green"])[RNG.integers(0, 3, 90)]
FRAME = pd.DataFrame({"size": RNG.normal(size=90), "colour": COLOURS})
Y = FRAME["size"].to_numpy() + 2.0 * (COLOURS == "red")
LABELS = np.where(Y > 0.5, "much", "little")
KNOBS = Regularisation(learning_rate=0.5, leaves=4, min_rows=5, rounds=3)
BOOSTED = {"engine": "sklearn", "select": None, "n_jobs": 1}
SPARSE = {"forest": Regularisation(rounds=8), "cv": 2, "strengths": 10, "n_jobs": 1}
RULES = {"rules": 8, "strength": 0.01, "n_jobs": 1}
REGRESSORS = [
    BoostingRegressor(KNOBS, **BOOSTED),
    PrunedTreeRegressor(ccp_alpha=0.0),
    Shrunk(DecisionTreeRegressor(), strength=2.0),
    SparseForestRegressor(**SPARSE),
    RuleFitRegressor(**RULES),
]
CLASSIFIERS = [
    BoostingClassifier(KNOBS, **BOOSTED),
    PrunedTreeClassifier(ccp_alpha=0.0),
    Shrunk(DecisionTreeClassifier(), strength=2.0),
    SparseForestClassifier(**SPARSE),
    RuleFitClassifier(**RULES),
]
pytestmark = pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")


def of(models):
    return pytest.mark.parametrize("model", models, ids=lambda model: type(model).__name__)


@of(REGRESSORS + CLASSIFIERS)
def test_categories_that_training_did_not_see_are_told_and_count_as_missing(model):
    model.fit(FRAME, LABELS if model in CLASSIFIERS else Y)
    new = FRAME.head(4).assign(colour=["violet", "red", "violet", "blue"])
    with pytest.warns(UnseenCategoryWarning, match=r"'colour' holds categories .* \(1: 'violet'\)"):
        found = model.predict(new)
    np.testing.assert_array_equal(found, model.predict(new.assign(colour=[None, "red", None, "blue"])))


@of(REGRESSORS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_targets_that_are_no_numbers(model, bad):
    with pytest.raises(InputError, match=r"NaN|infin"):
        model.fit(FRAME, np.where(np.arange(90) == 3, bad, Y))


@of(CLASSIFIERS)
def test_one_class_and_labels_that_are_missing(model):
    with pytest.raises(InputError, match="one class"):
        model.fit(FRAME, np.full(90, "much"))
    with pytest.raises(InputError, match=r"missing|NaN|None"):
        model.fit(FRAME, np.where(np.arange(90) == 3, None, LABELS.astype(object)))


@of(REGRESSORS + CLASSIFIERS)
def test_tables_that_cannot_be_used(model):
    y = LABELS if model in CLASSIFIERS else Y
    with pytest.raises(InputError, match="infin"):
        model.fit(FRAME.assign(size=np.inf), y)
    with pytest.raises(InputError, match="89"):
        model.fit(FRAME, y[:-1])
    with pytest.raises(InputError, match="n_samples = 1"):
        model.fit(FRAME.head(1), y[:1] if model in REGRESSORS else ["much"])
    with pytest.raises(InputError, match=r"negative|>= 0"):
        model.fit(FRAME, y, sample_weight=-np.ones(90))
    model.fit(FRAME, y)
    with pytest.raises(InputError, match="feature names should match"):
        model.predict(FRAME.rename(columns={"colour": "paint"}))
    with pytest.raises(InputError, match="'size' held numbers in training and now holds text"):
        model.predict(FRAME.assign(size="large"))
