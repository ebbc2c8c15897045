"""The one table of knobs, against the engines that take its words."""

import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

import regularfit as rf
from regularfit.trees import Regularisation, translation_table
from regularfit.trees.translation import ENGINES, KNOBS, engines_with

X, Y = make_regression(120, 5, noise=5.0, random_state=0)
OTHERS = np.random.default_rng(1).normal(size=(60, 5))
SOME = {
    "leaf_l2": 3.0,
    "leaf_l1": 2.0,
    "split_toll": 0.9,
    "min_rows": 7,
    "max_depth": 1,
    "leaves": 2,
    "row_sampling": 0.6,
    "column_sampling": 0.5,
    "tree_dropout": 0.3,
    "learning_rate": 0.13,
    "rounds": 4,
    "path_smoothing": 2.0,
}
PAIRS = [(engine, knob) for engine, knobs in KNOBS.items() for knob in knobs]


def model_of(engine, params):
    """The engine's own estimator, as its users build it."""
    if engine == "lightgbm":
        lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
        return lightgbm.LGBMRegressor(**{"n_estimators": 4, "verbosity": -1, "n_jobs": 1} | params)
    if engine == "xgboost":
        xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
        return xgboost.XGBRegressor(**{"n_estimators": 4, "n_jobs": 1} | params)
    kinds = {
        "tree": DecisionTreeRegressor,
        "forest": RandomForestRegressor,
        "extra_trees": ExtraTreesRegressor,
    }
    if engine == "sklearn":
        return HistGradientBoostingRegressor(**{"max_iter": 4, "random_state": 0} | params)
    few = {} if engine == "tree" else {"n_estimators": 4}
    return kinds[engine](random_state=0, **few | params)


@pytest.mark.parametrize(("engine", "knob"), PAIRS)
def test_every_translation_is_taken_and_does_something(engine, knob):
    """Its words are known to the engine, and the predictions change."""
    root = {"xgboost": 1e6, "lightgbm": 1e6}.get(engine, 1e3)
    params = Regularisation(**{knob: SOME[knob]}).to(engine, root_gain=root)
    extra = {"n_estimators": 12} if knob == "tree_dropout" else {}
    plain = model_of(engine, extra).fit(X, Y)
    model = model_of(engine, extra | params)
    assert set(params) <= set(model.get_params()) | {
        "feature_fraction_bynode",
        "path_smooth",
        "drop_rate",
    } | {
        "skip_drop",
        "max_drop",
        "rate_drop",
    }
    if knob == "rounds":
        params = {name: value + 3 for name, value in params.items()}
        model.set_params(**params)
    assert not np.array_equal(model.fit(X, Y).predict(OTHERS), plain.predict(OTHERS))


def leaf_rows(engine, model):
    if engine == "lightgbm":
        leaves = model.predict(X, pred_leaf=True)
    elif engine in ("xgboost", "tree"):
        leaves = model.apply(X).reshape(len(X), -1)
    else:
        leaves = None
    return min(np.unique(column, return_counts=True)[1].min() for column in leaves.T)


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost", "tree"])
def test_min_rows_are_rows(engine):
    """In XGBoost they are curvature, which for the squared loss is rows."""
    params = Regularisation(min_rows=11).to(engine)
    assert leaf_rows(engine, model_of(engine, params).fit(X, Y)) >= 11
    assert leaf_rows(engine, model_of(engine, Regularisation(min_rows=2).to(engine)).fit(X, Y)) < 11


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost", "tree"])
def test_leaves_and_depth_are_heeded(engine):
    few = model_of(engine, Regularisation(leaves=3, min_rows=1).to(engine)).fit(X, Y)
    leaves = few.predict(X, pred_leaf=True) if engine == "lightgbm" else few.apply(X).reshape(len(X), -1)
    assert max(len(np.unique(column)) for column in leaves.T) == 3
    flat = model_of(engine, Regularisation(max_depth=1, min_rows=1).to(engine)).fit(X, Y)
    leaves = flat.predict(X, pred_leaf=True) if engine == "lightgbm" else flat.apply(X).reshape(len(X), -1)
    assert max(len(np.unique(column)) for column in leaves.T) == 2


def test_pseudo_rows_are_multiplied_by_the_curvature():
    assert Regularisation(leaf_l2=4.0).to("lightgbm", curvature=0.25) == {"reg_lambda": 1.0}
    assert Regularisation(leaf_l2=4.0).to("sklearn", curvature=0.25) == {"l2_regularization": 1.0}
    assert Regularisation(min_rows=20).to("xgboost", curvature=0.25) == {"min_child_weight": 5.0}
    assert Regularisation(min_rows=20).to("lightgbm", curvature=0.25) == {"min_child_samples": 20}


def test_a_toll_needs_the_root_gain():
    with pytest.raises(rf.InputError, match="give root_gain"):
        Regularisation(split_toll=0.1).to("xgboost")
    assert Regularisation(split_toll=0).to("xgboost") == {"gamma": 0.0}
    assert Regularisation(split_toll=0.1).to("xgboost", root_gain=50.0) == {"gamma": 5.0}


def test_unknown_engines_and_knobs_that_an_engine_has_not():
    with pytest.raises(rf.InputError, match="engine='catboost' is not known"):
        Regularisation().to("catboost")
    for engine in ENGINES:
        for knob, value in SOME.items():
            if knob not in KNOBS[engine]:
                with pytest.raises(rf.UnsupportedError, match=f"has no {knob}.*{engines_with(knob)[0]}"):
                    Regularisation(**{knob: value}).to(engine)


def test_the_table_for_the_documentation():
    table = {row["knob"]: row for row in translation_table()}
    assert list(table) == list(Regularisation.__dataclass_fields__)
    assert table["row_sampling"]["lightgbm"] == "subsample = value, subsample_freq = 1"
    assert table["min_rows"]["xgboost"] == "min_child_weight = value * h"
    assert table["split_toll"]["xgboost"] == "gamma = value * root gain"
    assert table["path_smoothing"]["xgboost"] == ""
    assert all(
        bool(row[engine]) == (knob in KNOBS[engine]) for knob, row in table.items() for engine in ENGINES
    )
