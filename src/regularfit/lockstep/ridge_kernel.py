"""Exact ridge for p > n: every lane and strength from one n x n kernel of all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg as sla
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from .ridge import Floats, check_strengths, shifted_inverse, symmetric_spectrum, without_rounding

__all__ = ["KernelFit", "KernelRidge", "penalty_kernel", "ridge_from_kernel"]

_BLOCK_BYTES = 2**25


@dataclass(frozen=True, slots=True)
class KernelFit:
    """Everything :func:`ridge_from_kernel` knows about one lane, strengths along the last axis.

    Attributes
    ----------
    duals : (n, L) array
        The coefficients of the penalised columns are ``(Xc.T @ duals) / d`` (see :func:`penalty_kernel`);
        rows of weight 0 have dual 0. Each column is orthogonal to every fixed column, so centring does not
        change the result.
    fixed_coefs : (u, L) array
        Coefficients of the fixed columns; of the intercept, relative to the columns the kernel was built
        from.
    eta : (n, L) array
        Predictions for **all** rows, held-out rows included.
    df : (L,) array
        Trace of the hat matrix, fixed columns (so an intercept among them) included.
    loo : (n, L) array
        Leave-one-out residuals (total penalty kept, see :func:`~regularfit.lockstep.ridge.leave_one_out`);
        NaN on rows of weight 0.
    gcv : (L,) array
        Generalised cross-validation score.
    """

    duals: Floats
    fixed_coefs: Floats
    eta: Floats
    df: Floats
    loo: Floats
    gcv: Floats


@dataclass(frozen=True, slots=True)
class KernelRidge:
    r"""One decomposition of a lane's training kernel that answers every question about its ridge path.

    With :math:`\pi_i = w_i/\sum w`, fixed (unpenalised) columns F, such as the intercept, and Q an
    orthonormal basis of :math:`\Pi^{1/2} F`, it decomposes

    .. math:: M = (I - QQ^\top)\,\Pi^{1/2} K\, \Pi^{1/2} (I - QQ^\top), \qquad
              K = X\,\mathrm{diag}(d)^{-1} X^\top,

    on the complement of Q. For F = 1 this is the double centring of the kernel by the lane's own weighted
    mean. A fold of a cross-validation is a weight vector with zeros on the held-out rows: its training
    kernel is a block of the shared K, so the columns of X are read once for all folds and strengths.

    Prefer it when ``p > n`` and ``n`` is at most a few thousand. It never forms ``X.T @ X``.

    Attributes
    ----------
    rows : (m,) integer array
        The rows of positive weight.
    root_weights : (m,) array
        :math:`\Pi^{1/2}` on these rows.
    kept : integer array
        The fixed columns that are independent of the ones before them on these rows; the others get 0.
    basis, triangle : (m, u), (u, u) arrays
        Q and R of the weighted kept columns.
    values, vectors : (m - u,), (m, m - u) arrays
        Spectrum of M on the complement of Q.

    References
    ----------
    Saunders, Gammerman and Vovk (1998), Ridge regression learning algorithm in dual variables.
    """

    rows: NDArray[np.intp]
    root_weights: Floats
    kept: NDArray[np.intp]
    basis: Floats
    triangle: Floats
    values: Floats
    vectors: Floats

    @classmethod
    def decompose(cls, K: Floats, weights: ArrayLike, fixed: Floats) -> KernelRidge:
        """Decompose the block of ``K`` (n, n) with positive ``weights``, given ``fixed`` columns (n, u)."""
        weights = np.asarray(weights, dtype=np.float64)
        rows = np.flatnonzero(weights > 0)
        root = np.sqrt(weights[rows] / weights[rows].sum())
        outer = root[:, None] * fixed[rows]
        kept = _independent(outer)
        basis, triangle = np.linalg.qr(outer[:, kept])
        inner = K[np.ix_(rows, rows)] * root * root[:, None]
        inner -= basis @ (basis.T @ inner)
        inner -= (inner @ basis) @ basis.T
        # Shifting Q below zero splits it from the other null directions: dropping u vectors removes just Q.
        inner -= (max(np.diag(inner).max(initial=0.0), np.finfo(np.float64).tiny)) * (basis @ basis.T)
        values, vectors = symmetric_spectrum(inner)
        u = basis.shape[1]
        return cls(rows, root, kept, basis, triangle, without_rounding(values[u:]), vectors[:, u:])

    def fit(self, K: Floats, y: ArrayLike, strengths: ArrayLike, fixed: Floats) -> KernelFit:
        """Fit the target ``y`` (n,) at ``strengths`` (L,) > 0; ``K`` and ``fixed`` as given to decompose."""
        strengths, y = check_strengths(strengths), np.asarray(y, dtype=np.float64)
        target = self.root_weights * y[self.rows]
        inverse = shifted_inverse(self.values, strengths).T
        scaled = self.vectors @ (inverse * (self.vectors.T @ target)[:, None])
        duals = np.zeros((y.size, strengths.size))
        duals[self.rows] = self.root_weights[:, None] * scaled
        penalised = K[:, self.rows] @ duals[self.rows]
        open_target = target[:, None] - self.root_weights[:, None] * penalised[self.rows]
        fixed_coefs = np.zeros((fixed.shape[1], strengths.size))
        fixed_coefs[self.kept] = sla.solve_triangular(self.triangle, self.basis.T @ open_target)
        df = self.basis.shape[1] + self.values @ inverse
        loo, mean_gap = self._leave_one_out(scaled, inverse, y.size)
        score = np.full(strengths.size, np.inf)
        np.divide(np.square(scaled).sum(axis=0), np.square(mean_gap), out=score, where=mean_gap > 0)
        return KernelFit(duals, fixed_coefs, penalised + fixed @ fixed_coefs, df, loo, score)

    def _leave_one_out(self, scaled: Floats, inverse: Floats, n: int) -> tuple[Floats, Floats]:
        """Leave-one-out residuals (n, L) and the mean of 1 - leverage over s (L,).

        Residual and 1 - leverage both contain the factor s; it is cancelled by hand, which keeps both exact
        down to the interpolating fit.
        """
        gap = np.square(self.vectors) @ inverse
        usable = gap > 64 * np.finfo(np.float64).eps * gap.max(axis=0, initial=0.0)
        loo = np.full((n, scaled.shape[1]), np.nan)
        held_out = np.divide(scaled, gap, out=np.full_like(scaled, np.nan), where=usable)
        loo[self.rows] = held_out / self.root_weights[:, None]
        return loo, gap.mean(axis=0)


def ridge_from_kernel(
    K: ArrayLike, y: ArrayLike, weights: ArrayLike, strengths: ArrayLike, fixed: ArrayLike | None = None
) -> KernelFit:
    r"""Ridge of one lane at every strength from the kernel of all rows.

    Minimises :math:`\sum_i \pi_i (y_i-\eta_i)^2/2 + s \sum_j d_j b_j^2/2` with :math:`\pi = w/\sum w`.

    Parameters
    ----------
    K : (n, n) array
        :func:`penalty_kernel` of all rows, shared by all lanes (unless columns are rescaled lane by lane).
    y : (n,) array
        The target, less any offset.
    weights : (n,) array
        The lane: 0 holds a row out, 2 counts it twice.
    strengths : (L,) array
        Positive, any order.
    fixed : (n, u) array, optional
        Unpenalised columns. By default the intercept; ``np.empty((n, 0))`` fits none. Of columns that are
        dependent on the lane's rows (constant in a fold, say) the later ones get the coefficient 0.

    Returns
    -------
    KernelFit

    Raises
    ------
    InputError
        Negative strengths.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 2.0, 7.0])
    >>> fit = ridge_from_kernel(penalty_kernel(X, np.ones(1)), y, [1.0, 1.0, 0.0], [0.25])
    >>> np.round(fit.eta[:, 0], 6)
    array([0.5, 1.5, 2.5])

    References
    ----------
    Saunders, Gammerman and Vovk (1998), Ridge regression learning algorithm in dual variables.
    """
    K = np.asarray(K, dtype=np.float64)
    columns = np.ones((K.shape[0], 1)) if fixed is None else np.asarray(fixed, dtype=np.float64)
    return KernelRidge.decompose(K, weights, columns).fit(K, y, strengths, columns)


def penalty_kernel(X: Any, d: ArrayLike, centre: ArrayLike | None = None) -> Floats:
    r"""The (n, n) kernel :math:`(X - 1m^\top)\,\mathrm{diag}(d)^{-1} (X - 1m^\top)^\top` of all rows.

    A penalty on standardised coefficients has :math:`d_j = l2_j\,\mathrm{scale}_j^2`. Scales that belong to
    a lane make d, and so K, its own: :math:`n^2 p` operations a lane, about the cost of its decomposition
    while p is some 20 n. (No exact shortcut exists: every :math:`d_j` moves on its own, so the change of K
    has full rank.) Centring by any common point m leaves the fit unchanged (an intercept is fitted) and
    protects it from cancellation.

    Parameters
    ----------
    X : (n, p) dense array or SciPy sparse array
        Any float type; accumulated in float64, a block of columns at a time. Sparse input is never densified.
    d : (p,) array
        Positive penalty of each column on the scale of X; ``inf`` excludes a column.
    centre : (p,) array, optional
        m, the column means of all rows as a rule.

    Examples
    --------
    >>> import numpy as np
    >>> penalty_kernel(np.array([[1.0, 0.0], [1.0, 2.0]]), [1.0, 4.0])
    array([[1., 1.],
           [1., 2.]])
    """
    root = 1.0 / np.sqrt(np.asarray(d, dtype=np.float64))
    shift = np.zeros(root.size) if centre is None else np.asarray(centre, dtype=np.float64)
    if sp.issparse(X):
        return _sparse_kernel(X, root, shift)
    K = np.zeros((X.shape[0], X.shape[0]))
    step = max(1, _BLOCK_BYTES // (8 * max(1, X.shape[0])))
    for start in range(0, root.size, step):
        part = slice(start, start + step)
        block = (X[:, part] - shift[part]) * root[part]
        K += block @ block.T
    return K


def _sparse_kernel(X: Any, root: Floats, shift: Floats) -> Floats:
    """The kernel of a sparse matrix, centred after the product so that nothing but K is dense."""
    scaled = sp.csr_array(X, dtype=np.float64) @ sp.diags_array(root)
    shift = shift * root
    product: Any = scaled @ scaled.T
    K = product.toarray()
    row = scaled @ shift
    K -= row
    K -= row[:, None]
    K += shift @ shift
    return K


def _independent(columns: Floats) -> NDArray[np.intp]:
    """The columns that are not combinations of the ones before them (Gram-Schmidt, twice is enough)."""
    basis = np.empty((columns.shape[0], 0))
    kept = []
    for j, column in enumerate(columns.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > 1e-10 * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / size])
            kept.append(j)
    return np.array(kept, dtype=np.intp)
