"""What glmnet returns: a path in R's words, with its predictions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from .._checks import check_choice
from .._typing import Vector
from ..designs import as_design
from ..errors import ConvergenceWarning, InputError
from ..lockstep.null import null_eta
from .call import Call
from .interpolation import between
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
    a0 : (L,) intercepts.
    beta : (p, L) sparse coefficients, on the scale of x.
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
        """Number of coefficients that are not zero, (L,)."""
        return np.diff(self.beta.tocsc().indptr)

    @property
    def dim(self) -> tuple[int, int]:
        """(p, L)."""
        return self.beta.shape

    @property
    def nobs(self) -> int:
        """Rows."""
        return self.call.problem.n

    @property
    def offset(self) -> bool:
        """Whether an offset was used, so that predictions need one."""
        return self.call.has_offset

    @property
    def classnames(self) -> tuple[Any, Any] | None:
        """The two labels of a binomial target; probabilities are of the second."""
        return self.call.classnames

    def coef(self, s: Any = None, exact: bool = False, gamma: Any = 1.0) -> Any:
        """Return intercept and coefficients, (p + 1,) at one lambda or (p + 1, k) at several.

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
        """Return predictions, (n,) at one lambda or (n, k) at several.

        Parameters
        ----------
        newx : (n, p), for all types but "coefficients" and "nonzero".
        s : one or several lambdas; None for those of the path.
        type_ : "link", "response", "class" (binomial), "coefficients" or "nonzero" (a list of positions, from 0).
        exact : fit again at ``s`` instead of drawing a straight line between neighbours.
        newoffset : (n,), needed where an offset was used.
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
            a0, coefs = fit.a0, fit.beta.T.toarray()
        else:
            a0, coefs = between(fit.lambda_, fit.a0, fit.beta.T.tocsr(), s)
        answer = predict_from(self.call, a0, coefs, newx, type_, newoffset)
        if s is None or np.ndim(s):
            return answer
        return answer[0] if isinstance(answer, list) else answer[:, 0]

    def plot(self, xvar: str = "lambda", *, gamma: float = 1.0, ax: Any = None) -> Any:
        """Draw the coefficients against ``xvar``: "lambda" (minus its log, as R does), "norm" or "dev".

        ``gamma`` below 1 draws the blend with the relaxed fits.
        """
        from .plots import plot_path

        return plot_path(self if gamma == 1 else blend(self, float(check_gamma(gamma)[0])), xvar, ax)


def predict_from(
    call: Call, a0: Vector, coefs: np.ndarray, newx: Any, type_: str, newoffset: Any
) -> np.ndarray | list[np.ndarray]:
    """Return predictions of models (k,), (k, p) in columns."""
    if type_ == "coefficients":
        return np.vstack([a0, coefs.T])
    if type_ == "nonzero":
        return [np.flatnonzero(coef) for coef in coefs]
    if newx is None:
        raise InputError(f"type_={type_!r} needs newx.")
    if type_ == "class" and call.family != "binomial":
        raise InputError("type_='class' is for family='binomial'.")
    design = as_design(newx.to_numpy() if hasattr(newx, "to_numpy") else newx, "newx")
    if design.p != coefs.shape[1]:
        raise InputError(f"newx has {design.p} columns, but x had {coefs.shape[1]}.")
    eta = design.rows_times(np.arange(design.n), np.ascontiguousarray(coefs.T)) + a0
    if call.has_offset:
        if newoffset is None:
            raise InputError("An offset was used in the fit, so newoffset is needed.")
        eta = eta + np.ravel(np.asarray(newoffset, dtype=np.float64))[:, None]
    if type_ == "link":
        return eta
    if type_ == "response":
        return call.problem.loss.mean(eta)
    return np.asarray(call.classnames)[(eta > 0).astype(int)]


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
    problem = call.problem
    null = null_eta(problem, problem.sample_weight / problem.n)
    nulldev = float(call.weights @ problem.loss.deviance(problem.y, null))
    return Glmnet(
        found.lambdas,
        found.a0,
        sparse.csc_matrix(found.coefs.T),
        found.deviance_ratio,
        nulldev,
        call.names,
        call,
    )
