"""The function cv_glmnet and what it returns."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import check_choice
from .._typing import Vector
from ..errors import InputError
from .call import Call
from .fit import glmnet
from .interpolation import between
from .measures import Curve, curve_of, measure_of
from .paths import Solved, fit_rows, fit_together
from .relaxed import GAMMAS, CVRelaxed, blended, check_gamma, chosen, relax_folds
from .result import Glmnet
from .survival_curves import cox_curve

__all__ = ["CVGlmnet", "cv_glmnet"]


@dataclass(frozen=True, eq=False)
class CVGlmnet:
    """A cross-validated path, as R's ``cv.glmnet`` object.

    Parameters
    ----------
    lambda_ : (L,) decreasing.
    cvm, cvsd : (L,) mean of the measure over the folds, and its standard error.
    nzero : (L,) number of coefficients that are not zero; of columns where these are in for all outputs or for none,
        and for other multinomial fits the median over the classes.
    name : of the measure.
    glmnet_fit : the path on all rows.
    lambda_min, lambda_1se : where the measure is best, and the largest lambda within one standard error of it.
    index : positions of these two.
    fit_preval, foldid : held-out predictors (n, L) or (n, K, L) and the folds, with ``keep=True``; else None. With
        ``relax=True`` one matrix a gamma.
    relaxed : the choice over lambda and gamma, with ``relax=True``; else None.
    """

    lambda_: Vector
    cvm: Vector
    cvsd: Vector
    nzero: np.ndarray
    name: str
    glmnet_fit: Glmnet
    lambda_min: float
    lambda_1se: float
    index: tuple[int, int]
    fit_preval: Any = None
    foldid: np.ndarray | None = None
    relaxed: CVRelaxed | None = None

    @property
    def cvup(self) -> Vector:
        """``cvm + cvsd``."""
        return self.cvm + self.cvsd

    @property
    def cvlo(self) -> Vector:
        """``cvm - cvsd``."""
        return self.cvm - self.cvsd

    def coef(self, s: Any = "lambda_1se", exact: bool = False, gamma: Any = None) -> Any:
        """Return intercept and coefficients at "lambda_1se", "lambda_min" or lambdas of your own.

        With ``relax=True`` these are the choices of ``relaxed``, and ``gamma`` may be "gamma_1se", "gamma_min" or
        numbers; None is the gamma chosen with that lambda ("gamma_1se" for lambdas of your own).
        """
        return self.glmnet_fit.coef(self._at(s), exact, self._gamma(s, gamma))

    def predict(self, newx: Any = None, s: Any = "lambda_1se", *, gamma: Any = None, **options: Any) -> Any:
        """Return predictions at "lambda_1se", "lambda_min" or lambdas of your own; see :meth:`Glmnet.predict`."""
        return self.glmnet_fit.predict(newx, self._at(s), gamma=self._gamma(s, gamma), **options)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the curve with its error bars and the two chosen lambdas, as R does."""
        from .plots import plot_cv

        return plot_cv(self, ax)

    def _at(self, s: Any) -> Any:
        if not isinstance(s, str):
            return s
        word = check_choice(s.replace(".", "_"), ("lambda_1se", "lambda_min"), "s")
        return getattr(self.relaxed or self, word)

    def _gamma(self, s: Any, gamma: Any) -> Any:
        if self.relaxed is None:
            return 1.0 if gamma is None else gamma
        if gamma is None:
            gamma = "gamma_min" if isinstance(s, str) and s.endswith("min") else "gamma_1se"
        if not isinstance(gamma, str):
            return gamma
        word = check_choice(gamma.replace(".", "_"), ("gamma_1se", "gamma_min"), "gamma")
        return getattr(self.relaxed, word)


def cv_glmnet(
    x: Any,
    y: Any,
    weights: Any = None,
    offset: Any = None,
    lambda_: Any = None,
    type_measure: str = "default",
    nfolds: int = 10,
    foldid: Any = None,
    alignment: str = "lambda",
    grouped: bool = True,
    keep: bool = False,
    relax: bool = False,
    gamma: Any = GAMMAS,
    *,
    random_state: Any = None,
    **options: Any,
) -> CVGlmnet:
    """Cross-validate a path, with the arguments, defaults and numbers of R's cv.glmnet.

    As in R, a fold without ``lambda_`` has a sequence of its own and is read at the lambdas of all rows on straight
    lines; with ``lambda_`` every fold is fitted at these, in lockstep (but for gaussian with ``alpha < 1``, where
    sd(y) gives every fold a penalty of its own).

    Parameters
    ----------
    x, y, weights, offset, lambda_ : as in :func:`glmnet`.
    type_measure : "default", "mse", "deviance", "mae"; for binomial also "class" and "auc", for multinomial "class";
        for cox "deviance" or "C", the concordance.
    nfolds : at least 3.
    foldid : (n,) integers; rows of one number form a fold.
    alignment : "lambda", or "fraction" to read the k-th solution of every fold at the k-th lambda.
    grouped : average within folds first; for cox, judge a fold by the deviance of all rows less that of its training
        rows.
    keep : keep the held-out predictors.
    relax : also refit the columns of every lambda without penalty, in every fold those that the fold chose itself, and
        choose lambda and gamma together: ``relaxed``.
    gamma : the blends to compare, each gamma times the penalised fit plus 1 - gamma times the refit.
    random_state : of the folds, where ``foldid`` is not given.
    **options : of :func:`glmnet`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.sin(np.arange(60.0)).reshape(20, 3) * [1.0, 2.0, 3.0]
    >>> cv = cv_glmnet(x, x[:, 0] + np.cos(np.arange(20.0)), foldid=np.arange(20) % 4)
    >>> bool(cv.lambda_1se >= cv.lambda_min), len(cv.cvm) == len(cv.lambda_)
    (True, True)

    References
    ----------
    Friedman, J., Hastie, T. & Tibshirani, R. (2010). Regularization paths for generalized linear models via coordinate
    descent. Journal of Statistical Software 33.
    """
    check_choice(alignment, ("lambda", "fraction"), "alignment")
    if lambda_ is not None and np.size(lambda_) < 2:
        raise InputError("cv_glmnet needs more than one lambda_.")
    if lambda_ is not None and alignment == "fraction":
        warnings.warn("alignment='fraction' needs automatic lambdas; 'lambda' is used.", stacklevel=2)
        alignment = "lambda"
    fit = glmnet(x, y, weights=weights, offset=offset, lambda_=lambda_, relax=relax, **options)
    call = fit.call
    folds, labels = _folds(call.problem.n, nfolds, foldid, random_state)
    measure = measure_of(type_measure, call.family, call.problem.n / len(folds))
    solved = (
        fit_together(call, folds, fit.lambda_)
        if lambda_ is not None
        else [fit_rows(call, call.without(rows)) for rows in folds]
    )

    def judged(own: list[Solved]) -> tuple[np.ndarray, Curve]:
        etas = _predictors(call, folds, own, fit.lambda_, alignment)
        eta = np.empty_like(etas[0], shape=(call.problem.n, *etas[0].shape[1:]))
        for rows, part in zip(folds, etas, strict=True):
            eta[rows] = part[rows] if call.family == "cox" else part
        if call.family == "cox":
            return eta, cox_curve(call, measure, folds, etas, grouped)
        return eta, curve_of(measure, call.family, call.problem.y, eta, call.weights, folds, grouped)

    eta, curve = judged(solved)
    losses = -curve.cvm if curve.greater_is_better else curve.cvm
    best = int(np.argmax(losses <= losses.min()))  # lambdas decrease: the first is the largest
    near = int(np.argmax(losses <= losses[best] + curve.cvsd[best]))
    preval: Any = eta
    relaxed = None
    if relax:
        gammas = np.sort(check_gamma(gamma))
        refits = relax_folds(call, folds, solved)
        both = [
            (eta, curve)
            if g == 1
            else judged([blended(one, own, float(g)) for one, own in zip(solved, refits, strict=True)])
            for g in gammas
        ]
        relaxed = chosen(gammas, [one[1] for one in both], fit.lambda_, _nzero(fit))
        preval = [one[0] for one in both]
    return CVGlmnet(
        fit.lambda_,
        curve.cvm,
        curve.cvsd,
        _nzero(fit),
        curve.name,
        fit,
        float(fit.lambda_[best]),
        float(fit.lambda_[near]),
        (best, near),
        preval if keep else None,
        labels if keep else None,
        relaxed,
    )


def _folds(n: int, nfolds: int, foldid: Any, random_state: Any) -> tuple[list[np.ndarray], np.ndarray]:
    if foldid is None:
        labels = np.random.default_rng(random_state).permutation(np.arange(n) % int(nfolds))
    else:
        labels = np.ravel(np.asarray(foldid))
        if len(labels) != n:
            raise InputError(f"foldid has {len(labels)} entries but x has {n} rows.")
    folds = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    if len(folds) < 3:
        raise InputError(f"cv_glmnet needs at least 3 folds; there are {len(folds)}. 10 are usual.")
    return folds, labels


def _nzero(fit: Glmnet) -> np.ndarray:
    """Columns at work; where classes have their own, the median over the classes."""
    several = isinstance(fit.beta, dict) and not fit.call.joint
    return np.ceil(np.median(fit.dfmat, axis=0)).astype(int) if several else fit.df


def _predictors(
    call: Call, folds: list[np.ndarray], solved: list[Solved], lambdas: Vector, alignment: str
) -> list[np.ndarray]:
    """Predictors of every fold's rows (of all rows for cox) by the fit without it; (rows, L), or (rows, K, L).

    A path that ended earlier gives its last model.
    """
    every, K = np.arange(call.problem.n), call.outputs
    out = []
    for held, found in zip(folds, solved, strict=True):
        rows = every if call.family == "cox" else held
        if alignment == "fraction":
            at = np.minimum(np.arange(len(lambdas)), len(found.lambdas) - 1)
            a0, coefs = found.a0[at], found.coefs[at].toarray()
        else:
            a0, coefs = between(found.lambdas, found.a0, found.coefs, lambdas)
        columns = np.ascontiguousarray(coefs.reshape(-1, call.problem.p).T)
        product = call.problem.design.rows_times(rows, columns)
        offset = call.problem.offset[rows][..., None]
        if K is not None:
            product = np.moveaxis(product.reshape(len(rows), -1, K), 1, 2)
        out.append(product + a0.T + offset)
    return out
