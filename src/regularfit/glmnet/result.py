"""What glmnet returns: a path in R's words, with its predictions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._checks import check_choice
from .._typing import Vector
from ..designs import Design, as_design
from ..errors import ConvergenceWarning, InputError
from ..lockstep.null import null_eta
from ..losses import CoupledLoss
from .call import Call
from .interpolation import between
from .outputs import at_one, merged, parted, predict_outputs
from .paths import Solved, fit_rows
from .relaxed import Relaxed, blend, check_gamma

__all__ = ["Glmnet", "predict_from", "result_of"]

LOOSE = 1e-6  # relative duality gap beyond which the user should hear of it
TYPES = ("link", "response", "coefficients", "nonzero", "class")


@dataclass(frozen=True, eq=False)
class Glmnet:
    """A fitted path, as R's ``glmnet`` object.

    Parameters
    ----------
    lambda_ : (L,) decreasing.
    a0 : (L,) intercepts (0 for cox), with K outputs (K, L).
    beta : (p, L) sparse coefficients, on the scale of x; with several outputs a dict by label.
    dev_ratio : (L,) share of the null deviance that is explained.
    nulldev : the null deviance, with the weights as they were given.
    names : (p,) labels of the columns.
    call : the data and settings, for ``exact=True``.
    relaxed : the unpenalised refits of every lambda's columns, with ``relax=True``; else None.

    Examples
    --------
    >>> from regularfit.glmnet import glmnet
    >>> x = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> glmnet(x, [0.0, 1.0, 2.0, 3.0], lambda_=[0.5]).coef(s=0.5).round(4)
    array([0.6708, 0.5528, 0.    ])
    """

    lambda_: Vector
    a0: Vector
    beta: Any
    dev_ratio: Vector
    nulldev: float
    names: tuple[str, ...]
    call: Call
    relaxed: Relaxed | None = None

    @property
    def df(self) -> np.ndarray:
        """Number of columns whose coefficients (of any output) are not zero, (L,)."""
        if isinstance(self.beta, dict):
            return np.array([(one != 0).toarray() for one in self.beta.values()]).any(axis=0).sum(axis=0)
        return np.diff(self.beta.tocsc().indptr)

    @property
    def dfmat(self) -> np.ndarray:
        """Number of coefficients of each output that are not zero, (K, L); for several outputs."""
        if not isinstance(self.beta, dict):
            raise InputError("dfmat is for multinomial and mgaussian; df counts the coefficients.")
        return np.array([one.getnnz(axis=0) for one in self.beta.values()])

    @property
    def dim(self) -> tuple[int, int]:
        """(p, L)."""
        return self.call.problem.p, len(self.lambda_)

    @property
    def nobs(self) -> int:
        """Rows."""
        return self.call.problem.n

    @property
    def offset(self) -> bool:
        """Whether an offset was used, so that predictions need one."""
        return self.call.has_offset

    @property
    def classnames(self) -> tuple[Any, ...] | None:
        """The labels of a binomial (probabilities are of the second) or multinomial target."""
        return None if self.call.family == "mgaussian" else self.call.labels

    def coef(self, s: Any = None, exact: bool = False, gamma: Any = 1.0) -> Any:
        """Return intercept and coefficients, (p + 1,) at one lambda or (p + 1, k) at several.

        For cox there is no intercept, so p rows; for multinomial and mgaussian the answer is a dict by label.

        Parameters
        ----------
        s : one or several lambdas; None for those of the path.
        exact : fit again at ``s`` instead of drawing a straight line between neighbours.
        gamma : as in :meth:`predict`.
        """
        return self.predict(s=s, type_="coefficients", exact=exact, gamma=gamma)

    def predict(
        self,
        newx: Any = None,
        s: Any = None,
        type_: str = "link",
        exact: bool = False,
        newoffset: Any = None,
        gamma: Any = 1.0,
    ) -> Any:
        """Return predictions, (n,) at one lambda or (n, k) at several; with K outputs (n, K) or (n, K, k).

        Parameters
        ----------
        newx : (n, p), for all types but "coefficients" and "nonzero".
        s : one or several lambdas; None for those of the path.
        type_ : "link", "response", "class" (binomial, multinomial), "coefficients" or "nonzero" (the
            positions, from 0).
        exact : fit again at ``s`` instead of drawing a straight line between neighbours.
        newoffset : (n,) or (n, K), needed where an offset was used.
        gamma : for relaxed fits: 1 is the penalised path, 0 its refits, between a blend; of several, a list of answers.
        """
        check_choice(type_, TYPES, "type_")
        if np.ndim(gamma):
            return [self.predict(newx, s, type_, exact, newoffset, float(g)) for g in check_gamma(gamma)]
        if float(check_gamma(gamma)[0]) != 1:
            if exact:
                raise InputError(
                    "exact=True refits at lambdas of your own; blends with gamma < 1 lie on the path."
                )
            return blend(self, float(gamma)).predict(newx, s, type_, newoffset=newoffset)
        fit = self
        if exact and s is not None and not np.isin(np.atleast_1d(s), self.lambda_).all():
            at = np.unique(np.concatenate([np.atleast_1d(s), self.lambda_]))
            fit = result_of(self.call, fit_rows(self.call.at(at), self.call.problem))
        if s is None:
            a0, coefs = fit.a0.T, merged(fit.beta).toarray()
        else:
            a0, coefs = between(fit.lambda_, fit.a0.T, merged(fit.beta), s)
        answer = predict_from(self.call, a0, coefs, newx, type_, newoffset)
        if s is None or np.ndim(s):
            return answer
        return at_one(answer)

    def plot(self, xvar: str = "lambda", *, gamma: float = 1.0, ax: Any = None) -> Any:
        """Draw the coefficients against ``xvar``: "lambda" (minus its log, as R does), "norm" or "dev".

        ``gamma`` below 1 draws the blend with the relaxed fits.
        """
        from .plots import plot_path

        return plot_path(self if gamma == 1 else blend(self, float(check_gamma(gamma)[0])), xvar, ax)


def predict_from(call: Call, a0: Vector, coefs: np.ndarray, newx: Any, type_: str, newoffset: Any) -> Any:
    """Return predictions of models (k,), (k, p) in columns."""
    if type_ in ("coefficients", "nonzero"):
        if call.outputs is not None:
            return predict_outputs(call, a0, coefs, None, type_, None)
        if type_ == "nonzero":
            return [np.flatnonzero(coef) for coef in coefs]
        return coefs.T.copy() if call.family == "cox" else np.vstack([a0, coefs.T])
    design = _new_rows(call, newx, type_)
    if call.has_offset and newoffset is None:
        raise InputError("An offset was used in the fit, so newoffset is needed.")
    if call.outputs is not None:
        return predict_outputs(call, a0, coefs, design, type_, newoffset)
    eta = design.rows_times(np.arange(design.n), np.ascontiguousarray(coefs.T)) + a0
    if call.has_offset:
        eta = eta + np.ravel(np.asarray(newoffset, dtype=np.float64))[:, None]
    if type_ == "link":
        return eta
    if type_ == "response":
        return call.problem.loss.mean(eta)
    return np.asarray(call.labels)[(eta > 0).astype(int)]


def _new_rows(call: Call, newx: Any, type_: str) -> Design:
    if newx is None:
        raise InputError(f"type_={type_!r} needs newx.")
    if type_ == "class" and call.family not in ("binomial", "multinomial"):
        raise InputError("type_='class' is for family='binomial' and 'multinomial'.")
    design = as_design(newx.to_numpy() if hasattr(newx, "to_numpy") else newx, "newx")
    if design.p != call.problem.p:
        raise InputError(f"newx has {design.p} columns, but x had {call.problem.p}.")
    return design


def result_of(call: Call, found: Solved) -> Glmnet:
    """Return solutions as R has them, with a warning where one is not proved."""
    loose = found.missed > LOOSE
    if loose.any():
        worst = int(np.argmax(loose))
        warnings.warn(
            f"{int(loose.sum())} of {len(found.lambdas)} solutions are not proved; at lambda "
            f"{found.lambdas[worst]:.3g}: {found.reasons[worst]}.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return Glmnet(
        found.lambdas,
        found.a0.T,
        parted(call, found.coefs),
        found.deviance_ratio,
        _null_deviance(call),
        call.names,
        call,
    )


def _null_deviance(call: Call) -> float:
    """With the weights as they were given; R gives mgaussian intercepts here whatever was asked for."""
    problem = call.problem
    if isinstance(problem.loss, CoupledLoss):
        fit = problem.loss.deviance_of(problem.y, problem.offset[:, None], problem.sample_weight)  # type: ignore[attr-defined]
        return float(call.weights.sum() * fit[0])
    free = replace(problem, fit_intercept=True) if call.family == "mgaussian" else problem
    null = null_eta(free, problem.sample_weight / problem.n)
    return float(call.weights @ problem.loss.deviance(problem.y, null))
