from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_array

from regularfit.lockstep import Path
from regularfit.losses import Squared
from regularfit.penalties import L1, L2
from regularfit.report.compete import candidate_facts, selected, simplest
from regularfit.report.data import Choice
from regularfit.selection import CVResult

STRENGTHS = np.array([4.0, 2.0, 1.0])


def path(coefs):
    coefs = np.asarray(coefs, float)
    L = len(coefs)
    return Path(
        STRENGTHS[:L], np.zeros(L), csr_array(coefs), np.linspace(0, 0.5, L), np.zeros(L), np.full(L, 1e-9),
        np.zeros(L), np.ones(L, bool), ("fine",) * L, Squared(),
    )  # fmt: skip


def estimator(*folds, select="min"):
    paths = (path([[0, 0], [1, 0], [1, 1]]), path([[1, 1], [1, 1], [1, 1]]))[: len(folds)]
    cvs = tuple(CVResult(STRENGTHS, np.asarray(f, float), np.ones(2)) for f in folds)
    return SimpleNamespace(
        paths_=paths,
        cvs_=cvs,
        criteria_=None,
        select=select,
        tol=1e-7,
        candidates_=(L1(), L2())[: len(folds)],
    )


SPARSE = [[8.0, 10.0], [3.0, 6.0], [3.2, 5.2]]
DENSE = [[5.0, 7.0], [4.0, 6.0], [3.0, 5.0]]


def test_every_candidate_is_taken_at_its_own_choice():
    assert selected(estimator(SPARSE, DENSE)) == [2, 2]
    assert selected(estimator(SPARSE, DENSE, select="1se")) == [1, 2]


def test_a_curve_that_ends_before_its_path_has_as_many_readings_as_scores():
    fitted = estimator(SPARSE)
    fitted.cvs_ = (CVResult(STRENGTHS[:2], np.asarray(SPARSE[:2]), np.ones(2)),)
    curve = candidate_facts(fitted, ["Lasso"], 10.0, None, 0.9)[0].curve
    assert len(curve.strengths) == len(curve.mean) == len(curve.kept) == len(curve.train) == 2


def test_differences_are_paired():
    sparse, dense = candidate_facts(estimator(SPARSE, DENSE), ["Lasso", "Ridge"], 10.0, None, 0.9)
    assert (dense.difference, dense.difference_se) == (0.0, 0.0)
    assert sparse.difference == pytest.approx(0.2)
    assert sparse.difference_se == pytest.approx(0.0)
    assert sparse.train_error == 5.0
    assert sparse.gap == pytest.approx((4.2 - 5) / 5)


def test_the_simplest_has_the_fewest_columns_not_clearly_worse():
    found = simplest(estimator(SPARSE, DENSE), Choice(1, 1.0, 4.0, 2, ""))
    assert found is not None
    assert (found.candidate, found.strength, found.kept) == (0, 2.0, 1)


def test_a_model_as_small_as_the_chosen_one_is_not_simpler():
    assert simplest(estimator(SPARSE), Choice(0, 2.0, 4.5, 1, "")) is None


def test_clearly_worse_models_are_not_simpler():
    worse = [[8.0, 10.0], [6.0, 8.1], [5.0, 7.0]]
    assert simplest(estimator(worse, DENSE), Choice(1, 1.0, 4.0, 2, "")) is None
