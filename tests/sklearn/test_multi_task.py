import numpy as np
import pytest
import sklearn.linear_model as theirs
from scipy import sparse

import regularfit.sklearn as ours
from tests.sklearn.data import SHARP, assert_same, both, weights

KEPT = ("coef_", "intercept_")


def tasks(n=120, p=15, k=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 1.0
    return X, X[:, :4] @ rng.normal(size=(4, k)) + rng.normal(size=(n, k))


@pytest.mark.parametrize(
    ("name", "params"), [("MultiTaskLasso", {}), ("MultiTaskElasticNet", {"l1_ratio": 0.3})], ids=str
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("kind", ["dense", "sparse", "wide"])
def test_equal_to_scikit_learn(name, params, weighted, fit_intercept, kind):
    X, Y = tasks(40, 90) if kind == "wide" else tasks()
    X = sparse.csr_matrix(np.where(np.abs(X) > 1, X, 0)) if kind == "sparse" else X
    w = weights(len(Y)) if weighted else None
    mine, judge = both(name, {"alpha": 0.2, "fit_intercept": fit_intercept, **params}, X, Y, w, SHARP)
    assert_same(mine, judge, KEPT)
    np.testing.assert_array_equal(np.any(mine.coef_, axis=0), np.any(judge.coef_, axis=0))
    assert mine.dual_gap_ < 1e-8


@pytest.mark.parametrize(
    ("name", "params"),
    [("MultiTaskLassoCV", {}), ("MultiTaskElasticNetCV", {"l1_ratio": [0.3, 0.9]})],
    ids=str,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_validation(name, params, weighted):
    X, Y = tasks()
    w = weights(len(Y)) if weighted else None
    mine, judge = both(name, {"cv": 4, "alphas": 15, **params}, X, Y, w, {"tol": 1e-10, "max_iter": 100_000})
    assert_same(mine, judge, ("alpha_", "alphas_", "mse_path_", "coef_", "intercept_"))
    if "Elastic" in name:
        assert mine.l1_ratio_ == judge.l1_ratio_


def test_one_target_in_a_column():
    X, Y = tasks()
    for name in ("MultiTaskLasso", "MultiTaskLassoCV"):
        mine, judge = both(name, {}, X, Y[:, :1], sharp={"tol": 1e-10, "max_iter": 100_000})
        assert_same(mine, judge, KEPT)


def test_float32():
    X, Y = tasks()
    mine, judge = both(
        "MultiTaskLasso", {"alpha": 0.2}, X.astype(np.float32), Y.astype(np.float32), sharp={"tol": 1e-7}
    )
    assert_same(mine, judge, KEPT, 1e-4)


@pytest.mark.parametrize("name", ["MultiTaskLasso", "MultiTaskElasticNetCV"])
def test_a_single_target_is_refused_as_there(name):
    X, Y = tasks()
    for home in (ours, theirs):
        with pytest.raises(ValueError, match="For mono-task outputs, use"):
            getattr(home, name)().fit(X, Y[:, 0])


def test_paths_of_several_targets():
    X, Y = tasks()
    for one in (Y, Y[:, :1]):
        mine = ours.enet_path(X, one, alphas=5)
        judge = theirs.enet_path(X, one, alphas=5, tol=1e-12, max_iter=100_000)
        for a, b in zip(mine[:2], judge[:2], strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, atol=1e-5)
    with pytest.raises(ValueError, match="positive"):
        ours.lasso_path(X, Y, positive=True)
