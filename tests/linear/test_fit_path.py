"""The path alone, against scikit-learn's paths."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import enet_path

import regularfit as rf
from tests.linear.data import classification, regression

X, Y = regression()


@pytest.mark.parametrize(("penalty", "ratio"), [(rf.L1(), 1.0), (rf.ElasticNet(0.4), 0.4)])
def test_path_is_that_of_scikit_learn(penalty, ratio):
    path = rf.fit_path(X, Y, penalty, standardize=False, strengths=30)
    Z, y = X - X.mean(axis=0), Y - Y.mean()
    coefs = enet_path(Z, y, l1_ratio=ratio, alphas=path.strengths, tol=1e-14, max_iter=10**6)[1].T
    np.testing.assert_allclose(path.coefs, coefs, atol=1e-7)
    np.testing.assert_allclose(path.predict(X), (Z @ coefs.T) + Y.mean(), atol=1e-6)
    assert path.converged.all()
    assert path.nonzeros[0] == 0


def test_names_weights_and_offset_go_through():
    names = list("abcdefgh")
    offset, weights = np.linspace(0, 1, len(Y)), np.arange(len(Y)) % 2
    path = rf.fit_path(
        pd.DataFrame(X, columns=names), Y + offset, strengths=[1.0, 0.1], offset=offset, sample_weight=weights
    )
    rows = np.flatnonzero(weights)
    plain = rf.fit_path(X[rows], Y[rows], strengths=[1.0, 0.1])
    np.testing.assert_allclose(path.coefs, plain.coefs, atol=1e-9)
    assert list(path.to_frame().columns[-8:]) == names


def test_logistic_path():
    Z, y = classification(labels=(0, 1))
    path = rf.fit_path(Z, y, rf.L2(), loss="logistic", strengths=5)
    assert path.predict(Z).min() > 0
    assert path.predict(Z).max() < 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X[:1], Y[:1]), "1 sample"),
        ((np.ones((5, 2)), np.arange(5.0)), "constant"),
        ((X, Y[:-1]), "entries but X has"),
        ((X, Y, [rf.L1(), rf.L2()]), "fits one penalty; 2 were given"),
        ((X, Y, "l1"), "is not a penalty"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(rf.InputError, match=message):
        rf.fit_path(*arguments)


def test_loose_fits_are_told(monkeypatch):
    import importlib
    from dataclasses import replace

    module = importlib.import_module("regularfit.linear.fit_path")
    real = module.fit_lanes

    def spoiled(*args, **kwargs):
        lane = real(*args, **kwargs)[0][0]
        path = replace(lane.path, converged=np.array([True, False]), reasons=("fine", "too hard"))
        return [[replace(lane, path=path)]]

    monkeypatch.setattr(module, "fit_lanes", spoiled)
    with pytest.warns(rf.ConvergenceWarning, match="1 of 2 strengths.*too hard"):
        rf.fit_path(X, Y, strengths=[1.0, 0.1])
