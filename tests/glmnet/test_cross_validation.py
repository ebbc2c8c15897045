import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

import regularfit as rf
from regularfit.glmnet import cv_glmnet, glmnet

X, Y = load_diabetes(return_X_y=True)
C, D = load_breast_cancer(return_X_y=True)
FOLDS = np.arange(len(Y)) % 5


def test_given_lambdas_are_fitted_in_every_fold():
    lambdas = [5.0, 1.0, 0.2]
    cv = cv_glmnet(X, Y, lambda_=lambdas, foldid=FOLDS, keep=True)
    for fold in range(5):
        rows = fold != FOLDS
        alone = glmnet(X[rows], Y[rows], lambda_=lambdas).predict(X[~rows])
        np.testing.assert_allclose(cv.fit_preval[~rows], alone, rtol=1e-7)
    np.testing.assert_allclose(cv.cvm, ((Y[:, None] - cv.fit_preval) ** 2).mean(axis=0), rtol=1e-3)


def test_the_ridge_part_follows_the_deviation_of_every_fold():
    cv = cv_glmnet(X, Y, lambda_=[50.0, 5.0], alpha=0.2, foldid=FOLDS, keep=True)
    rows = FOLDS != 0
    alone = glmnet(X[rows], Y[rows], lambda_=[50.0, 5.0], alpha=0.2).predict(X[~rows])
    np.testing.assert_allclose(cv.fit_preval[~rows], alone, rtol=1e-7)


def test_words_and_numbers_as_s():
    cv = cv_glmnet(X, Y, foldid=FOLDS)
    np.testing.assert_array_equal(cv.coef(), cv.glmnet_fit.coef(s=cv.lambda_1se))
    np.testing.assert_array_equal(cv.coef("lambda.min"), cv.coef(cv.lambda_min))
    assert cv.predict(X, s="lambda_min").shape == Y.shape
    assert cv.predict(X, s=[1.0, 0.5]).shape == (len(Y), 2)
    with pytest.raises(rf.InputError, match="lambda_1se"):
        cv.coef("lambda_2se")


def test_the_same_seed_gives_the_same_folds():
    one, two, other = (cv_glmnet(X, Y, nlambda=10, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.cvm, two.cvm)
    assert not np.array_equal(one.cvm, other.cvm)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nfolds": 2}, "3 folds"),
        ({"foldid": [1, 2, 3]}, "foldid"),
        ({"lambda_": [1.0]}, "more than one"),
        ({"type_measure": "r2"}, "type_measure"),
        ({"alignment": "line"}, "alignment"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(rf.InputError, match=message):
        cv_glmnet(X, Y, **options)


def test_measures_that_do_not_go_with_the_family_warn_as_in_R():
    with pytest.warns(UserWarning, match="mse is used"):
        assert cv_glmnet(X, Y, foldid=FOLDS, nlambda=5, type_measure="auc").name == "Mean-Squared Error"
    with pytest.warns(UserWarning, match="deviance is used"):
        cv_glmnet(
            C[::12, :3], D[::12], nfolds=8, family="binomial", nlambda=5, type_measure="auc", random_state=0
        )
    with pytest.warns(UserWarning, match="grouped=False"):
        cv_glmnet(X[:20], Y[:20], nlambda=5, nfolds=10)


def test_a_picture():
    import matplotlib as mpl

    mpl.use("Agg")
    axes = cv_glmnet(X, Y, nlambda=10, foldid=FOLDS).plot()
    assert axes.get_ylabel() == "Mean-Squared Error"
    mpl.pyplot.close(axes.figure)
