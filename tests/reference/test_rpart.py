"""Pruning against R's rpart: the same trees at the same complexity; make_tree_fixtures.R makes the answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regularfit.trees import PrunedTreeRegressor, Regularisation
from tests.reference.translate import _data

FIXTURES = Path(__file__).parent / "tree_fixtures"


class Case:
    def __init__(self, name):
        self.answers = json.loads((FIXTURES / f"{name}.json").read_text())
        self.X, self.y = _data(self.answers["data"], self.answers["positive"], None)

    def fitted(self, X=None, **settings):
        restraints = Regularisation(min_rows=self.answers["minbucket"])
        return PrunedTreeRegressor(restraints, **settings).fit(self.X if X is None else X, self.y)

    @property
    def folds(self):
        number = np.arange(len(self.y)) % self.answers["folds"]
        return [
            (np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(self.answers["folds"])
        ]


@pytest.fixture(params=sorted(f.stem for f in FIXTURES.glob("*.json")))
def case(request):
    return Case(request.param)


def test_the_sequence_of_pruned_trees(case):
    path = case.fitted(ccp_alpha=0).path_
    cp = np.array(case.answers["cp"])
    assert path.leaves.tolist() == [count + 1 for count in case.answers["nsplit"]]
    np.testing.assert_allclose(path.alphas / case.answers["root"], cp, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(path.risks / path.risks[0], case.answers["rel_error"], rtol=1e-9)


def test_the_tree_at_a_complexity(case):
    for tree in case.answers["pruned"]:
        model = case.fitted(ccp_alpha=tree["cp"] * case.answers["root"])
        assert model.leaves_ == tree["leaves"]
        np.testing.assert_allclose(model.predict(case.X[::5]), tree["predicted"], rtol=1e-9, atol=1e-12)
        if case.answers["positive"] is None:  # else columns cut the same rows, and either may be taken
            nodes = model._nodes()
            thresholds = np.sort(nodes.threshold[nodes.left >= 0])
            np.testing.assert_allclose(thresholds, np.sort(tree["thresholds"]), rtol=1e-6)  # ours cut float32


@pytest.mark.parametrize("name", ["diabetes", "concrete"])
def test_the_cross_validated_error(name):
    case = Case(name)
    bent = np.log(case.X - case.X.min(axis=0) + 1.234)
    cv = case.fitted(bent, cv=case.folds).cv_
    np.testing.assert_allclose(cv.mean / case.answers["root"], case.answers["xerror_bent"], rtol=1e-9)
