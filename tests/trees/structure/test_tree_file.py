import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import regularfit as rf
from regularfit.errors import InputError, ModelFileError, UnsupportedError
from regularfit.trees import PrunedTreeClassifier, PrunedTreeRegressor, Shrunk
from regularfit.trees.structure.tree_file import dumped_tree, rebuilt_tree


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = np.where(X[:, 0] > 0, 2.0, 0.0) + X[:, 1] + 0.1 * rng.normal(size=120)
    X[::9, 0] = np.nan
    return X, y


MODELS = {
    "pruned": PrunedTreeRegressor(cv=3),
    "pruned classes": PrunedTreeClassifier(cv=3, scoring="log-loss"),
    "shrunk": Shrunk(DecisionTreeRegressor(), cv=3),
    "shrunk classes": Shrunk(DecisionTreeClassifier(min_samples_leaf=3), cv=3),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_single_tree_comes_back_from_its_file_to_the_bit(name, rows, tmp_path):
    X, y = rows
    target = np.digitize(y, [0.5, 1.5]).astype(str) if "classes" in name else y
    model = MODELS[name].fit(X, target)
    model.save(tmp_path / "m.rfit", extra={"note": 3})
    again = rf.load(tmp_path / "m.rfit")
    assert type(again) is type(model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.cv_.folds, model.cv_.folds)
    if "classes" in name:
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        assert again.classes_.tolist() == model.classes_.tolist()
    assert again.get_params()["cv"] == 3
    again.save(tmp_path / "n.rfit", extra={"note": 3})
    assert (tmp_path / "n.rfit").read_bytes() == (tmp_path / "m.rfit").read_bytes()
    with pytest.raises(ModelFileError):
        model.save(tmp_path / "m.rfit")


def test_what_is_no_single_tree_is_refused(rows, tmp_path):
    X, y = rows
    X = np.nan_to_num(X)
    with pytest.raises(UnsupportedError, match="shrunk RandomForestRegressor"):
        Shrunk(RandomForestRegressor(3, random_state=0), strength=5.0).fit(X, y).save(tmp_path / "m.rfit")
    given = DecisionTreeRegressor(random_state=0).fit(X, y)
    with pytest.raises(UnsupportedError, match="given fitted"):
        Shrunk(given, strength=5.0).fit().save(tmp_path / "m.rfit")
    with pytest.raises(InputError):
        dumped_tree(DecisionTreeRegressor().fit(X, np.c_[y, y]))


@pytest.mark.parametrize(("field", "value"), [("left_child", 0), ("right_child", 99999), ("feature", 4)])
def test_nodes_that_form_no_tree_are_refused(field, value, rows):
    X, y = rows
    arrays, facts = dumped_tree(DecisionTreeRegressor(random_state=0).fit(X, y))
    np.testing.assert_array_equal(
        rebuilt_tree(arrays, facts).predict(X), DecisionTreeRegressor(random_state=0).fit(X, y).predict(X)
    )
    broken = arrays[f"node_{field}"].copy()
    broken[0] = value
    with pytest.raises(InputError, match="do not form a tree"):
        rebuilt_tree(arrays | {f"node_{field}": broken}, facts)
