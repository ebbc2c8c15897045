"""Confidence intervals for lasso coefficients: the shrinkage is taken back, and what is left is nearly normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from scipy import stats

from .._checks import check_fraction, check_positive
from .._typing import Vector
from ..designs import Design
from ..errors import InputError
from ..inputs.table import Table, read_table
from ..inputs.targets import read_target
from ..lockstep.nodewise import nodewise
from ..lockstep.threads import thread_count, workers
from ..penalties import L1
from ._quietly import fit_quietly
from .regressor import PenalizedRegressor

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DebiasedLasso", "debiased_lasso"]

SHARE = (
    0.25  # of the theory's rate: at the rate itself intervals of large effects cover too rarely (benchmarks/)
)


@dataclass(frozen=True, eq=False)
class DebiasedLasso:
    """Estimates without shrinkage, with their standard errors.

    Parameters
    ----------
    coef : (p,) debiased coefficients on the scale of X.
    standard_error : (p,)
    lasso : (p,) the lasso's coefficients, which were debiased.
    strength, nodewise_strength : of the lasso, and of the lassos of columns on columns.
    noise : standard deviation of the errors.
    names : (p,) the columns' names, or None where X had none.
    """

    coef: Vector
    standard_error: Vector
    lasso: Vector
    strength: float
    nodewise_strength: float
    noise: float
    names: tuple[str, ...] | None = None

    def interval(self, level: float = 0.95) -> np.ndarray:
        """Return lower and upper ends, (p, 2); each covers its coefficient with about this probability.

        They are not adjusted for how many columns there are: for all at once give ``1 - (1 - level) / p``.
        """
        share = check_fraction(level, "level", "0.95 is usual.")
        if share in (0, 1):
            raise InputError(f"level must lie strictly between 0 and 1; {level!r} was given. 0.95 is usual.")
        half = stats.norm.isf((1 - share) / 2) * self.standard_error
        return np.column_stack([self.coef - half, self.coef + half])

    @property
    def p_values(self) -> Vector:
        """Two-sided, of "this coefficient is 0", each for itself, (p,)."""
        return 2 * stats.norm.sf(np.abs(self.coef) / self.standard_error)

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a column: both estimates, the standard error, the interval and the p-value."""
        import pandas as pd

        ends = self.interval(level)
        names = self.names or tuple(f"x{j}" for j in range(len(self.coef)))
        return pd.DataFrame(
            {
                "column": list(names),
                "lasso": self.lasso,
                "coef": self.coef,
                "standard_error": self.standard_error,
                "lower": ends[:, 0],
                "upper": ends[:, 1],
                "p_value": self.p_values,
            }
        )


def debiased_lasso(
    X: Any,
    y: Any,
    *,
    strength: float | None = None,
    nodewise_strength: float | None = None,
    noise: float | None = None,
    cv: Any = 10,
    n_jobs: int | None = None,
    random_state: Any = 0,
) -> DebiasedLasso:
    r"""Return confidence intervals for every coefficient of a linear model, also with more columns than rows.

    .. math:: \hat b^{d} = \hat b + \tfrac1n \Theta X^\top (y - X \hat b), \qquad
              \mathrm{se}_j = \hat\sigma \sqrt{(\Theta \hat\Sigma \Theta^\top)_{jj} / n}

    Theta stands in for the inverse of the columns' covariance: its row j comes from a lasso of column j on all others.
    These p lassos are lanes that share one Gram matrix. Prefer it for "how large is this effect, and how sure is that";
    the lasso's own coefficients are shrunk, and a bootstrap of them does not mend it. It needs errors of one spread,
    a true model that is sparse (fewer effects than about sqrt(n) / log p) and columns that are not nearly copies:
    simulated intervals of nominal 95 % covered effects 93 % of the time at correlation 0.5 and 86 % at 0.8 (n = 100,
    p = 200). With n well above p least squares is simpler and exact.

    Parameters
    ----------
    X : (n, p) array or table of numbers, dense.
    y : (n,) target.
    strength : float > 0 or None
        Of the lasso; None chooses by cross-validation.
    nodewise_strength : float > 0 or None
        Of the lassos of columns on columns, which have unit spread; None is sqrt(log(p) / n) / 4. A smaller one makes
        wider intervals with less bias.
    noise : float > 0 or None
        Standard deviation of the errors; None takes the lasso's residuals, with a degree of freedom less for each
        column in use.
    cv, n_jobs, random_state : as for :class:`PenalizedRegressor`.

    Returns
    -------
    DebiasedLasso
        ``coef``, ``standard_error``, ``interval(level)``, ``p_values``, ``to_frame()``.

    Raises
    ------
    InputError
        For numbers out of range, sparse X, constant columns, or a lasso that leaves no residuals.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(100, 150))
    >>> y = 2 * X[:, 0] + np.random.default_rng(1).normal(size=100)
    >>> found = rf.debiased_lasso(X, y)
    >>> low, high = found.interval(0.95)[0]
    >>> bool(low < 2 < high)
    True

    References
    ----------
    Zhang & Zhang (2014), JRSS B 76; van de Geer, Buhlmann, Ritov & Dezeure (2014), Annals of Statistics 42; Javanmard &
    Montanari (2014), JMLR 15.
    """
    table, target = _read(X, y)
    Z, spread = _standard(table)
    n, p = Z.shape
    mu = SHARE * float(np.sqrt(np.log(max(p, 2)) / n)) if nodewise_strength is None else nodewise_strength
    check_positive(mu, "nodewise_strength")
    settings: dict[str, Any] = {"cv": cv, "n_jobs": n_jobs, "random_state": random_state}
    model = fit_quietly(PenalizedRegressor(L1(), strength=strength, **settings), Z, target)
    r = target - model.predict(Z)
    sigma = _noise(r, int(np.count_nonzero(model.coef_)), n) if noise is None else noise
    check_positive(sigma, "noise")
    with workers(thread_count(n_jobs)) as team:
        theta, spreads = _inverse(Z.T @ Z / n, mu, team.threads)
    coef = model.coef_ + theta @ (Z.T @ r) / n
    return DebiasedLasso(
        coef / spread,
        sigma * spreads / np.sqrt(n) / spread,
        model.coef_ / spread,
        float(model.strength_),
        float(mu),
        float(sigma),
        table.names,
    )


def _read(X: Any, y: Any) -> tuple[Table, Vector]:
    table = read_table(X)
    if sp.issparse(table.values) or isinstance(table.values, Design):
        raise InputError(
            "debiased_lasso needs a dense X, as its p x p Gram matrix is dense; give X.toarray()."
        )
    if table.p < 2:
        raise InputError("X has 1 column; a lasso has nothing to choose from. Use least squares.")
    return table, read_target(y, table.n)


def _standard(table: Table) -> tuple[np.ndarray, Vector]:
    values = np.asarray(table.values, dtype=np.float64)
    still = np.flatnonzero(np.ptp(values, axis=0) == 0)
    if len(still):
        raise InputError(
            f"Column {still[0]} of X is constant, so it has no coefficient. Drop the constant columns."
        )
    centre, spread = values.mean(axis=0), values.std(axis=0)
    return (values - centre) / spread, spread


def _noise(r: Vector, used: int, n: int) -> float:
    left = n - 1 - used
    size = float(r @ r)
    if left < 1 or size <= 0:
        raise InputError(
            f"The lasso uses {used} columns on {n} rows, so its residuals say nothing of the noise. Give noise=, or a "
            "larger strength."
        )
    return float(np.sqrt(size / left))


def _inverse(gram: np.ndarray, strength: float, threads: int) -> tuple[np.ndarray, Vector]:
    """The approximate inverse of a Gram matrix of unit spreads, and the roots of diag(Theta gram Theta')."""
    B, _ = nodewise(gram, strength, threads)
    theta = np.eye(len(gram)) - B
    # tau_j^2 = z_j'(z_j - Z b)/n makes (Theta gram)_jj exactly 1.
    theta /= (theta * gram).sum(axis=1)[:, None]
    return theta, np.sqrt(np.einsum("ij,ij->i", theta @ gram, theta))
