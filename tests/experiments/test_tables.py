"""Tables with a strength of their own, against plain loops of scikit-learn over the same rows."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

import regularfit as rf
from regularfit.experiments import tables as under_test
from regularfit.experiments.data import simulate
from regularfit.experiments.lanes import Draw, along
from regularfit.experiments.tables import Tables, along_tables, resplit, resplit_se, stacked, tuned

GRID = np.array([0.5, 0.1, 0.02])


def drawn(count=3, n=40, p=6):
    rng = np.random.default_rng(1)
    found = [simulate(n, p, rng, relevant=2, snr=3.0) for _ in range(count)]
    return [Draw(one.X[:30], one.y[:30], one.X[30:], one.y[30:]) for one in found]


def lasso_error(X, y, train, test, strength):
    scale = StandardScaler().fit(X[train])
    model = Lasso(alpha=strength, tol=1e-12, max_iter=100_000).fit(scale.transform(X[train]), y[train])
    return ((y[test] - model.predict(scale.transform(X[test]))) ** 2).mean()


def test_stacked_tables_are_the_tables():
    draws = drawn()
    tables = stacked(draws)
    for one, (train, test) in zip(draws, tables.pairs, strict=True):
        assert np.array_equal(tables.X[train], one.X)
        assert np.array_equal(tables.y[test], one.y_test)
    found, other = along_tables(tables, rf.L1(), GRID), along(draws, rf.L1(), GRID)
    np.testing.assert_allclose(found.test, other.test)
    np.testing.assert_allclose(found.train, other.train)


def test_splits_are_of_the_size_asked_for_and_share_no_row():
    X = np.arange(20.0)[:, None]
    tables = resplit(X, X[:, 0], 5, 0.25, np.random.default_rng(0))
    assert len(tables.pairs) == 5
    for train, test in tables.pairs:
        assert len(test) == 5
        assert sorted([*train, *test]) == list(range(20))


@pytest.mark.parametrize("penalties", [1, 2])
def test_the_strength_is_chosen_on_training_rows_and_tested_on_the_others(penalties, monkeypatch):
    tables = stacked(drawn())
    kept = []
    split_up = under_test._folds
    monkeypatch.setattr(under_test, "_folds", lambda *given: kept.append(split_up(*given)) or kept[-1])
    found = tuned(tables, [rf.L1(), rf.L2()][:penalties], np.random.default_rng(0), GRID, folds=5)
    X, y = tables.X, tables.y
    for k, (train, test) in enumerate(tables.pairs):
        curve = [np.mean([lasso_error(X, y, rest, held, s) for rest, held in kept[k]]) for s in GRID]
        at = int(np.argmin(curve))
        assert found[0].strengths[k] == GRID[at]
        assert found[0].inside[k] == pytest.approx(curve[at], rel=1e-5)
        assert found[0].test[k] == pytest.approx(lasso_error(X, y, train, test, GRID[at]), rel=1e-5)
        assert sorted(np.concatenate([held for _, held in kept[k]])) == sorted(train)
    assert found[0].fits == 3 * (1 + 5) * len(GRID)


def test_one_strength_needs_no_folds():
    tables = stacked(drawn())
    (found,) = tuned(tables, [rf.L1()], np.random.default_rng(0), [0.1])
    assert found.fits == 3
    assert found.test[0] == pytest.approx(lasso_error(tables.X, tables.y, *tables.pairs[0], 0.1), rel=1e-5)


def test_the_error_of_overlapping_splits_is_honest():
    """The mean over many splits still varies from sample to sample; the usual standard error says it does not."""
    rng = np.random.default_rng(0)
    means, usual, ours = [], [], []
    for _ in range(300):
        y = rng.standard_normal(40)
        tables = Tables(y[:, None], y, resplit(y[:, None], y, 50, 0.25, rng).pairs)
        errors = np.array([((y[test] - y[train].mean()) ** 2).mean() for train, test in tables.pairs])
        means.append(errors.mean())
        usual.append(errors.std(ddof=1) / np.sqrt(50))
        ours.append(resplit_se(errors, 1 / 3))
    truth = np.std(means)
    assert np.mean(usual) < 0.4 * truth
    assert 0.75 * truth < np.mean(ours) < 1.33 * truth


def test_a_grid_spans_tables_whose_weights_cancel():
    """The grid of all rows together would start where opposite tables still have large weights."""
    one, *_ = drawn(1)
    other = Draw(one.X, -one.y, one.X_test, -one.y_test)
    for found in (along([one, other], rf.L1(), 5), along_tables(stacked([one, other]), rf.L1(), 5)):
        for table in (one, other):
            scale = StandardScaler().fit_transform(table.X)
            assert found.strengths[0] == pytest.approx(
                np.abs(scale.T @ (table.y - table.y.mean())).max() / 30
            )
