"""Rule models: rules hold where their trees' nodes are, supports are means, and what users may hand in."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

import regularfit as rf
from regularfit.errors import GridEdgeWarning, InputError, UnsupportedError
from regularfit.trees import RuleFitClassifier, RuleFitRegressor, read_trees
from regularfit.trees.rules.harvest import distinct, rules_of
from regularfit.trees.rules.linear_terms import LinearTerms, weighted_quantile
from regularfit.trees.rules.rule import Condition, Rule
from tests.trees.structure.data import table, three_classes

X, Y = table(150)
QUICK = {"rules": 40, "cv": 2, "strengths": 20, "n_jobs": 1}
FOR_CHECKS = {"rules": 12, "strengths": 6, "n_jobs": 1}
DRAWS = {
    "check_sample_weight_equivalence_on_dense_data": "draws of n rows and of repeated rows are different draws"
}


@parametrize_with_checks(
    [
        RuleFitRegressor(cv=KFold(2, shuffle=True, random_state=0), **FOR_CHECKS),
        RuleFitClassifier(cv=StratifiedKFold(2, shuffle=True, random_state=0), **FOR_CHECKS),
    ],
    expected_failed_checks=lambda _: DRAWS,
)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


# --- rules


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_rules_hold_where_rows_pass_the_node(seed):
    rows, y = table(80, seed=seed)
    (tree,) = read_trees(DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(rows, y))
    rules = rules_of([tree], [None] * 4)
    new, _ = table(60, seed=seed + 1)
    passed = tree.decision_path(new).toarray() > 0
    nodes = np.concatenate(tree.levels)[1:]
    assert len(rules) == len(nodes)
    for rule, node in zip(rules, nodes, strict=True):
        assert (rule.holds(new) == passed[:, node]).all()
        assert len(set(rule.columns)) == len(rule)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.booleans(), st.integers(-3, 3), st.booleans()), min_size=1, max_size=6
    )
)
def test_merged_conditions_hold_where_all_of_them_hold(asked):
    conditions = [
        Condition(j, lower=float(at), missing=m) if above else Condition(j, upper=float(at), missing=m)
        for j, above, at, m in asked
    ]
    rows = np.random.default_rng(0).integers(-4, 5, (200, 3)).astype(float)
    rows[::11] = np.nan
    expected = np.all([c.holds(rows[:, c.column]) for c in conditions], axis=0)
    assert (Rule.of(conditions).holds(rows) == expected).all()


def test_distinct_rules_are_short_and_differ():
    rows = np.arange(10.0)[:, None] * np.ones(2)
    short, long = (
        Rule.of([Condition(0, upper=4.5)]),
        Rule.of([Condition(0, upper=4.5), Condition(1, upper=6.0)]),
    )
    opposite, never = Rule.of([Condition(0, lower=4.5)]), Rule.of([Condition(0, upper=-1.0)])
    assert distinct([long, opposite, short, never], rows) == [opposite]
    assert distinct([long, short], rows) == [short]


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_supports_are_weighted_means_of_rules(seed, weighted):
    weights = np.random.default_rng(seed).uniform(0, 2, len(Y)) if weighted else None
    model = RuleFitRegressor(random_state=seed, **QUICK).fit(X, Y, sample_weight=weights)
    matrix = model.columns_.encode(X)
    means = [np.average(rule.holds(matrix), weights=weights) for rule in model._terms.rules]
    np.testing.assert_allclose(model.support_, means)
    assert ((model.support_ > 0) & (model.support_ < 1)).all()


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
def test_predictions_are_the_sum_of_the_table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=150), "b": rng.normal(size=150)})
    y = 2.0 * (frame["a"] > 0.3) + frame["b"]
    model = RuleFitRegressor(winsorise=0.0, **QUICK).fit(frame, y)
    shown = model.rules_
    total = np.full(150, float(model.intercept_))
    for _, row in shown.iterrows():
        if row["kind"] == "linear":
            total += row["coefficient"] * (frame[row["term"]] - frame[row["term"]].mean())
    matrix = model.columns_.encode(frame)
    names = model._wording().terms(model._terms)
    for _, row in shown[shown["kind"] == "rule"].iterrows():
        total += row["coefficient"] * model._terms.rules[names.index(row["term"])].holds(matrix)
    np.testing.assert_allclose(model.predict(frame), total, rtol=1e-9, atol=1e-9)


def test_at_the_top_of_the_grid_the_mean_is_predicted():
    top = RuleFitRegressor(**QUICK).fit(X, Y).path_.strengths[0]
    model = RuleFitRegressor(**QUICK | {"strength": 1.01 * top}).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), Y.mean())
    assert len(model.rules_) == 0
    assert model.cv_ is None
    assert not model.feature_importances_.any()


def test_linear_terms_are_cut_off_and_scaled():
    x = np.append(np.arange(99.0), 1e6)[:, None]
    terms = LinearTerms.learn(x, None, 0.025)
    values = terms.of(x, np.arange(1))[:, 0]
    np.testing.assert_allclose([values.mean(), values.std()], [0, 0.4], atol=1e-12)
    assert values[-1] == values[-3]
    assert terms.of(np.array([[np.nan]]), np.arange(1)) == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), min_size=1, max_size=10), st.floats(0, 1))
def test_weighted_quantiles_equal_those_of_repeated_values(pairs, share):
    values, counts = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    repeated = np.repeat(values, counts.astype(int))
    (found,) = weighted_quantile(values, counts, (share,))
    (expected,) = weighted_quantile(repeated, np.ones(len(repeated)), (share,))
    assert found == expected


def test_the_path_is_that_of_the_linear_engine_on_the_terms():
    model = RuleFitRegressor(**QUICK).fit(X, Y)
    Z = model._terms.of(model.columns_.encode(X))
    path = rf.fit_path(Z, Y, strengths=model.path_.strengths, standardize=False, tol=1e-9, n_jobs=1)
    fitted, expected = (Z @ p.coefs.T + p.intercepts for p in (model.path_, path))
    np.testing.assert_allclose(fitted, expected, atol=0.02 * Y.std())


def test_rules_are_chosen_by_rules_grown_without_the_fold():
    folds = [(np.arange(75), np.arange(75, 150)), (np.arange(75, 150), np.arange(75))]
    whole = RuleFitRegressor(**QUICK | {"cv": folds}).fit(X, Y)
    train, test = folds[0]
    half = RuleFitRegressor(**QUICK | {"strengths": whole.path_.strengths}).fit(X[train], Y[train])
    Z = half._terms.of(half.columns_.encode(X[test]))
    predicted = Z @ half.path_.coefs.T + half.path_.intercepts
    np.testing.assert_allclose(whole.cv_.folds[:, 0], np.mean((predicted - Y[test][:, None]) ** 2, axis=0))


def test_rules_find_what_a_line_cannot():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 3))
    y = 3.0 * ((rows[:, 0] > 0) & (rows[:, 1] > 0)) + 0.2 * rng.normal(size=300)
    train, test = slice(0, 200), slice(200, 300)
    model = RuleFitRegressor(rules=100, cv=3, n_jobs=1).fit(rows[train], y[train])
    line = LinearRegression().fit(rows[train], y[train])
    assert 1 - model.score(rows[test], y[test]) < 0.25 * (1 - line.score(rows[test], y[test]))
    assert model.feature_importances_[:2].sum() > 0.9
    local = model.local_importances(rows[test])
    assert local.shape == (100, 3)
    assert (local >= 0).all()


# --- words


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
def test_rules_in_words():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"size": rng.uniform(0, 10, 200), "colour": rng.choice(["red", "blue", "green"], 200)}
    )
    frame.loc[::9, "size"] = np.nan
    y = 3.0 * ((frame["size"] > 5) & (frame["colour"] == "red"))
    model = RuleFitRegressor(rules=60, cv=2, n_jobs=1).fit(frame, y)
    first = model.rules_["term"][0]
    assert "size > " in first
    assert "colour is red" in first
    assert "not" not in first
    assert "% of the rows" in model.explain(3)
    assert list(model.rules_.columns) == ["term", "kind", "coefficient", "support", "importance"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition(0, upper=2.0), "x <= 2"),
        (Condition(0, lower=2.0, missing=True), "x > 2 or missing"),
        (Condition(0, lower=1.0, upper=2.0), "1 < x <= 2"),
        (Condition(0), "x is not missing"),
        (Condition(0, lower=np.inf, missing=True), "x is missing"),
    ],
)
def test_conditions_in_words(condition, words):
    assert condition.says("x", None, True) == words


def test_a_category_that_is_one_level_is_not_said_not_to_be_another():
    rules = rules_of(
        read_trees(DecisionTreeRegressor(random_state=0).fit(np.eye(3), [0.0, 1.0, 5.0])), [0, 0, 0]
    )
    words = {
        " and ".join(c.says("", ("colour", "rgb"[c.column]), False) for c in rule.conditions)
        for rule in rules
    }
    assert all(text.count("colour is") == 1 or "colour is not" in text for text in words)
    assert not any("is not" in text and any(f"is {level}" in text for level in "rgb") for text in words)


# --- classes


@pytest.mark.parametrize("count", [2, 3])
def test_probabilities(count):
    labels = three_classes(Y) if count == 3 else np.where(np.median(Y) < Y, "yes", "no")
    model = RuleFitClassifier(**QUICK).fit(X, labels)
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (model.predict(X) == model.classes_[shares.argmax(axis=1)]).all()
    assert model.score(X, labels) > 0.6
    assert len(model.explain(2).splitlines()) >= 2
    amounts = [name for name in model.rules_ if name.startswith("coefficient")]
    assert len(amounts) == (1 if count == 2 else 3)


# --- engines, data


@pytest.mark.parametrize(
    "generator",
    ["forest", GradientBoostingRegressor(n_estimators=8), RandomForestRegressor(5, max_leaf_nodes=4)],
)
def test_rules_of_other_engines(generator):
    rows = np.nan_to_num(X)
    model = RuleFitRegressor(generator, **QUICK).fit(rows, Y)
    assert model.score(rows, Y) > 0.2
    assert len(model.support_) <= 40


def test_rules_of_lightgbm():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    engine = lightgbm.LGBMRegressor(n_estimators=8, num_leaves=4, n_jobs=1, verbose=-1)
    assert RuleFitRegressor(engine, **QUICK).fit(X, Y).score(X, Y) > 0.2


def test_weights_groups_and_relaxed_fits():
    weights = np.where(np.arange(len(Y)) % 3 == 0, 0.0, 2.0)
    model = RuleFitRegressor(relax=True, **QUICK).fit(X, Y, sample_weight=weights)
    np.testing.assert_allclose(model.cv_.weights.sum(), weights.sum())
    assert 0 <= model.gamma_ <= 1
    grouped = RuleFitRegressor(**QUICK | {"cv": 3}).fit(X, Y, groups=np.arange(len(Y)) // 50)
    assert sorted(grouped.cv_.weights) == [50, 50, 50]


@pytest.mark.parametrize("classifier", [False, True])
def test_a_file_gives_the_same_predictions(tmp_path, classifier):
    model = (RuleFitClassifier if classifier else RuleFitRegressor)(**QUICK)
    model.fit(X, three_classes(Y) if classifier else Y)
    model.save(tmp_path / "m.rfit")
    again = rf.load(tmp_path / "m.rfit")
    assert (again.predict(X) == model.predict(X)).all()
    if classifier:
        assert (again.predict_proba(X) == model.predict_proba(X)).all()
    pd.testing.assert_frame_equal(again.rules_, model.rules_)
    assert again.explain() == model.explain()


def test_the_curve_is_drawn():
    import matplotlib.pyplot as plt

    assert "strength" in RuleFitRegressor(**QUICK).fit(X, Y).plot_cv().ax_.get_xlabel()
    plt.close("all")
    with pytest.raises(InputError, match="not cross-validated"):
        RuleFitRegressor(strength=1.0, **QUICK).fit(X, Y).plot_cv()


# --- errors


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"generator": "gbm"}, "generator"),
        ({"generator": LinearRegression()}, "no model of trees"),
        ({"generator": 3}, "unfitted model of trees"),
        ({"penalty": rf.L2()}, "nothing would be left out"),
        ({"rules": 0}, "rules must be"),
        ({"leaves": 1}, "leaves must be"),
        ({"winsorise": 0.5}, "winsorise"),
        ({"strength": -1.0}, "strength"),
        ({"select": "best"}, "select"),
    ],
)
def test_settings_that_cannot_be_used(how, message):
    with pytest.raises((InputError, UnsupportedError), match=message):
        RuleFitRegressor(**QUICK | how).fit(X, Y)


def test_a_choice_at_the_edge_of_the_grid_is_told_in_the_words_of_the_linear_side():
    top = RuleFitRegressor(**QUICK).fit(X, Y).path_.strengths[0]
    with pytest.warns(
        GridEdgeWarning, match="The best strength is the smallest of the grid .* still improving"
    ) as told:
        RuleFitRegressor(**QUICK | {"strengths": [top, 0.9 * top]}).fit(X, Y)
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", GridEdgeWarning)
        RuleFitRegressor(strength=0.9 * top, relax=True, **QUICK).fit(X, Y)  # the user's own choice


@pytest.mark.filterwarnings("ignore:The model file could not hold these parameters")
def test_linear_terms_may_be_all_there_is(tmp_path):
    model = RuleFitRegressor(DecisionTreeRegressor(min_samples_leaf=80), **QUICK).fit(X, Y)
    assert model.support_.shape == (0,)
    assert set(model.rules_["kind"]) == {"linear"}
    model.save(tmp_path / "rules.rfit")
    np.testing.assert_array_equal(rf.load(tmp_path / "rules.rfit").predict(X), model.predict(X))


def test_data_that_cannot_be_used():
    with pytest.raises(InputError, match="NaN"):
        RuleFitRegressor(**QUICK).fit(X, np.where(np.arange(len(Y)) == 3, np.nan, Y))
    with pytest.raises(InputError, match="one class"):
        RuleFitClassifier(**QUICK).fit(X, np.ones(len(Y)))
    with pytest.raises(InputError, match="no column splits"):
        RuleFitRegressor(**QUICK).fit(np.ones((20, 2)), np.arange(20.0))


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
def test_a_class_that_a_fold_has_not_seen_has_no_probability_there():
    labels = np.repeat(["a", "b", "c"], 50)
    folds = [(np.arange(100), np.arange(100, 150)), (np.arange(150)[1::2], np.arange(150)[::2])]
    model = RuleFitClassifier(**QUICK | {"cv": folds}).fit(X, labels)
    np.testing.assert_allclose(model.cv_.folds[:, 0], -np.log(np.finfo(float).eps), rtol=0.01)
