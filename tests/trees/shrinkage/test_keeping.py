"""Shrunk models in files: whatever engine they come from, and what a file cannot hold."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.ensemble import HistGradientBoostingRegressor

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.trees import Shrunk, read_trees
from tests.trees.shrinkage.test_shrunk import (
    CLASSIFIERS,
    EVERY,
    FEW,
    HOLES,
    LABELS,
    X,
    Y,
    classifier,
    positive,
    regressor,
)


@pytest.mark.filterwarnings("ignore:The model file could not hold these parameters")
@pytest.mark.parametrize(
    "name", [*EVERY, "class tree", "class gradient", "class hist", "class lightgbm", "class xgboost"]
)
def test_a_file_holds_the_trees(tmp_path, name):
    colour = np.array(["red", "blue", "green", None], dtype=object)[np.arange(200) % 4]
    frame = pd.DataFrame({"colour": colour, "size": X[:, 0], "other": X[:, 1]})
    classes = name.startswith("class ")
    inner = classifier(name.removeprefix("class ")) if classes else regressor(name)
    y = LABELS if classes else positive(Y)
    model = Shrunk(inner, strength=3.0).fit(frame, y)
    model.save(tmp_path / "shrunk.rfit")
    same = rf.load(tmp_path / "shrunk.rfit")
    if classes:
        np.testing.assert_allclose(same.predict_proba(frame), model.predict_proba(frame), atol=1e-6)
        np.testing.assert_array_equal(same.predict(frame), model.predict(frame))
        assert is_classifier(same)
    else:
        tolerance = 1e-6 if name.startswith("xgboost") else 1e-12
        np.testing.assert_allclose(same.predict(frame), model.predict(frame), rtol=tolerance)
    assert same.strength_ == 3.0
    same.save(tmp_path / "again.rfit")
    np.testing.assert_array_equal(rf.load(tmp_path / "again.rfit").predict(frame), same.predict(frame))
    with pytest.raises(InputError, match="needs a model"):
        same.fit(frame, y)


GIVEN = ["tree", "forest", "gradient", "hist", "poisson", "lightgbm", "dart", "xgboost"]


@pytest.mark.filterwarnings("ignore:The model file could not hold these parameters")
@pytest.mark.parametrize("name", GIVEN + [f"class {name}" for name in [*CLASSIFIERS, "lightgbm", "xgboost"]])
def test_a_file_holds_a_model_that_was_given_fitted(tmp_path, name):
    classes = name.startswith("class ")
    inner = classifier(name.removeprefix("class ")) if classes else regressor(name)
    y = positive(Y)
    if classes:
        y = np.digitize(Y, [0.0] if "exponential" in name else [-1.0, 1.5])
    frame = pd.DataFrame(X, columns=list("uvwx"))
    for rows in (X, frame):
        model = Shrunk(clone(inner).fit(rows, y), strength=3.0).fit()
        model.save(tmp_path / "shrunk.rfit", overwrite=True)
        same = rf.load(tmp_path / "shrunk.rfit")
        if classes:
            np.testing.assert_allclose(same.predict_proba(rows), model.predict_proba(rows), atol=1e-6)
            np.testing.assert_array_equal(same.predict(rows), model.predict(rows))
        else:
            tolerance = 1e-6 if name == "xgboost" else 1e-12
            np.testing.assert_allclose(same.predict(rows), model.predict(rows), rtol=tolerance)
        assert (same.strength_, same.n_features_in_) == (3.0, 4)
        same.save(tmp_path / "again.rfit", overwrite=True)
        np.testing.assert_array_equal(rf.load(tmp_path / "again.rfit").predict(rows), same.predict(rows))
    assert same.feature_names_in_.tolist() == list("uvwx")
    with pytest.raises(InputError, match="feature names should match"):
        same.predict(frame.rename(columns={"u": "other"}))


@pytest.mark.filterwarnings("ignore:The model file could not hold these parameters")
def test_a_file_holds_holes_and_codes_that_lightgbm_was_given_as_numbers(tmp_path):
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    inner = lightgbm.LGBMRegressor(n_jobs=1, verbose=-1, min_child_samples=5, min_data_per_group=5, **FEW)
    model = Shrunk(inner.fit(HOLES, Y, categorical_feature=[2]), strength=2.0).fit()
    assert any(tree.categories for tree in read_trees(model.model_))
    model.save(tmp_path / "shrunk.rfit")
    same = rf.load(tmp_path / "shrunk.rfit")
    np.testing.assert_allclose(same.predict(HOLES), model.predict(HOLES), rtol=1e-12)


def refuses(model, says, folder):
    shrunk = Shrunk(model, strength=1.0).fit()
    with pytest.raises(UnsupportedError, match=says):
        shrunk.save(folder / "shrunk.rfit")
    assert not list(folder.iterdir())


def test_categories_in_a_way_of_their_own_are_nothing_for_a_file(tmp_path):
    frame = pd.DataFrame(X, columns=list("uvwx")).astype({"w": "category"})
    hist = HistGradientBoostingRegressor(max_iter=3, categorical_features="from_dtype").fit(frame, Y)
    refuses(hist, "HistGradientBoostingRegressor .* on columns with categories.*Give it unfitted", tmp_path)
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    refuses(
        lightgbm.LGBMRegressor(n_jobs=1, verbose=-1, **FEW).fit(frame, Y), "columns with categories", tmp_path
    )
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    frame["w"] = frame["w"].cat.rename_categories(str)
    refuses(
        xgboost.XGBRegressor(n_jobs=1, enable_categorical=True, **FEW).fit(frame, Y),
        "columns with categories",
        tmp_path,
    )


def test_what_only_an_engine_knows_is_nothing_for_a_file(tmp_path):
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    booster = lightgbm.LGBMRegressor(n_jobs=1, verbose=-1, **FEW).fit(X, Y).booster_
    refuses(booster, "A bare Booster .*scikit-learn interface", tmp_path)
    entropy = lightgbm.LGBMRegressor(n_jobs=1, verbose=-1, objective="cross_entropy", **FEW)
    refuses(entropy.fit(X, Y > 0), "objective makes of their sum", tmp_path)
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    unfitted = xgboost.XGBRegressor(n_jobs=1, missing=-999.0, **FEW)
    refuses(clone(unfitted).fit(X, Y), "told that -999 is a missing value", tmp_path)
    with pytest.raises(UnsupportedError, match="told that -999 is a missing value"):
        Shrunk(unfitted, strength=1.0).fit(X, Y).save(tmp_path / "shrunk.rfit")
