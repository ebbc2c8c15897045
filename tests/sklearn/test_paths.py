import numpy as np
import pytest
import sklearn.linear_model as theirs

import regularfit.sklearn as ours
from tests.sklearn.data import REGRESSIONS, diabetes


@pytest.mark.parametrize("data", REGRESSIONS)
@pytest.mark.parametrize("name", ["lasso_path", "enet_path"])
@pytest.mark.parametrize("positive", [False, True])
def test_paths_are_those_of_scikit_learn(data, name, positive):
    X, y = REGRESSIONS[data]()
    params = {"alphas": 12, "eps": 0.05, "positive": positive, "return_n_iter": True}
    mine = getattr(ours, name)(X, y, **params)
    judge = getattr(theirs, name)(X, y, **params, tol=1e-12, max_iter=100_000)
    assert len(mine) == len(judge) == 4
    np.testing.assert_allclose(mine[0], judge[0], rtol=1e-10)
    assert mine[1].shape == judge[1].shape
    np.testing.assert_allclose(mine[1], judge[1], rtol=0, atol=1e-5 * np.abs(judge[1]).max())
    assert len(mine[2]) == len(mine[3]) == 12


def test_alphas_are_sorted_as_there():
    X, y = diabetes()
    np.testing.assert_array_equal(ours.lasso_path(X, y, alphas=[0.1, 1.0, 0.5])[0], [1.0, 0.5, 0.1])


@pytest.mark.parametrize("params", [{"n_alphas": 5}, {"alphas": None}], ids=str)
def test_deprecated_arguments_warn_as_there(params):
    X, y = diabetes()
    results = []
    for home in (ours, theirs):
        with pytest.warns(FutureWarning, match=f"'?{next(iter(params))}"):
            results.append(home.lasso_path(X, y, **params)[0])
    np.testing.assert_allclose(*results, rtol=1e-10)


def test_unknown_keywords_are_refused():
    X, y = diabetes()
    with pytest.raises(ValueError, match="Unexpected parameters"):
        ours.lasso_path(X, y, nonsense=1)
