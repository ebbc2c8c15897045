"""Exact ridge for every strength from one eigendecomposition of the Gram matrix (n >= p)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sla
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

__all__ = ["GramRidge", "gcv", "leave_one_out", "ridge_from_gram"]

Floats = NDArray[np.float64]
_ROWS = 1024  # rows whose scores are held at a time


@dataclass(frozen=True, slots=True)
class GramRidge:
    r"""One decomposition of a Gram matrix that answers every question about its ridge path.

    The ridge solution at strength :math:`s` solves

    .. math:: (H + s\,\mathrm{diag}(d))\, b = c, \qquad
              H = \tfrac1n X^\top W X,\quad c = \tfrac1n X^\top W y,

    with centred columns and weights that sum to :math:`n`. Columns with :math:`d_j = 0` are not penalised
    and are eliminated exactly (Schur complement); the rest is rescaled by :math:`d^{-1/2}` and decomposed
    once, after which a strength costs two matrix-vector products.

    Prefer it when ``n >= p`` and ``p`` is at most a few thousand; with ``p > n`` use
    :class:`~regularfit.lockstep.ridge_kernel.KernelRidge`, with both large
    :func:`~regularfit.lockstep.ridge_iterative.iterate_ridge`.

    Attributes
    ----------
    free, held : integer arrays
        The columns without and with a penalty.
    elimination : (free, held) array
        Regression of the penalised columns on the free ones, :math:`H_{UU}^{+} H_{UP}`.
    free_root : (free, rank) array
        A matrix R with :math:`R R^\top = H_{UU}^{+}`.
    values, vectors : (held,), (held, held) arrays
        Spectrum of the rescaled Schur complement; the vectors are already multiplied by :math:`d^{-1/2}`.

    Examples
    --------
    >>> import numpy as np
    >>> spectrum = GramRidge.decompose(np.diag([1.0, 3.0]), np.ones(2))
    >>> spectrum.coefs(np.array([2.0, 4.0]), [1.0])
    array([[1., 1.]])
    >>> spectrum.df([1.0])
    array([1.25])

    References
    ----------
    Hoerl and Kennard (1970), Ridge regression: biased estimation for nonorthogonal problems.
    """

    free: NDArray[np.intp]
    held: NDArray[np.intp]
    elimination: Floats
    free_root: Floats
    values: Floats
    vectors: Floats

    @classmethod
    def decompose(cls, H: ArrayLike, l2: ArrayLike) -> GramRidge:
        """Decompose a positive semidefinite ``H`` (p, p) for the finite penalty factors ``l2`` (p,) >= 0."""
        H = np.asarray(H, dtype=np.float64)
        l2 = check_factors(l2, H.shape)
        free, held = np.flatnonzero(l2 == 0), np.flatnonzero(l2 > 0)
        root = _pseudo_inverse_root(H[np.ix_(free, free)])
        coupling = H[np.ix_(free, held)]
        elimination = root @ (root.T @ coupling)
        shrink = 1.0 / np.sqrt(l2[held])
        inner = H[np.ix_(held, held)] if held.size < l2.size else H
        if free.size:
            inner = inner - coupling.T @ elimination
        values, vectors = symmetric_spectrum(inner * shrink * shrink[:, None])
        # Taking the free columns out rounds as much as what they are taken out of, times their condition number.
        before = float((H[held, held] * shrink * shrink).max(initial=0.0)) if free.size else 0.0
        sizes = np.square(root).sum(axis=0)
        condition = sizes.max() / sizes.min() if sizes.size else 1.0
        kept = without_rounding(values, before * condition)
        return cls(free, held, elimination, root, kept, vectors * shrink[:, None])

    def coefs(self, c: ArrayLike, strengths: ArrayLike) -> Floats:
        """Coefficients (L, p) at all ``strengths`` (L,) for the right-hand side ``c`` (p,)."""
        c = np.asarray(c, dtype=np.float64)
        part = self.vectors.T @ (c[self.held] - self.elimination.T @ c[self.free])
        inverse = shifted_inverse(self.values, check_strengths(strengths))
        coefs = np.empty((inverse.shape[0], c.size))
        held = (inverse * part) @ self.vectors.T
        coefs[:, self.held] = held
        coefs[:, self.free] = self.free_root @ (self.free_root.T @ c[self.free]) - held @ self.elimination.T
        return coefs

    def df(self, strengths: ArrayLike) -> Floats:
        """Trace of the hat matrix (L,), without the one degree of freedom of an intercept."""
        inverse = shifted_inverse(self.values, check_strengths(strengths))
        return self.free_root.shape[1] + inverse @ self.values

    def leverages(self, rows: ArrayLike, weights: ArrayLike, strengths: ArrayLike) -> Floats:
        r"""Diagonal of the hat matrix (m, L) for ``rows`` (m, p), a block of the centred rows behind ``H``.

        ``weights`` (m,) are :math:`w_i / n` when :math:`H = X^\top W X / n`. An intercept adds exactly
        ``weights`` to every column of the result (its column is orthogonal to the centred ones).
        """
        rows, weights = np.asarray(rows, dtype=np.float64), np.asarray(weights, dtype=np.float64)
        inverse = shifted_inverse(self.values, check_strengths(strengths))
        out = np.empty((rows.shape[0], inverse.shape[0]))
        for start in range(0, rows.shape[0], _ROWS):
            part = slice(start, start + _ROWS)
            outer, inner = rows[part, self.free], rows[part] if not self.free.size else rows[part, self.held]
            scores = (inner - outer @ self.elimination if self.free.size else inner) @ self.vectors
            base = np.square(outer @ self.free_root).sum(axis=1)
            out[part] = (base[:, None] + np.square(scores, out=scores) @ inverse.T) * weights[part, None]
        return out


def ridge_from_gram(H: ArrayLike, c: ArrayLike, l2: ArrayLike, strengths: ArrayLike) -> tuple[Floats, Floats]:
    r"""Solve :math:`(H + s\,\mathrm{diag}(l2))\,b = c` for every strength :math:`s` at once.

    Prefer :class:`GramRidge` when leverages or several right-hand sides are wanted as well.

    Parameters
    ----------
    H : (p, p) array
        Symmetric, positive semidefinite: the weighted, centred Gram matrix divided by n.
    c : (p,) array
        The weighted, centred cross product with the target divided by n.
    l2 : (p,) array
        Penalty factors, finite and >= 0; 0 leaves a column unpenalised. Excluded columns are removed by the
        caller.
    strengths : (L,) array
        Any order, >= 0; 0 gives the least squares solution of least penalty.

    Returns
    -------
    coefs : (L, p) array
    df : (L,) array
        Trace of the hat matrix, without an intercept.

    Raises
    ------
    InputError
        Shapes that do not agree, negative or infinite factors, negative strengths.

    Examples
    --------
    >>> import numpy as np
    >>> ridge_from_gram(np.eye(2), np.array([1.0, 1.0]), np.array([1.0, 0.0]), [1.0])
    (array([[0.5, 1. ]]), array([1.5]))

    References
    ----------
    Hoerl and Kennard (1970); Golub, Heath and Wahba (1979).
    """
    alone = _one_strength(
        np.asarray(H, np.float64), np.asarray(c, np.float64), np.asarray(l2), np.asarray(strengths)
    )
    if alone is not None:
        return alone
    spectrum = GramRidge.decompose(H, l2)
    return spectrum.coefs(c, strengths), spectrum.df(strengths)


def _one_strength(H: Floats, c: Floats, l2: Floats, strengths: Floats) -> tuple[Floats, Floats] | None:
    """One strength alone needs no spectrum: a Cholesky factor; None for several, or where digits would be lost."""
    if strengths.shape != (1,) or H.ndim != 2 or H.shape != (len(c), len(l2)) or not len(c):
        return None
    ridge = strengths[0] * l2
    if not (np.isfinite(ridge).all() and (ridge > 1e-8 * np.diag(H).max()).all()):
        return None
    factor = sla.cho_factor(H + np.diag(ridge), lower=True, check_finite=False)
    half = sla.solve_triangular(factor[0], np.diag(np.sqrt(ridge)), lower=True, check_finite=False)
    return sla.cho_solve(factor, c, check_finite=False)[None, :], np.array([len(c) - float((half**2).sum())])


def leave_one_out(residuals: ArrayLike, leverages: ArrayLike) -> Floats:
    r"""Residual of every row when that row is left out, without refitting: :math:`r_i / (1 - h_{ii})`.

    It equals brute force that deletes row i (with its weight) and keeps the **total** penalty :math:`n s`
    and the column scales. A refit of n - 1 rows at the same *strength* has the total penalty :math:`(n-1)s`:
    to reproduce that (equal weights), ask at the strengths ``s * (n - 1) / n``.

    Parameters
    ----------
    residuals, leverages : (n, L) arrays
        ``y - eta`` and the diagonal of the hat matrix, the intercept included in both.

    Returns
    -------
    (n, L) array
        NaN where a row alone determines a coefficient (leverage 1): its prediction without it does not exist.

    Examples
    --------
    >>> leave_one_out([[1.0]], [[0.5]])
    array([[2.]])

    References
    ----------
    Allen (1974), The relationship between variable selection and data augmentation (PRESS).
    """
    residuals, remaining = (
        np.asarray(residuals, dtype=np.float64),
        1.0 - np.asarray(leverages, dtype=np.float64),
    )
    usable = remaining > 64 * np.finfo(np.float64).eps
    return np.divide(residuals, remaining, out=np.full(residuals.shape, np.nan), where=usable)


def gcv(mean_squared_error: ArrayLike, df: ArrayLike, n: float) -> Floats:
    r"""Generalised cross-validation score :math:`\mathrm{mse}(s) / (1 - \mathrm{df}(s)/n)^2`.

    Leave-one-out with every leverage replaced by the average one: rotation invariant and cheap. Prefer
    leave-one-out where single rows have high leverage. Infinite where df reaches n.

    Parameters
    ----------
    mean_squared_error : (L,) array
        Weighted mean of the squared training residuals.
    df : (L,) array
        Trace of the hat matrix, the intercept included.
    n : float
        Number of training rows with a positive weight.

    Examples
    --------
    >>> gcv([1.0], [5.0], 10)
    array([4.])

    References
    ----------
    Golub, Heath and Wahba (1979), Generalized cross-validation as a method for choosing a good ridge
    parameter.
    """
    error, remaining = (
        np.asarray(mean_squared_error, dtype=np.float64),
        1.0 - np.asarray(df, dtype=np.float64) / n,
    )
    usable = remaining > 64 * np.finfo(np.float64).eps
    return np.divide(error, np.square(remaining), out=np.full(error.shape, np.inf), where=usable)


def shifted_inverse(values: Floats, strengths: Floats) -> Floats:
    """``1 / (values + s)`` as an (L, k) array; 0 where the sum drowns in the rounding of the largest value.

    The 0 is the pseudo-inverse: below rounding a direction carries no information, and dividing by it would
    only amplify noise.
    """
    shifted = values + strengths[:, None]
    return np.divide(1.0, shifted, out=np.zeros_like(shifted), where=shifted > _rounding(values))


def without_rounding(values: Floats, size: float = 0.0) -> Floats:
    """Eigenvalues of a semidefinite matrix with 0 for those that are within the rounding of the largest.

    ``size`` is that of numbers whose difference the matrix is, where they may be larger than what is left.
    """
    return np.where(values > _rounding(values, size), values, 0.0)


def _rounding(values: Floats, size: float = 0.0) -> float:
    largest = max(values.max(initial=0.0), size, np.finfo(np.float64).tiny)
    return values.size * np.finfo(np.float64).eps * largest


def symmetric_spectrum(matrix: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues (ascending) and eigenvectors; divide and conquer is LAPACK's fastest full solver."""
    if matrix.size == 0:
        return np.zeros(0), np.zeros((0, 0))
    return sla.eigh(matrix, driver="evd", check_finite=False)


def check_factors(l2: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Penalty factors as float64, refused unless finite, >= 0 and one per column of a square ``shape``."""
    l2 = np.asarray(l2, dtype=np.float64)
    if shape != l2.shape * 2 or l2.ndim != 1:
        raise InputError(
            f"H has shape {shape} and l2 {l2.shape}; a (p, p) matrix and (p,) factors are needed."
        )
    if not np.all(np.isfinite(l2) & (l2 >= 0)):
        raise InputError(
            "l2 has negative or non-finite factors; give finite factors >= 0 and drop excluded columns."
        )
    return l2


def check_strengths(strengths: ArrayLike) -> Floats:
    """Strengths as a float64 vector, refused unless finite and >= 0."""
    strengths = np.asarray(strengths, dtype=np.float64)
    if strengths.ndim != 1 or not np.all(np.isfinite(strengths) & (strengths >= 0)):
        raise InputError(
            "strengths must be a vector of finite numbers >= 0; give for example np.geomspace(1, 1e-4, 100)."
        )
    return strengths


def _pseudo_inverse_root(matrix: Floats) -> Floats:
    """R (k, rank) with R R' a generalised inverse of a small positive semidefinite matrix.

    The diagonal is scaled to 1 first, or a column in small units would be mistaken for rounding.
    """
    diagonal = np.diag(matrix)
    scale = np.divide(1.0, np.sqrt(np.abs(diagonal)), out=np.zeros(diagonal.size), where=diagonal > 0)
    values, vectors = symmetric_spectrum(matrix * scale * scale[:, None])
    kept = values > _rounding(values)
    return scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
