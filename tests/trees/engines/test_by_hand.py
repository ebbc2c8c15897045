"""Our adapters against the engines called by hand: same parameters, same predictions, after every round."""

import json

import numpy as np
import pytest

from regularfit.trees import Regularisation
from regularfit.trees.boosting.workshop import Workshop
from regularfit.trees.engines import Task, TreeData, curvature, get_engine

RNG = np.random.default_rng(0)
N, P = 160, 4
X = RNG.normal(size=(N, P))
X[:, 3] = RNG.integers(0, 5, N)
X[::9, 0] = np.nan
SIGNAL = 2 * np.nan_to_num(X[:, 0]) + np.sin(3 * X[:, 1]) + (X[:, 3] == 2)
NOISY = SIGNAL + 0.3 * RNG.normal(size=N)
TARGETS = {
    "squared": NOISY,
    "absolute": NOISY,
    "quantile": NOISY,
    "poisson": RNG.poisson(np.exp(0.3 * SIGNAL)).astype(float),
    "gamma": RNG.gamma(2.0, np.exp(0.3 * SIGNAL)),
    "two_classes": (NOISY > 0.5).astype(float),
    "classes": np.digitize(NOISY, [-0.5, 1.0]).astype(float),
}
CLASSES = {"two_classes": 2, "classes": 3}
WEIGHTS = RNG.uniform(0.5, 2.0, N)
TRAIN, HELD = np.arange(0, 120), np.arange(120, N)
KNOBS = Regularisation(learning_rate=0.2, leaves=6, min_rows=8)
ENGINES = ["lightgbm", "xgboost", "sklearn"]


def installed(engine):
    if engine != "sklearn":
        pytest.importorskip(engine, reason="the extra `trees` is not installed")


def workshop(engine, loss, weights=WEIGHTS, categories=(3,), **more):
    task = Task(
        loss, classes=CLASSES.get(loss, 0), categories=categories, threads=1, seed=3, level=0.7, **more
    )
    return Workshop.of(get_engine(engine), TreeData(X, TARGETS[loss], weights), task)


def grown(shop, knobs=KNOBS, rounds=6, train=TRAIN):
    growing = shop.grow(knobs, train, HELD)
    means = [np.array(growing.advance()) for _ in range(rounds)]
    return growing.finish(), means


# --- the engines by hand


def by_lightgbm(loss, params, rounds, weights=WEIGHTS):
    import lightgbm

    objectives = {"squared": "l2", "absolute": "l1", "two_classes": "binary", "classes": "multiclass"}
    params = {
        "objective": objectives.get(loss, loss),
        "num_class": CLASSES[loss] if loss == "classes" else 1,
        "alpha": 0.7 if loss == "quantile" else 0.9,
        "feature_pre_filter": False,
        "verbosity": -1,
        "num_threads": 1,
        "seed": 3,
        "deterministic": True,
        "force_row_wise": True,
    } | params
    rows = lightgbm.Dataset(X, TARGETS[loss], weight=weights, categorical_feature=[3], params=params)
    booster = lightgbm.train(params, rows.subset(TRAIN.tolist()), rounds)
    return [booster.predict(X[HELD], num_iteration=k + 1) for k in range(rounds)]


def by_xgboost(loss, params, rounds, weights=WEIGHTS):
    import xgboost

    objectives = {
        "squared": "reg:squarederror",
        "absolute": "reg:absoluteerror",
        "quantile": "reg:quantileerror",
        "poisson": "count:poisson",
        "gamma": "reg:gamma",
        "two_classes": "binary:logistic",
        "classes": "multi:softprob",
    }
    params = {"objective": objectives[loss], "seed": 3, "nthread": 1, "tree_method": "hist"} | params
    params |= {"num_class": 3} if loss == "classes" else {}
    params |= {"quantile_alpha": 0.7} if loss == "quantile" else {}
    how = {"feature_types": ["q", "q", "q", "c"], "enable_categorical": True, "nthread": 1}
    every = xgboost.QuantileDMatrix(X, label=TARGETS[loss], weight=weights, **how)
    rows = xgboost.QuantileDMatrix(
        X[TRAIN], label=TARGETS[loss][TRAIN], weight=weights[TRAIN], ref=every, **how
    )
    booster = xgboost.train(params, rows, rounds)
    held = xgboost.DMatrix(X[HELD], **how)
    return [booster.predict(held, iteration_range=(0, k + 1)) for k in range(rounds)]


def by_sklearn(loss, params, rounds, weights=WEIGHTS):
    from sklearn import ensemble

    common = {"early_stopping": False, "max_iter": rounds, "random_state": 3, "categorical_features": [3]}
    if loss in CLASSES:
        model = ensemble.HistGradientBoostingClassifier(**common, **params)
    else:
        names = {"squared": "squared_error", "absolute": "absolute_error"}
        level = {"quantile": 0.7} if loss == "quantile" else {}
        model = ensemble.HistGradientBoostingRegressor(
            loss=names.get(loss, loss), **level, **common, **params
        )
    model.fit(X[TRAIN], TARGETS[loss][TRAIN], sample_weight=weights[TRAIN])
    staged = model.staged_predict_proba if loss in CLASSES else model.staged_predict
    return list(staged(X[HELD]))


BY_HAND = {"lightgbm": by_lightgbm, "xgboost": by_xgboost, "sklearn": by_sklearn}


@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("engine", ENGINES)
def test_predictions_after_every_round_are_those_of_the_engine_called_by_hand(engine, loss):
    installed(engine)
    shop = workshop(engine, loss)
    _, means = grown(shop)
    params = shop.params(KNOBS, TRAIN)
    expected = BY_HAND[engine](loss, params, 6)
    for mine, theirs in zip(means, expected, strict=True):
        shown = theirs[:, 1] if loss == "two_classes" and theirs.ndim == 2 else theirs
        np.testing.assert_allclose(mine, shown, rtol=2e-6, atol=1e-6)  # XGBoost's links are float32


KNOB_SETS = [
    {"leaf_l2": 5.0},
    {"leaf_l1": 3.0},
    {"max_depth": 2},
    {"row_sampling": 0.5, "column_sampling": 0.5},
    {"path_smoothing": 4.0},
    {"tree_dropout": 0.4},
    {"split_toll": 0.2},
]


@pytest.mark.parametrize("knobs", KNOB_SETS, ids=lambda knobs: "-".join(knobs))
@pytest.mark.parametrize("engine", ["lightgbm", "xgboost"])
def test_every_knob_arrives(engine, knobs):
    installed(engine)
    if engine == "xgboost" and "path_smoothing" in knobs:
        pytest.skip("XGBoost has no path_smoothing")
    shop = workshop(engine, "squared")
    regularisation = KNOBS.with_(**knobs)
    _, means = grown(shop, regularisation)
    params = shop.params(regularisation, TRAIN)
    # what a prefix of a finished model says is not what the model said after so many rounds, with dropout
    last = BY_HAND[engine]("squared", params, 6)[-1]
    np.testing.assert_allclose(means[-1], last, rtol=2e-6, atol=1e-6)
    _, plain = grown(shop)
    assert not np.allclose(means[-1], plain[-1])


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost"])
def test_dropout_is_watched_while_it_grows(engine):
    installed(engine)
    shop = workshop(engine, "squared")
    knobs = KNOBS.with_(tree_dropout=0.5)
    model, means = grown(shop, knobs, rounds=8)
    shorter, _ = grown(shop, knobs, rounds=5)
    np.testing.assert_allclose(means[4], shorter.margins(X[HELD]), rtol=2e-6)
    assert not np.allclose(means[4], model.margins(X[HELD], 5), rtol=1e-3)
    assert not model.staged


@pytest.mark.parametrize("loss", ["squared", "two_classes", "classes"])
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_kept_predicts_what_was_seen(engine, loss):
    installed(engine)
    from regularfit.trees.engines import mean_of

    shop = workshop(engine, loss)
    model, means = grown(shop, rounds=30)  # beyond the first burst of HistGradientBoosting
    assert model.rounds == 30
    for rounds in (1, 26, 30):
        np.testing.assert_allclose(
            mean_of(model.margins(X[HELD], rounds), shop.task), means[rounds - 1], rtol=1e-6
        )


def test_bursts_of_hist_gradient_boosting_change_nothing():
    from sklearn.ensemble import HistGradientBoostingRegressor

    shop = workshop("sklearn", "squared", categories=())
    knobs = KNOBS.with_(column_sampling=0.5)
    _, means = grown(shop, knobs, rounds=60)
    whole = HistGradientBoostingRegressor(
        early_stopping=False, max_iter=60, random_state=3, **shop.params(knobs, TRAIN)
    )
    whole.fit(X[TRAIN], NOISY[TRAIN], sample_weight=WEIGHTS[TRAIN])
    np.testing.assert_array_equal(means[-1], whole.predict(X[HELD]))


# --- the formula of a leaf


def soft(g, a):
    return np.sign(g) * max(abs(g) - a, 0.0)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.0, 7.0), (4.0, 0.0), (4.0, 7.0)])
@pytest.mark.parametrize("loss", ["squared", "two_classes"])
@pytest.mark.parametrize("engine", ["lightgbm", "xgboost"])
def test_leaf_values_are_the_soft_thresholded_gradient_over_the_curvature(engine, loss, l1, l2):
    installed(engine)
    shop = workshop(engine, loss, weights=None, categories=())
    y, rows = TARGETS[loss], np.arange(N)
    knobs = Regularisation(learning_rate=1.0, leaves=4, min_rows=10, leaf_l1=l1, leaf_l2=l2, row_sampling=1.0)
    growing = shop.grow(knobs, rows, None)
    growing.advance()
    model = growing.finish()
    margins = model.margins(X)
    base = np.average(y)
    start = np.log(base / (1 - base)) if loss == "two_classes" else base
    h = base * (1 - base) if loss == "two_classes" else 1.0
    assert curvature(engine, y, None, shop.task) == pytest.approx(h)
    assert len(np.unique(margins.round(6))) in (3, 4)  # two leaves may both be zero
    for value in np.unique(margins):
        members = margins == value
        G, H = (base - y[members]).sum(), h * members.sum()
        if l1 >= abs(G):
            continue  # leaves at zero cannot be told apart by their value
        # XGBoost keeps values, gradients and its start in float32
        assert value - start == pytest.approx(-soft(G, l1) / (H + l2 * h), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost"])
def test_the_root_gain_is_the_toll_above_which_nothing_splits(engine):
    installed(engine)
    shop = workshop(engine, "squared", weights=None, categories=())
    gain = shop.rows.root_gain(shop.params(KNOBS, TRAIN), TRAIN)

    def leaves(toll):
        growing = shop.grow(KNOBS.with_(split_toll=toll), TRAIN, HELD)
        return len(np.unique(growing.advance()))

    assert gain > 0
    assert leaves(0.999) == 2
    assert leaves(0.5) < leaves(0.01)
    name = "min_split_gain" if engine == "lightgbm" else "gamma"
    assert shop.params(KNOBS.with_(split_toll=0.5), TRAIN)[name] == pytest.approx(0.5 * gain)
    # above the root gain there is no split at all
    blocked = shop.rows.grow(shop.params(KNOBS, TRAIN) | {name: 1.001 * gain}, TRAIN, HELD)
    assert len(np.unique(blocked.advance())) == 1


def test_the_root_gain_of_xgboost_is_twice_the_drop_of_the_loss():
    installed("xgboost")
    shop = workshop("xgboost", "squared", weights=None, categories=())
    knobs = Regularisation(min_rows=8, learning_rate=1.0, leaf_l2=0.0)
    gain = shop.rows.root_gain(shop.params(knobs, TRAIN), TRAIN)
    growing = shop.grow(knobs.with_(leaves=2), TRAIN, None)
    fitted = growing.advance()
    y = NOISY[TRAIN]
    drop = 0.5 * np.sum((y - y.mean()) ** 2) - 0.5 * np.sum((y - fitted) ** 2)
    assert gain == pytest.approx(2 * drop, rel=1e-4)


# --- the curvature before the first tree


@pytest.mark.parametrize("loss", TARGETS)
def test_the_curvature_is_what_xgboost_sums_in_its_first_root(loss):
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    shop = workshop("xgboost", loss, weights=None, categories=())
    growing = shop.grow(KNOBS.with_(max_depth=1), np.arange(N), None)
    growing.advance()
    booster = growing.finish().native
    trees = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    sums = [tree["sum_hessian"][0] for tree in trees]
    mine = curvature("xgboost", TARGETS[loss], None, shop.task)
    assert np.mean(sums) / N == pytest.approx(mine, rel=1e-3), xgboost.__version__


@pytest.mark.parametrize("loss", ["two_classes", "classes", "poisson", "gamma", "squared"])
def test_the_curvature_is_what_lightgbm_sums_in_its_first_leaves(loss):
    installed("lightgbm")
    shop = workshop("lightgbm", loss, weights=None, categories=())
    growing = shop.grow(KNOBS, np.arange(N), None)
    growing.advance()
    trees = growing.finish().native.dump_model()["tree_info"]

    def weight(node):
        if "leaf_weight" in node:
            return node["leaf_weight"]
        return weight(node["left_child"]) + weight(node["right_child"])

    mine = curvature("lightgbm", TARGETS[loss], None, shop.task)
    # LightGBM stores the weights of leaves of squared loss as counts, the others as sums of curvature
    assert np.mean([weight(tree["tree_structure"]) for tree in trees]) / N == pytest.approx(mine, rel=1e-3)
