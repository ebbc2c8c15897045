"""BoostingRegressor and BoostingClassifier: what they learn, how rounds are chosen, what they refuse."""

import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss, mean_poisson_deviance
from sklearn.model_selection import KFold

import regularfit as rf
from regularfit.errors import UnseenCategoryWarning
from regularfit.selection import make_folds
from regularfit.trees import BoostingClassifier, BoostingRegressor, Regularisation

RNG = np.random.default_rng(1)
N = 240
X = RNG.normal(size=(N, 4))
Y = np.where(X[:, 0] > 0, 2.0, 0.0) + X[:, 1] + 0.3 * RNG.normal(size=N)
CODES = np.digitize(Y, [0.5, 2.0])
LABELS = np.array(["low", "mid", "top"])[CODES]
KNOBS = Regularisation(learning_rate=0.2, leaves=6, min_rows=8)
QUICK = {"rounds": 80, "patience": 5, "n_jobs": 1}
ENGINES = ["lightgbm", "xgboost", "sklearn"]


@pytest.fixture(params=ENGINES)
def engine(request):
    if request.param != "sklearn":
        pytest.importorskip(request.param, reason="the extra `trees` is not installed")
    return request.param


def table():
    """Numbers and categories with holes, under names that engines trip over."""
    frame = pd.DataFrame({"a [x]": X[:, 0], 'b,"c": {}': X[:, 1], "kind": np.array(["u", "v", "w"])[CODES]})
    frame.loc[::7, "a [x]"] = np.nan
    frame.loc[::11, "kind"] = None
    return frame


# --- how rounds are chosen


def test_the_curve_is_that_of_one_model_a_fold():
    model = BoostingRegressor(KNOBS, engine="sklearn", **QUICK).fit(X, Y)
    assert len(model.cv_.values) == model.cv_.index_min + 1 + QUICK["patience"]  # rounds after the best
    for k, (train, test) in enumerate(make_folds(5, N)):
        alone = HistGradientBoostingRegressor(
            learning_rate=0.2, max_leaf_nodes=6, min_samples_leaf=8, max_iter=80, early_stopping=False
        ).fit(X[train], Y[train])
        losses = [np.mean((Y[test] - p) ** 2) for p in alone.staged_predict(X[test])]
        np.testing.assert_allclose(model.cv_.folds[:, k], losses[: len(model.cv_.values)])
    assert model.rounds_ == model.cv_.value_min == model.cv_.mean.argmin() + 1


def test_the_curve_is_that_of_lightgbms_own_cross_validation():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    model = BoostingRegressor(KNOBS, **QUICK | {"patience": None, "rounds": 40}).fit(X, Y)
    params = {
        "learning_rate": 0.2,
        "num_leaves": 6,
        "min_child_samples": 8,
        "verbosity": -1,
        "num_threads": 1,
    }
    params |= {"deterministic": True, "force_row_wise": True, "feature_pre_filter": False, "metric": "l2"}
    found = lightgbm.cv(params, lightgbm.Dataset(X, Y, params=params), 40, folds=make_folds(5, N))
    np.testing.assert_allclose(model.cv_.mean, found["valid l2-mean"], rtol=1e-6)


def test_the_model_is_a_fit_on_all_rows_for_so_many_rounds():
    model = BoostingRegressor(KNOBS, engine="sklearn", **QUICK).fit(X, Y)
    alone = HistGradientBoostingRegressor(
        learning_rate=0.2, max_leaf_nodes=6, min_samples_leaf=8, max_iter=model.rounds_, early_stopping=False
    ).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), alone.predict(X))
    assert model.regularisation_ == KNOBS.with_(rounds=model.rounds_)


def test_one_standard_error_takes_no_more_rounds():
    best = BoostingRegressor(KNOBS, engine="sklearn", **QUICK).fit(X, Y)
    fewer = BoostingRegressor(KNOBS, engine="sklearn", select="1se", **QUICK).fit(X, Y)
    assert fewer.rounds_ == best.cv_.value_1se < best.rounds_
    np.testing.assert_array_equal(fewer.predict(X), best.path_.predict(X, fewer.rounds_))


def test_given_rounds_need_no_folds(engine):
    model = BoostingRegressor(KNOBS.with_(rounds=7), engine=engine, n_jobs=1, select=None).fit(X, Y)
    assert (model.rounds_, model.cv_) == (7, None)
    with pytest.raises(rf.InputError, match="Regularisation\\(rounds=200\\)"):
        BoostingRegressor(KNOBS, select=None).fit(X, Y)
    with pytest.raises(rf.InputError, match="not cross-validated"):
        model.plot_cv()


def test_rounds_at_the_limit_are_warned_of():
    with pytest.warns(rf.GridEdgeWarning, match=r"the most that was allowed \(5\)"):
        model = BoostingRegressor(KNOBS, engine="sklearn", rounds=5, n_jobs=1).fit(X, Y)
    assert model.rounds_ == 5
    with pytest.warns(rf.GridEdgeWarning, match=r"allowed \(4\)"):  # the knobs' own rounds are the most
        BoostingRegressor(KNOBS.with_(rounds=4), engine="sklearn", n_jobs=1).fit(X, Y)


def test_dropout_is_chosen_along_what_it_was_while_it_grew():
    pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    model = BoostingRegressor(KNOBS.with_(tree_dropout=0.3), **QUICK).fit(X, Y)
    model.predict(X)
    with pytest.raises(rf.UnsupportedError, match="With tree_dropout every round changes"):
        model.path_.predict(X, 1)


def test_groups_stay_together():
    groups = np.repeat(np.arange(N // 4), 4)
    noise = np.repeat(RNG.normal(size=N // 4), 4)
    wide = np.column_stack([X, np.repeat(RNG.normal(size=N // 4), 4)])
    model = BoostingRegressor(KNOBS.with_(min_rows=2), engine="sklearn", **QUICK)
    apart = model.fit(wide, noise).cv_.mean.min()
    together = model.fit(wide, noise, groups=groups).cv_.mean.min()
    assert apart < 0.75 * together  # rows of a group tell of each other


# --- what they learn


def test_numbers(engine):
    model = BoostingRegressor(engine=engine, **QUICK | {"rounds": 150}).fit(X[:200], Y[:200])
    assert model.score(X[200:], Y[200:]) > 0.85
    assert model.feature_importances_.sum() == pytest.approx(1)
    assert set(np.argsort(model.feature_importances_)[-2:]) == {0, 1}


def test_classes_of_any_label(engine):
    model = BoostingClassifier(KNOBS, engine=engine, **QUICK).fit(X, LABELS)
    assert model.classes_.tolist() == ["low", "mid", "top"]
    assert model.score(X, LABELS) > 0.85
    chances = model.predict_proba(X)
    assert chances.shape == (N, 3)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert model.decision_function(X).shape == (N, 3)
    two = BoostingClassifier(KNOBS, engine=engine, **QUICK).fit(X, Y > 1)
    assert two.decision_function(X).shape == (N,)
    np.testing.assert_array_equal(two.predict(X), two.decision_function(X) > 0)
    np.testing.assert_array_equal(two.predict(X), two.predict_proba(X)[:, 1] > 0.5)


def test_the_classifiers_curve_is_the_log_loss():
    model = BoostingClassifier(KNOBS, engine="sklearn", **QUICK).fit(X, LABELS)
    train, test = make_folds(5, N, CODES, classifier=True)[2]
    alone = HistGradientBoostingClassifier(
        learning_rate=0.2, max_leaf_nodes=6, min_samples_leaf=8, max_iter=5, early_stopping=False
    ).fit(X[train], LABELS[train])
    assert model.cv_.folds[4, 2] == pytest.approx(log_loss(LABELS[test], alone.predict_proba(X[test])))
    assert model.cv_.score_name == "mean log-loss"


def test_tables_with_categories_and_holes(engine):
    frame = table()
    model = BoostingRegressor(KNOBS, engine=engine, **QUICK).fit(frame, Y)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert model.score(frame, Y) > 0.8
    strange = frame.head(3).assign(kind="new")
    with pytest.warns(UnseenCategoryWarning, match="'new'"):
        found = model.predict(strange)
    np.testing.assert_array_equal(found, model.predict(frame.head(3).assign(kind=None)))


@pytest.mark.parametrize(
    ("loss", "score"), [("poisson", "mean Poisson deviance"), ("gamma", "mean gamma deviance")]
)
def test_losses_with_a_log_link(engine, loss, score):
    mean = np.exp(0.5 * Y)
    y = RNG.poisson(mean) if loss == "poisson" else RNG.gamma(5.0, mean / 5)
    model = BoostingRegressor(KNOBS, engine=engine, loss=loss, **QUICK).fit(X, y)
    assert model.cv_.score_name == score
    assert (model.predict(X) > 0).all()
    assert np.corrcoef(model.predict(X), mean)[0, 1] > 0.8
    if loss == "poisson":
        held = mean_poisson_deviance(y, model.predict(X))
        assert model.path_.training_loss[-1] == pytest.approx(held)


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")
def test_quantiles(engine):
    few = {"engine": engine, "rounds": 20, "cv": 2, "n_jobs": 1}
    knobs = KNOBS.with_(learning_rate=0.5)
    model = BoostingRegressor(knobs, loss=rf.Quantile(0.9), **few).fit(X, Y)
    assert 0.8 < np.mean(model.predict(X) >= Y) < 1
    assert model.cv_.score_name == "mean pinball loss"
    median = BoostingRegressor(knobs, loss="absolute", **few).fit(X, Y)
    assert median.score(X, Y) > 0.7


def test_monotone_columns_stay_monotone(engine):
    model = BoostingRegressor(
        KNOBS.with_(rounds=30), engine=engine, monotone={1: -1, 0: 1}, select=None, n_jobs=1
    ).fit(X, Y)
    rows = np.repeat(X[:20], 30, axis=0)
    rows[:, 1] = np.tile(np.linspace(-2, 2, 30), 20)
    falling = np.diff(model.predict(rows).reshape(20, 30), axis=1)
    assert falling.max() <= 1e-6
    rows = np.repeat(X[:20], 30, axis=0)
    rows[:, 0] = np.tile(np.linspace(-2, 2, 30), 20)
    rising = np.diff(model.predict(rows).reshape(20, 30), axis=1)
    assert rising.min() >= -1e-6
    assert rising.max() > 0.5


def test_no_interactions_is_an_additive_model(engine):
    y = Y + 3 * X[:, 2] * X[:, 3]
    how = {"engine": engine, "select": None, "n_jobs": 1}
    corners = np.array([[0.1, 0.2, a, b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)])

    def interaction(interactions):
        model = BoostingRegressor(KNOBS.with_(rounds=40), interactions=interactions, **how).fit(X, y)
        low_low, low_high, high_low, high_high = model.predict(corners)
        return abs(low_low - low_high - high_low + high_high)

    assert interaction([]) < 1e-5
    assert interaction([[0, 1]]) < 1e-5
    assert interaction([[2, 3]]) > 3
    assert interaction(None) > 3


# --- weights


def test_rows_of_weight_zero_do_not_count(engine):
    junk = np.vstack([X, RNG.normal(size=(30, 4))])
    y = np.concatenate([Y, np.full(30, 50.0)])
    weights = np.concatenate([np.ones(N), np.zeros(30)])
    how = {"engine": engine, "select": None, "n_jobs": 1}
    left_out = BoostingRegressor(KNOBS.with_(rounds=20), **how).fit(junk, y, sample_weight=weights)
    without = BoostingRegressor(KNOBS.with_(rounds=20), **how).fit(X, Y)
    # bins of LightGBM and cuts of XGBoost are found on all rows, so that folds can share them
    assert np.mean((left_out.predict(X) - without.predict(X)) ** 2) < 0.02 * Y.var()


def test_class_weights_are_weights_of_rows():
    how = {"engine": "sklearn", **QUICK}
    weights = np.where(Y > 2, 5.0, 1.0)
    by_class = BoostingClassifier(KNOBS, class_weight={True: 5.0}, **how).fit(X, Y > 2)
    by_row = BoostingClassifier(KNOBS, **how).fit(X, Y > 2, sample_weight=weights)
    np.testing.assert_array_equal(by_class.predict_proba(X), by_row.predict_proba(X))
    np.testing.assert_array_equal(by_class.cv_.folds, by_row.cv_.folds)
    balanced = BoostingClassifier(KNOBS, class_weight="balanced", **how).fit(X, Y > 2)
    plain = BoostingClassifier(KNOBS, **how).fit(X, Y > 2)
    assert balanced.predict(X).sum() > plain.predict(X).sum()
    with pytest.raises(rf.InputError, match="names 'rare', which is no label"):
        BoostingClassifier(class_weight={"rare": 2}).fit(X, Y > 2)
    with pytest.raises(rf.InputError, match="must be None, 'balanced' or a dict"):
        BoostingClassifier(class_weight="heavy").fit(X, Y > 2)


def test_a_class_that_a_fold_has_not(engine):
    codes = CODES.copy()
    codes[:2] = 7  # two members, both held out in one fold
    folds = [(np.arange(2, N), np.arange(2)), (np.arange(N // 2), np.arange(N // 2, N))]
    model = BoostingClassifier(KNOBS, engine=engine, cv=folds, **QUICK).fit(X, codes)
    assert model.predict_proba(X).shape == (N, 4)
    assert model.cv_.folds[0, 0] > 5  # it could not know


# --- scores, path and pictures


def test_other_scores():
    model = BoostingClassifier(KNOBS, engine="sklearn", scoring="roc_auc", **QUICK).fit(X, Y > 1)
    assert model.cv_.greater_is_better
    assert model.cv_.score_name == "roc_auc"
    assert model.rounds_ == model.cv_.mean.argmax() + 1
    again = BoostingRegressor(KNOBS, engine="sklearn", scoring="neg_mean_squared_error", **QUICK).fit(X, Y)
    plain = BoostingRegressor(KNOBS, engine="sklearn", **QUICK).fit(X, Y)
    np.testing.assert_allclose(-again.cv_.folds, plain.cv_.folds)
    with pytest.raises(rf.InputError, match="is not a scikit-learn scorer"):
        BoostingRegressor(scoring="r3").fit(X, Y)
    with pytest.raises(rf.InputError, match="failed on held-out predictions"):
        BoostingRegressor(KNOBS, engine="sklearn", scoring="roc_auc", **QUICK).fit(X, Y)


def test_weights_go_into_the_held_out_score():
    weights = RNG.uniform(0.1, 3, N)
    model = BoostingRegressor(KNOBS, engine="sklearn", **QUICK).fit(X, Y, sample_weight=weights)
    train, test = make_folds(5, N)[1]
    alone = BoostingRegressor(KNOBS.with_(rounds=4), engine="sklearn", select=None, n_jobs=1)
    said = alone.fit(X[train], Y[train], sample_weight=weights[train]).predict(X[test])
    expected = np.average((Y[test] - said) ** 2, weights=weights[test])
    assert model.cv_.folds[3, 1] == pytest.approx(expected)


def test_the_path_holds_every_number_of_rounds(engine):
    model = BoostingClassifier(KNOBS, engine=engine, **QUICK).fit(X, LABELS)
    path = model.path_
    assert path.rounds.tolist() == list(range(1, model.rounds_ + 1))
    several = path.predict_proba(X, [1, model.rounds_])
    np.testing.assert_array_equal(several[1], model.predict_proba(X))
    np.testing.assert_array_equal(path.predict(X), model.predict(X))
    short = BoostingClassifier(KNOBS.with_(rounds=3), engine=engine, select=None, n_jobs=1).fit(X, LABELS)
    np.testing.assert_allclose(path.predict_proba(X, 3), short.predict_proba(X), rtol=1e-6)
    losses = [log_loss(LABELS, path.predict_proba(X, r)) for r in (1, 3)]
    np.testing.assert_allclose(path.training_loss[[0, 2]], losses, rtol=1e-5)
    for wrong in (0, model.rounds_ + 1, True, 1.5):
        with pytest.raises(rf.InputError, match="is none of this model's"):
            path.predict(X, wrong)
    with pytest.raises(rf.UnsupportedError, match="Only a classifier"):
        BoostingRegressor(KNOBS.with_(rounds=2), engine=engine, select=None, n_jobs=1).fit(
            X, Y
        ).path_.predict_proba(X)


def test_the_honest_score_refits_everything():
    model = BoostingRegressor(KNOBS, engine="sklearn", select="1se", cv=2, rounds=8, n_jobs=1)
    with pytest.warns(rf.GridEdgeWarning):
        score = rf.honest_score(model, X, Y, cv=3, random_state=0)
    assert score.score_name == "mean squared error"
    low, high = score.interval(0.9)
    assert 0 < low < score.mean < high < Y.var()
    sorter = BoostingClassifier(KNOBS.with_(rounds=4), engine="sklearn", select=None, n_jobs=1)
    said = rf.honest_score(sorter, X, LABELS, cv=3, random_state=0)
    assert said.score_name == "mean log-loss"
    assert 0 < said.mean < np.log(3)


# --- the same again


def test_the_same_call_gives_the_same_model(engine):
    knobs = KNOBS.with_(column_sampling=0.5)
    one, two, other = (
        BoostingRegressor(knobs, engine=engine, random_state=seed, **QUICK).fit(X, Y) for seed in (None, 0, 1)
    )
    np.testing.assert_array_equal(one.cv_.folds, two.cv_.folds)
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    assert not np.array_equal(one.cv_.folds, other.cv_.folds)


def test_pickles_and_clones(engine):
    model = BoostingClassifier(KNOBS, engine=engine, **QUICK).fit(table(), LABELS)
    same = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(same.predict_proba(table()), model.predict_proba(table()))
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        clone(model).predict(table())


# --- bad input


def test_leaves_that_no_split_can_fill(engine):
    with pytest.raises(
        rf.InputError, match=r"min_rows=100 leaves no split possible: there are 192 rows.*up to 96"
    ):
        BoostingRegressor(KNOBS.with_(min_rows=100), engine=engine, **QUICK).fit(X, Y)
    if engine != "xgboost":
        with pytest.raises(rf.InputError, match="own min_rows of 20 leaves no split possible"):
            BoostingRegressor(Regularisation(learning_rate=0.1), engine=engine, **QUICK).fit(X[:40], Y[:40])


def test_a_silent_constant_of_xgboost_is_refused():
    pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    rare = (
        np.arange(80) == 0
    )  # the curvature of a row is 1/80 * 79/80, and XGBoost's own min_child_weight is 1
    with pytest.raises(
        rf.InputError, match=r"XGBoost's own min_rows of 81 leaves no split possible.*min_rows=8"
    ):
        BoostingClassifier(Regularisation(rounds=5), engine="xgboost", select=None).fit(X[:80], rare)


def test_knobs_that_an_engine_has_not():
    with pytest.raises(
        rf.UnsupportedError, match=r"has no row_sampling\. Engines that have it: lightgbm, xgboost"
    ):
        BoostingRegressor(KNOBS.with_(row_sampling=0.5), engine="sklearn").fit(X, Y)
    with pytest.raises(rf.UnsupportedError, match="has no split_toll"):
        BoostingRegressor(KNOBS.with_(split_toll=0.5), engine="sklearn").fit(X, Y)


@pytest.mark.parametrize("loss", ["absolute", "quantile"])
def test_leaf_penalties_that_would_do_nothing(loss):
    with pytest.raises(rf.UnsupportedError, match=r"leaf_l2 pulls at the values of leaves"):
        BoostingRegressor(KNOBS.with_(leaf_l2=1.0), engine="sklearn", loss=loss).fit(X, Y)
    with pytest.raises(rf.UnsupportedError, match=r"monotone is not supported with loss="):
        BoostingRegressor(KNOBS, engine="sklearn", loss=loss, monotone={0: 1}).fit(X, Y)


@pytest.mark.parametrize("missing", ["lightgbm", "xgboost"])
def test_an_engine_that_is_not_installed(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    line = rf"needs {missing}; install it with: pip install 'regularfit\[trees\]'"
    with pytest.raises(ModuleNotFoundError, match=line):
        BoostingRegressor(engine=missing).fit(X, Y)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"engine": "catboost"}, "engine='catboost' is not known"),
        ({"loss": "hinge"}, "loss='hinge' is not known"),
        ({"loss": rf.Huber(1.0)}, "is none that the engines fit"),
        ({"select": "aic"}, "select='aic' is not known"),
        ({"rounds": 0}, "rounds must be a whole number >= 1"),
        ({"patience": 1.5}, "patience must be a whole number >= 1 or None"),
        ({"tune": 0}, "tune must be a whole number"),
        ({"regularisation": {"leaf_l2": 1}}, "must be a Regularisation or None"),
        ({"monotone": {"colour": 1}}, "names 'colour', which is no column"),
        ({"monotone": {9: 1}}, "columns run from 0 to 3"),
        ({"monotone": [1, 0]}, "has 2 entries, but X has 4 columns"),
        ({"monotone": {0: 2}}, "must be 1 \\(rising\\)"),
        ({"monotone": "rising"}, "must be a mapping"),
        ({"interactions": ["ab"]}, "list of lists of columns"),
        ({"interactions": 3}, "list of lists of columns"),
        ({"interactions": [[0, 7]]}, "columns run from 0 to 3"),
    ],
)
def test_parameters_that_cannot_be_used(how, message):
    with pytest.raises(rf.InputError, match=message):
        BoostingRegressor(**{"engine": "sklearn"} | how).fit(X, Y)


@pytest.mark.parametrize(
    ("y", "how", "message"),
    [
        (np.where(np.arange(N) == 3, np.nan, Y), {}, "NaN"),
        (np.full(N, 2.0), {}, "one value only"),
        (np.column_stack([Y, Y + X[:, 0]]), {}, "2 columns"),
        (Y, {"loss": "poisson"}, "targets >= 0"),
        (np.abs(Y) * (np.arange(N) > 0), {"loss": "gamma"}, "targets > 0; row 0 has 0"),
    ],
)
def test_targets_that_cannot_be_used(y, how, message):
    with pytest.raises(rf.InputError, match=message):
        BoostingRegressor(engine="sklearn", **how).fit(X, y)


def test_one_class():
    with pytest.raises(rf.InputError, match="one class"):
        BoostingClassifier(engine="sklearn").fit(X, np.zeros(N))
    with pytest.raises(rf.InputError, match="sample_weight is 0 on every row of class"):
        BoostingClassifier(engine="sklearn").fit(X, Y > 1, sample_weight=(Y > 1).astype(float))


def test_categories_have_no_order():
    with pytest.raises(rf.InputError, match="holds categories, which have no order"):
        BoostingRegressor(KNOBS, engine="sklearn", monotone={"kind": 1}).fit(table(), Y)
    with pytest.raises(rf.UnsupportedError, match="several classes"):
        BoostingClassifier(KNOBS, engine="sklearn", monotone={0: 1}).fit(X, LABELS)


def test_other_columns_and_sparse_tables():
    import scipy.sparse as sp

    model = BoostingRegressor(KNOBS.with_(rounds=3), engine="sklearn", select=None, n_jobs=1).fit(table(), Y)
    with pytest.raises(rf.InputError, match="feature names should match"):
        model.predict(table().rename(columns={"kind": "sort"}))
    with pytest.raises(rf.UnsupportedError, match="sparse input is not supported"):
        model.fit(sp.csr_matrix(X), Y)


def test_predictions_that_run_away_are_named():
    folds = KFold(2, shuffle=True, random_state=0)
    with pytest.raises(rf.FitError, match="after 1 rounds: the model runs away"):
        BoostingRegressor(KNOBS, engine="sklearn", cv=folds, scoring=lambda *_: np.nan, **QUICK).fit(X, Y)


# --- Ctrl-C


def interrupted_at(calls):
    """A score that behaves as Ctrl-C does after some calls."""
    count = [0]

    def scoring(estimator, X, y):
        count[0] += 1
        if count[0] == calls:
            raise KeyboardInterrupt
        return -np.mean((y - estimator.predict(X)) ** 2)

    return scoring


def test_ctrl_c_keeps_the_curve_and_the_model_of_before():
    model = BoostingRegressor(KNOBS, engine="sklearn", cv=2, **QUICK).fit(X, Y)
    before, rounds = model.predict(X), model.rounds_
    model.set_params(scoring=interrupted_at(8))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:, :2], -Y)
    assert model.partial_cv_.folds.shape == (3, 2)  # the fourth round was not finished in all folds
    assert (model.rounds_, model.n_features_in_) == (rounds, 4)
    np.testing.assert_array_equal(model.predict(X), before)
    fresh = BoostingRegressor(KNOBS, engine="sklearn", cv=2, scoring=interrupted_at(1), **QUICK)
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(X, Y)
    assert not hasattr(fresh, "partial_cv_")
    with pytest.raises(NotFittedError):
        fresh.predict(X)
    model.set_params(scoring=None).fit(X, Y)
    assert not hasattr(model, "partial_cv_")


def test_progress_is_told(capsys, monkeypatch):
    from regularfit.trees.boosting import choice

    clock = iter(np.arange(0, 1000, 1.0))
    monkeypatch.setattr(choice.time, "monotonic", lambda: next(clock))
    BoostingRegressor(KNOBS, engine="sklearn", verbose=True, **QUICK).fit(X, Y)
    assert "round 2: mean squared error" in capsys.readouterr().err
