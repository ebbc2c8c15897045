"""Degrees of freedom of lasso, ridge and elastic net fits from small Gram matrices."""

from __future__ import annotations

import numpy as np
import scipy.linalg as sla
from numpy.typing import ArrayLike

from .ridge import Floats, GramRidge, check_factors, check_strengths, shifted_inverse, without_rounding

__all__ = ["effective_df", "effective_dfs"]


def effective_df(H: ArrayLike, l2: ArrayLike, strengths: ArrayLike) -> Floats:
    r"""Degrees of freedom of the fit on one active set A, for every strength.

    .. math:: \mathrm{df}(s) = \mathrm{tr}\; X_A (X_A^\top X_A + n s D)^{-1} X_A^\top
                             = \mathrm{tr}\; H (H + s D)^{-1}, \qquad D = \mathrm{diag}(l2)

    Without an l2 part it is the rank of the active columns (the number of non-zeros, as a rule). An
    intercept is one more. It is unbiased for the expected optimism of elastic nets on Gaussian targets; it
    does not count the search of best-subset or nonconvex penalties.

    Parameters
    ----------
    H : (a, a) array
        Gram matrix of the active, centred, scaled columns divided by n.
    l2 : (a,) array
        Their l2 factors (the penalty's own, not multiplied by the strength), >= 0.
    strengths : (L,) array
        >= 0, any order.

    Returns
    -------
    (L,) array

    Raises
    ------
    InputError
        Shapes that do not agree, negative or infinite factors.

    Examples
    --------
    >>> import numpy as np
    >>> effective_df(np.diag([1.0, 3.0]), [1.0, 1.0], [0.0, 1.0])
    array([2.  , 1.25])

    References
    ----------
    Zou, Hastie and Tibshirani (2007), On the degrees of freedom of the lasso; Tibshirani and Taylor (2012),
    Degrees of freedom in lasso problems.
    """
    H, strengths = np.asarray(H, dtype=np.float64), check_strengths(strengths)
    l2 = check_factors(l2, H.shape)
    if l2.size == 0:
        return np.zeros(strengths.size)
    if np.all(l2 > 0):
        root = 1.0 / np.sqrt(l2)
        values = without_rounding(sla.eigh(H * root * root[:, None], eigvals_only=True, check_finite=False))
        return shifted_inverse(values, strengths) @ values
    return GramRidge.decompose(H, l2).df(strengths)


def effective_dfs(H: ArrayLike, l2: ArrayLike, strengths: ArrayLike, active: ArrayLike) -> Floats:
    r"""Degrees of freedom along a path on which the active set changes.

    As :func:`effective_df` at each strength with its own active set. One Cholesky factor a strength,
    :math:`\mathrm{df} = |A| - s\,\|L^{-1} D^{1/2}\|_F^2`; one spectrum for a run of strengths with the same
    set; nothing but counting where no active column has an l2 part (columns in general position).

    Parameters
    ----------
    H : (m, m) array
        Gram matrix divided by n of all columns that are ever active.
    l2 : (m,) array
        Their l2 factors.
    strengths : (L,) array
    active : (L, m) bool array
        Which columns have a non-zero coefficient at each strength.

    Returns
    -------
    (L,) array

    Examples
    --------
    >>> import numpy as np
    >>> effective_dfs(np.diag([1.0, 3.0]), [1.0, 1.0], [3.0, 1.0], [[False, True], [True, True]])
    array([0.5 , 1.25])

    References
    ----------
    Tibshirani and Taylor (2012), Degrees of freedom in lasso problems.
    """
    H, strengths = np.asarray(H, dtype=np.float64), check_strengths(strengths)
    l2, active = check_factors(l2, H.shape), np.asarray(active, dtype=bool)
    df = active.sum(axis=1).astype(np.float64)
    changes = np.flatnonzero(np.any(active[1:] != active[:-1], axis=1)) + 1
    for run in np.split(np.arange(strengths.size), changes):
        columns = np.flatnonzero(active[run[0]]) if run.size else run
        if l2[columns].any():
            df[run] = _run(H[np.ix_(columns, columns)], l2[columns], strengths[run])
    return df


def _run(H: Floats, l2: Floats, strengths: Floats) -> Floats:
    """A run of strengths on one active set: the cheaper of factors and spectrum (some 8 factors)."""
    if strengths.size > 8:
        return effective_df(H, l2, strengths)
    return np.concatenate([_by_factor(H, l2, strengths[k : k + 1]) for k in range(strengths.size)])


def _by_factor(H: Floats, l2: Floats, strength: Floats) -> Floats:
    """One strength by a Cholesky factor, or by the spectrum where the matrix is close to singular."""
    potrf, trtri = sla.get_lapack_funcs(("potrf", "trtri"), (H,))
    shifted = H.copy()
    shifted[np.diag_indices_from(shifted)] += strength * l2
    factor, failed = potrf(shifted, lower=1, clean=1)
    pivots = np.diag(factor)
    if failed or np.square(pivots.min()) <= 1e-12 * np.diag(shifted).max():
        return effective_df(H, l2, strength)
    inverse, _ = trtri(factor, lower=1)
    return l2.size - strength * (np.square(inverse) @ l2).sum()
