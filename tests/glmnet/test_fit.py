import inspect

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer, load_diabetes

import regularfit as rf
from regularfit.glmnet import glmnet

X, Y = load_diabetes(return_X_y=True)
C, D = load_breast_cancer(return_X_y=True)
R_ARGUMENTS = (
    "x y family weights offset alpha nlambda lambda.min.ratio lambda standardize intercept thresh dfmax pmax exclude "
    "penalty.factor lower.limits upper.limits maxit type.gaussian type.logistic standardize.response "
    "type.multinomial relax"
)


def test_arguments_are_those_of_R():
    ours = [p.name for p in inspect.signature(glmnet).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    theirs = [name.replace(".", "_") for name in R_ARGUMENTS.split()]
    assert ours == ["lambda_" if name == "lambda" else name for name in theirs]


def test_a_solution_minimises_what_the_documentation_says():
    alpha, lam = 0.0, 3.0
    w = np.random.default_rng(0).uniform(0.5, 2, len(Y))
    fit = glmnet(X, Y, alpha=alpha, lambda_=[lam], weights=w)
    w = w / w.sum()
    spread = np.sqrt(w @ (X - w @ X) ** 2)
    sd = np.sqrt(w @ (Y - w @ Y) ** 2)

    def objective(theta):
        r = Y - theta[0] - X @ theta[1:]
        b = theta[1:] * spread
        gradient = np.concatenate([[-(w @ r)], -(X.T @ (w * r)) + lam / sd * b * spread])
        return 0.5 * w @ r**2 + lam / sd / 2 * b @ b, gradient

    best = minimize(objective, np.zeros(11), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000})
    np.testing.assert_allclose(fit.coef(s=lam), best.x, rtol=1e-4, atol=1e-2)
    assert objective(fit.coef(s=lam))[0] <= best.fun * (1 + 1e-12)


def test_exact_fits_again_where_a_line_is_not_enough():
    fit = glmnet(X, Y, nlambda=6)
    s = float(np.sqrt(fit.lambda_[2] * fit.lambda_[3]))
    alone = glmnet(X, Y, lambda_=[s]).coef(s=s)
    np.testing.assert_allclose(fit.coef(s=s, exact=True), alone, rtol=1e-6, atol=1e-6)
    assert np.abs(fit.coef(s=s) - alone).max() > 1e-3


def test_two_columns_of_counts_are_repeated_rows():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 3))
    counts = rng.integers(0, 4, size=(40, 2)) + np.array([1, 0])
    fit = glmnet(x, counts, "binomial", lambda_=[0.05])
    rows = np.repeat(np.arange(40), counts.sum(axis=1))
    labels = np.concatenate([[0] * a + [1] * b for a, b in counts])
    long = glmnet(x[rows], labels, "binomial", lambda_=[0.05])
    # Columns are standardised by the same weights, so both are one problem.
    np.testing.assert_allclose(fit.beta.toarray(), long.beta.toarray(), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.a0, long.a0, rtol=1e-7)


def test_tables_sparse_matrices_and_labels():
    table = pd.DataFrame(C[:, :5], columns=list("abcde"))
    labels = np.where(D == 1, "yes", "no")
    fit = glmnet(table, labels, "binomial", nlambda=10)
    assert fit.names == tuple("abcde")
    assert fit.classnames == ("no", "yes")
    assert set(fit.predict(table, s=fit.lambda_[-1], type_="class")) == {"no", "yes"}
    other = glmnet(sparse.csr_matrix(C[:, :5]), labels, "binomial", nlambda=10)
    np.testing.assert_allclose(other.beta.toarray(), fit.beta.toarray(), rtol=1e-5, atol=1e-7)
    chosen = fit.predict(s=fit.lambda_[[0, -1]], type_="nonzero")
    assert [len(c) for c in chosen] == [fit.df[0], fit.df[-1]]


def test_lambda_zero_and_repeats_are_taken():
    fit = glmnet(X, Y, lambda_=[0.0, 1.0, 1.0])
    assert fit.lambda_.tolist() == [1.0, 1.0, 0.0]
    exact = np.linalg.lstsq(np.column_stack([np.ones(len(Y)), X]), Y, rcond=None)[0]
    np.testing.assert_allclose(fit.coef(s=0.0), exact, rtol=1e-5, atol=1e-4)


def test_a_wide_path_ends_where_the_rows_are_reproduced():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 100))
    fit = glmnet(x, x[:, 0] + 0.01 * rng.normal(size=30), lambda_min_ratio=1e-4)
    assert len(fit.lambda_) < 100
    assert (fit.dev_ratio[:-1] <= 0.999).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "gausian"}, "gaussian"),
        ({"alpha": 2.0}, "alpha"),
        ({"lambda_": [-1.0]}, "lambda_"),
        ({"lambda_min_ratio": 1.0}, "lambda_min_ratio"),
        ({"nlambda": 0}, "nlambda"),
        ({"exclude": [10]}, "exclude"),
        ({"penalty_factor": [1.0]}, "penalty_factor"),
        ({"penalty_factor": [-1.0] * 10}, "penalty_factor"),
        ({"penalty_factor": [0.0] * 10}, "penalty_factor"),
        ({"lower_limits": 1.0}, "lower_limits"),
        ({"upper_limits": [1.0, 2.0]}, "upper_limits"),
        ({"weights": -np.ones(442)}, "weights"),
        ({"offset": np.ones(3)}, "offset"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(rf.InputError, match=message):
        glmnet(X, Y, **options)


def test_bad_targets_are_named():
    with pytest.raises(rf.InputError, match="constant"):
        glmnet(X, np.ones(len(Y)))
    with pytest.raises(rf.InputError, match="two classes"):
        glmnet(X, np.arange(len(Y)) % 3, "binomial")
    with pytest.raises(rf.InputError, match="1 or 0 rows"):
        glmnet(X, np.arange(len(Y)) == 0, "binomial")
    with pytest.raises(rf.InputError, match="2 or more columns"):
        glmnet(X[:, :1], Y)


def test_predictions_that_lack_something_are_refused():
    fit = glmnet(X, Y, offset=np.ones(len(Y)), nlambda=5)
    with pytest.raises(rf.InputError, match="newoffset"):
        fit.predict(X)
    with pytest.raises(rf.InputError, match="newx"):
        fit.predict()
    with pytest.raises(rf.InputError, match="columns"):
        fit.predict(X[:, :3], newoffset=np.ones(len(Y)))
    with pytest.raises(rf.InputError, match="binomial"):
        fit.predict(X, type_="class", newoffset=np.ones(len(Y)))


def test_pictures():
    import matplotlib as mpl

    mpl.use("Agg")
    fit = glmnet(X, Y, nlambda=10)
    for xvar in ("lambda", "norm", "dev"):
        axes = fit.plot(xvar)
        assert len(axes.lines) == (fit.beta.toarray() != 0).any(axis=1).sum()
        mpl.pyplot.close(axes.figure)


def test_excluded_columns_stay_out_at_lambda_zero():
    fit = glmnet(X, Y, lambda_=[0.0, 1.0], exclude=[0, 3])
    kept = np.delete(np.arange(10), [0, 3])
    exact = np.linalg.lstsq(np.column_stack([np.ones(len(Y)), X[:, kept]]), Y, rcond=None)[0]
    assert not fit.coef(s=0.0)[[1, 4]].any()
    np.testing.assert_allclose(fit.coef(s=0.0)[1:][kept], exact[1:], rtol=1e-5)
