"""Several linear predictors in the words of R's glmnet: shapes, labels, refusals, and the engine underneath."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.glmnet import cv_glmnet, glmnet

rng = np.random.default_rng(5)
X = rng.normal(size=(90, 6))
TARGETS = X[:, :3] @ rng.normal(size=(3, 3)) + rng.normal(size=(90, 3))
LABELS = np.array(["bad", "good", "so"])[TARGETS.argmax(axis=1)]
TIMES = rf.survival(np.exp(X[:, 0] + rng.normal(size=90)), rng.random(90) < 0.7)


def test_a_dict_of_classes_with_their_labels():
    fit = glmnet(X, LABELS, "multinomial", nlambda=10)
    assert fit.classnames == ("bad", "good", "so")
    assert list(fit.beta) == list(fit.coef(s=0.05)) == ["bad", "good", "so"]
    assert fit.coef(s=0.05)["so"].shape == (7,)
    assert fit.coef(s=[0.05, 0.1])["so"].shape == (7, 2)
    assert fit.a0.shape == fit.dfmat.shape == (3, len(fit.lambda_))
    np.testing.assert_allclose(fit.a0.sum(axis=0), 0, atol=1e-12)
    chance = fit.predict(X[:4], s=0.05, type_="response")
    assert chance.shape == (4, 3)
    np.testing.assert_allclose(chance.sum(axis=1), 1)
    np.testing.assert_array_equal(
        fit.predict(X[:4], s=0.05, type_="class"), np.array(fit.classnames)[chance.argmax(axis=1)]
    )


def test_grouped_classes_have_columns_in_common():
    fit = glmnet(X, LABELS, "multinomial", type_multinomial="grouped", nlambda=10)
    np.testing.assert_array_equal(fit.dfmat, np.tile(fit.df, (3, 1)))
    columns = fit.predict(type_="nonzero")
    assert [len(one) for one in columns] == fit.df.tolist()


def test_targets_of_a_table_lend_their_names():
    fit = glmnet(X, pd.DataFrame(TARGETS, columns=["u", "v", "w"]), "mgaussian", nlambda=10)
    assert list(fit.beta) == ["u", "v", "w"]
    assert fit.classnames is None
    path = rf.fit_path(X, TARGETS, rf.L1().across_outputs(), strengths=fit.lambda_[1:], tol=1e-11)
    for k, own in enumerate(fit.beta.values()):
        np.testing.assert_allclose(own.toarray()[:, 1:].T, path.coefs[:, k], atol=1e-6)


def test_cox_has_no_intercept():
    fit = glmnet(X, TIMES, "cox", nlambda=10)
    assert fit.coef(s=0.05).shape == (6,)
    np.testing.assert_allclose(fit.predict(X[:3], s=0.05), X[:3] @ fit.coef(s=0.05))
    table = np.column_stack([TIMES["time"], TIMES["event"]])
    np.testing.assert_array_equal(glmnet(X, table, "cox", nlambda=10).beta.toarray(), fit.beta.toarray())


@pytest.mark.parametrize(("family", "y"), [("cox", TIMES), ("mgaussian", TARGETS), ("multinomial", LABELS)])
def test_sparse_columns_exact_refits_and_pictures(family, y):
    import matplotlib as mpl

    mpl.use("Agg")
    fit = glmnet(X, y, family, nlambda=8)
    other = glmnet(sparse.csr_matrix(X), y, family, nlambda=8)
    s = float(np.sqrt(fit.lambda_[3] * fit.lambda_[4]))
    np.testing.assert_allclose(
        other.predict(X, s=s, exact=True), fit.predict(X, s=s, exact=True), rtol=1e-5, atol=1e-6
    )
    axes = fit.plot()
    mpl.pyplot.close(axes.figure)


@pytest.mark.parametrize(("family", "y"), [("cox", TIMES), ("mgaussian", TARGETS), ("multinomial", LABELS)])
def test_folds_that_are_read_at_the_k_th_solution(family, y):
    cv = cv_glmnet(X, y, family=family, nlambda=8, foldid=np.arange(90) % 3, alignment="fraction", keep=True)
    assert np.isfinite(cv.cvm).all()
    assert cv.fit_preval.shape[0] == 90
    assert cv.lambda_1se >= cv.lambda_min


def test_what_is_not_built_is_refused():
    with pytest.raises(rf.UnsupportedError, match="ungrouped"):
        glmnet(X, TARGETS, "mgaussian", lower_limits=0)
    with pytest.raises(rf.InputError, match="two or more columns"):
        glmnet(X, TARGETS[:, :1], "mgaussian")
    with pytest.raises(rf.InputError, match="at least two classes"):
        glmnet(X, np.zeros(90), "multinomial")
    with pytest.raises(rf.InputError, match="constant"):
        glmnet(X, np.column_stack([TARGETS[:, 0], np.ones(90)]), "mgaussian", standardize_response=True)
    fit = glmnet(X, TARGETS, "mgaussian", offset=np.ones((90, 3)), nlambda=4)
    with pytest.raises(rf.InputError, match="newoffset"):
        fit.predict(X, newoffset=np.ones(90))
