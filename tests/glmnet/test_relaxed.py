"""What R cannot judge: refusals, plots, exact duplicates, and the refit against the engine's own unpenalised fit."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.glmnet import cv_glmnet, glmnet


def data(n=80, p=6, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    return x, x[:, 0] - 0.5 * x[:, 1] + rng.normal(size=n)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_a_refit_is_the_unpenalised_fit_of_its_columns(family):
    x, y = data()
    y = {"gaussian": y, "binomial": (y > 0).astype(float), "poisson": np.floor(np.exp(y / 2))}[family]
    fit = glmnet(x, y, family, nlambda=12, relax=True)
    for k in (3, 6, 9):
        left_out = np.flatnonzero(fit.beta[:, [k]].toarray()[:, 0] == 0)
        alone = glmnet(x, y, family, lambda_=[0.0], exclude=left_out)
        found = fit.relaxed.beta[:, [k]].toarray()
        np.testing.assert_allclose(found, alone.beta.toarray(), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(fit.relaxed.a0[k], alone.a0[0], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("family", ["multinomial", "mgaussian", "cox"])
def test_a_refit_of_several_outputs_or_times_is_the_unpenalised_fit_of_its_columns(family):
    x, y = data()
    y = {
        "multinomial": np.digitize(y, [-0.5, 0.7]),
        "mgaussian": np.column_stack([y, x[:, 1] + np.sin(np.arange(80))]),
        "cox": rf.survival(np.exp(-y), np.arange(80) % 3 > 0),
    }[family]
    fit = glmnet(x, y, family, nlambda=12, relax=True)
    for k in (3, 6):
        blocks = list(fit.beta.values()) if isinstance(fit.beta, dict) else [fit.beta]
        left_out = np.flatnonzero(~np.any([one[:, [k]].toarray()[:, 0] != 0 for one in blocks], axis=0))
        alone = glmnet(x, y, family, lambda_=[1e-9, 1e-10], exclude=left_out)
        found = fit.coef(s=fit.lambda_[k], gamma=0)
        truth = alone.coef(s=1e-10)
        if isinstance(found, dict):  # a share of 1e-5 of R's blends is penalised
            assert set(found) == set(truth)
            found, truth = np.stack(list(found.values())), np.stack(list(truth.values()))
        np.testing.assert_allclose(found, truth, atol=2e-5)


def test_limits_with_several_outputs_are_refused():
    x, y = data()
    with pytest.raises(rf.UnsupportedError, match="takes no limits"):
        glmnet(x, np.digitize(y, [-0.5, 0.7]), "multinomial", lower_limits=0, relax=True)


def test_several_gammas_are_several_answers():
    x, y = data()
    fit = glmnet(x, y, relax=True, nlambda=10)
    found = fit.predict(x, s=[0.1, 0.2], gamma=[0, 0.5, 1])
    assert [one.shape for one in found] == [(80, 2)] * 3
    np.testing.assert_allclose(found[1], 0.5 * (found[0] + found[2]), atol=1e-4)
    with pytest.warns(UserWarning, match="left out"):
        assert len(fit.coef(s=0.1, gamma=[-1, 0.5])) == 1
    with pytest.raises(rf.InputError, match="between 0"), pytest.warns(UserWarning, match="left out"):
        fit.coef(gamma=[2.0])


def test_gamma_without_relaxed_fits_is_refused():
    x, y = data()
    with pytest.raises(rf.InputError, match="relax=True"):
        glmnet(x, y).coef(s=0.1, gamma=0)
    with pytest.raises(rf.InputError, match="lie on the path"):
        glmnet(x, y, relax=True).coef(s=0.1, gamma=0, exact=True)


def test_columns_that_are_copies_share_as_they_do_on_the_path():
    x, y = data()
    x[:, 1] = x[:, 0]
    fit = glmnet(x, y, alpha=0.5, relax=True, nlambda=10)
    last = fit.relaxed.beta[:, [-1]].toarray()[:, 0]
    assert last[0] == pytest.approx(last[1], rel=1e-6)
    np.testing.assert_allclose(
        x @ last + fit.relaxed.a0[-1],
        np.column_stack([np.ones(80), x])
        @ np.linalg.lstsq(np.column_stack([np.ones(80), x]), y, rcond=None)[0],
        atol=1e-8,
    )


def test_choices_default_to_those_of_the_relaxed_fits():
    x, y = data()
    cv = cv_glmnet(x, y, relax=True, foldid=np.arange(80) % 5, keep=True)
    chosen = cv.relaxed
    np.testing.assert_array_equal(cv.coef(), cv.glmnet_fit.coef(s=chosen.lambda_1se, gamma=chosen.gamma_1se))
    np.testing.assert_array_equal(
        cv.coef(s="lambda.min"), cv.glmnet_fit.coef(s=chosen.lambda_min, gamma=chosen.gamma_min)
    )
    np.testing.assert_array_equal(
        cv.coef(s=0.1, gamma="gamma.min"), cv.glmnet_fit.coef(s=0.1, gamma=chosen.gamma_min)
    )
    assert cv.predict(x).shape == (80,)
    assert len(cv.fit_preval) == len(chosen.gamma) == 5
    assert len(cv.plot().lines) == 7
    assert cv.glmnet_fit.plot(gamma=0).lines


def test_ridge_with_more_columns_than_rows_cannot_be_refitted():
    x, y = data(20, 40)
    with pytest.raises(rf.InputError, match="3 rows more"):
        glmnet(x, y, alpha=0.0, lambda_=[1.0, 0.1], relax=True)
