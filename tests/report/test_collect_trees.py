from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import regularfit as rf
from regularfit.report.collect import collect
from regularfit.report.collect_trees import TreeResult, add_trees
from regularfit.report.data import ReportData
from regularfit.report.findings import candidates, verdict
from regularfit.report.findings_trees import trees
from regularfit.report.render import render
from regularfit.selection import CVResult
from tests.report.builder import diabetes


@pytest.fixture(scope="module")
def linear():
    X, y = load_diabetes(return_X_y=True, scaled=False)
    model = rf.PenalizedRegressor([rf.L2(), rf.L1()], cv=5, strengths=30).fit(X, y)
    given = diabetes()
    return model, collect(model, X, y, table=given.table, target=given.target, run=given.run)


def boosting(model, shift, length=400) -> TreeResult:
    """A curve along rounds whose lowest error is that of the best linear candidate and ``shift``."""
    cv = model.cv_
    valley = np.log(np.arange(1, length + 1) / 100)[:, None] ** 2
    folds = cv.folds[cv.index_min] + shift + 200 * valley
    found = CVResult(1.0 / np.arange(1, length + 1), folds, cv.weights)
    return TreeResult(
        "Boosting",
        "100 rounds",
        found,
        "rounds",
        np.arange(1.0, length + 1),
        99,
        1000.0,
        9,
        "lowest held-out error",
    )


@pytest.mark.parametrize("shift", [-500.0, 500.0])
def test_every_difference_is_to_the_best_of_all(linear, shift):
    model, facts = linear
    data = add_trees(facts, model, [boosting(model, shift)])
    assert data.trees.winner == (0 if shift < 0 else None)
    (tree,) = data.trees.candidates
    best = data.candidates[data.chosen.candidate]
    assert tree.difference == pytest.approx(max(shift, 0))
    assert best.difference == pytest.approx(max(-shift, 0))
    assert tree.difference_se == pytest.approx(0, abs=1e-9)
    if shift > 0:
        assert data.candidates == facts.candidates
    assert ReportData.from_json(data.to_json()) == data


def test_a_long_curve_is_thinned_and_keeps_both_choices(linear):
    model, facts = linear
    result = boosting(model, 0.0, 2000)
    curve = add_trees(facts, model, [result]).trees.candidates[0].curve
    assert len(curve.values) < 170
    assert (curve.values[0], curve.values[-1]) == (1, 2000)
    assert curve.values[curve.best] == result.values[result.cv.index_min] == 100
    assert curve.values[curve.one_se] == result.values[result.cv.index_1se]
    assert curve.mean[curve.best] == min(curve.mean)


def forest(model, whole=3000.0) -> TreeResult:
    """Trees kept along eight strengths, some of them the same number; the lowest error is at five trees."""
    cv = model.cv_
    above = np.array([9000.0, 800, 900, 300, 0, 10, 20, 30])[:, None]
    found = CVResult(np.geomspace(1, 0.1, 8), cv.folds[cv.index_min] + above, cv.weights)
    kept = np.array([0.0, 2, 2, 4, 5, 5, 9, 7])
    return TreeResult(
        "Sparse forest", "5 of 100 trees", found, "trees", kept, 4, 100.0, 3, "lowest", one_se=3, whole=whole
    )


def test_a_curve_over_trees_kept_has_one_point_a_number(linear):
    model, facts = linear
    result = forest(model)
    curve = add_trees(facts, model, [result]).trees.candidates[0].curve
    assert curve.values == (2, 4, 5, 7, 9)
    assert curve.mean == tuple(result.cv.mean[[1, 3, 4, 7, 6]])
    assert (curve.best, curve.one_se) == (2, 1)
    assert curve.whole == 3000.0
    none = replace(result, one_se=0)  # no tree at all is chosen
    curve = add_trees(facts, model, [none]).trees.candidates[0].curve
    assert curve.values[0] == 0
    assert curve.one_se == 0
    same = replace(result, one_se=5)  # as many trees as the best
    curve = add_trees(facts, model, [same]).trees.candidates[0].curve
    assert curve.best == curve.one_se == 2


def test_trees_kept_on_the_page(linear):
    model, facts = linear
    data = add_trees(facts, model, [forest(model), replace(forest(model), name="Other", one_se=0)])
    assert ReportData.from_json(data.to_json()) == data
    page = render(data)
    assert "trees kept, more to the right" in page
    assert "Dotted: the whole forest" in page
    remarks = " ".join(trees(data, data.trees).remarks)
    assert "at 5 trees; at 4 trees it is higher" in remarks
    assert "at no tree at all it is higher" in remarks
    assert "the whole forest has 3,000" in remarks


def test_equal_errors_go_to_the_linear_candidate(linear):
    model, facts = linear
    assert add_trees(facts, model, [boosting(model, 0.0)]).trees.winner is None


def test_sentences_and_page(linear):
    model, facts = linear
    won = add_trees(facts, model, [boosting(model, -500.0)])
    assert verdict(won).sentence.startswith("Boosting, with 9 of 10 columns, removes")
    assert "clearly behind" in trees(won, won.trees).sentence
    assert candidates(won).sentence.startswith("Boosting is clearly better than all 2 others")
    page = render(won)
    assert "which did not win" in page
    assert "100 rounds" in page
    lost = add_trees(facts, model, [boosting(model, 500.0)])
    assert trees(lost, lost.trees).sentence.startswith("No model of trees beats")
    page = render(lost)
    assert "which did not win" not in page
    assert 'href="#trees"' in page
    assert 'href="#trees"' not in render(replace(lost, trees=None))
