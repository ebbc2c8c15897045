"""A penalty that takes a column's coefficients over all outputs together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast, final

import numpy as np

from .._checks import check_positive
from .._typing import ArrayLike, Matrix, Vector
from ..errors import InputError, UnsupportedError
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates
from .elastic_net import ElasticNet
from .l1 import L1

__all__ = ["AcrossOutputs"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class AcrossOutputs(Penalty):
    r"""A penalty on rows of the coefficient matrix: what ``L1().across_outputs()`` returns.

    .. math:: P(B) = \sum_j l_{1j} \lVert B_j \rVert_2 + \tfrac12 l_{2j} \lVert B_j \rVert_2^2

    where row :math:`B_j` holds the coefficients of column j for all outputs (classes, or targets), and :math:`l_1,
    l_2` are the weights of the penalty inside: a column is in for all outputs or out for all. It is scikit-learn's
    MultiTaskLasso and MultiTaskElasticNet, glmnet's ``family="mgaussian"`` and ``type.multinomial="grouped"``. With
    one output it is the penalty inside.

    Prefer it where the same columns should explain all outputs; not where each output has columns of its own.

    Parameters
    ----------
    penalty : L1, L2, ElasticNet, their sums, factors and choices of columns; without bounds.

    Raises
    ------
    UnsupportedError
        For bounds, and for penalties that are not made of l1 and l2.

    Examples
    --------
    >>> L1().across_outputs().prox(np.array([[3.0, 4.0], [0.3, 0.4]]), step=1.0)
    array([[2.4, 3.2],
           [0. , 0. ]])

    References
    ----------
    Obozinski, G., Taskar, B. & Jordan, M. (2010). Joint covariate selection and joint subspace selection for multiple
    classification problems. Statistics and Computing 20.
    """

    penalty: NormalFormPenalty

    def __post_init__(self) -> None:
        """Refuse what has no norm of rows."""
        if not isinstance(self.penalty, NormalFormPenalty) or not self.penalty.convex:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UnsupportedError(
                f"{self.penalty!r}.across_outputs(): only L1, L2, ElasticNet and their sums, factors and choices of "
                "columns are known across outputs; use L1().across_outputs()."
            )

    @property
    def traits(self) -> Traits:
        """Those of the penalty inside; separable with one output."""
        return self.penalty.traits

    def coordinates(self, p: int) -> Coordinates:
        """Return the normal form of the penalty inside: the weights of every row."""
        form = self.penalty.coordinates(p)
        if np.isfinite(form.lower).any() or np.isfinite(form.upper).any():
            self._refuse_bounds()
        return form

    def value(self, w: Vector | Matrix) -> float:
        """Return P(w) for (p,) or (p, K)."""
        rows = _rows(w)
        form, size = self.coordinates(len(rows)), np.linalg.norm(rows.astype(np.float64), axis=1)
        return form.value(size)

    def prox(self, v: Vector | Matrix, step: float) -> Any:
        """Return argmin_w ||w - v||^2 / 2 + step P(w), of the shape of ``v``."""
        rows, step = _rows(v), check_positive(step, "step")
        if rows.shape[1] == 1:
            return self.penalty.prox(rows[:, 0], step).reshape(np.shape(v))
        size = np.linalg.norm(rows.astype(np.float64), axis=1)
        share = self.coordinates(len(rows)).prox(size, step) / np.where(size > 0, size, 1.0)
        return (rows * share[:, None]).astype(rows.dtype)

    def kkt(self, w: Vector | Matrix, grad: Vector | Matrix) -> Any:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, one number an entry."""
        rows, slopes = _rows(w), _rows(grad)
        if rows.shape != slopes.shape:
            raise InputError(f"w has shape {rows.shape} and grad {slopes.shape}; they must be the same.")
        if rows.shape[1] == 1:
            return self.penalty.kkt(rows[:, 0], slopes[:, 0]).reshape(np.shape(w))
        return row_distance(self.coordinates(len(rows)), rows, slopes)

    def strength_max(self, grad0: Vector | Matrix) -> float:
        """Return the smallest strength at which all penalised rows are 0."""
        slopes = _rows(grad0)
        return self.coordinates(len(slopes)).strength_max(np.linalg.norm(slopes, axis=1))

    def resolve(self, feature_names: Sequence[str] | None) -> AcrossOutputs:
        """Replace column names by positions."""
        return replace(self, penalty=self.penalty.resolve(feature_names))

    def scaled(self, factor: float) -> AcrossOutputs:
        """Return ``factor * self``."""
        return AcrossOutputs(cast("NormalFormPenalty", self.penalty.scaled(factor)))

    def weighted(self, factors: ArrayLike) -> AcrossOutputs:
        """Return the penalty with one factor per column, (p,)."""
        return AcrossOutputs(cast("NormalFormPenalty", self.penalty.weighted(factors)))

    def on(self, *columns: Any) -> AcrossOutputs:
        """Return the penalty on some columns."""
        return AcrossOutputs(cast("NormalFormPenalty", self.penalty.on(*columns)))

    def bounded(self, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> Penalty:
        """Refuse: the proximal step of a bounded row has no closed form."""
        self._refuse_bounds()

    def _refuse_bounds(self) -> NoReturn:
        raise UnsupportedError(
            f"{self!r}: bounds on the coefficients of a row that is penalised as one are not built. Use the "
            "bounded penalty without across_outputs()."
        )

    def across_outputs(self) -> AcrossOutputs:
        """Return the same."""
        return self

    def __add__(self, other: Penalty) -> Penalty:
        """Return the sum with another penalty across outputs."""
        if isinstance(other, AcrossOutputs):
            return AcrossOutputs(cast("NormalFormPenalty", self.penalty + other.penalty))
        raise UnsupportedError(
            f"{self!r} + {other!r}: no proximal step is known for this. Both terms must be across outputs, as "
            "(L1() + L2()).across_outputs()."
        )

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return L1, and a mixture with factors and an excluded column."""
        mixed = ElasticNet(0.5).weighted([1.0, 2.0, 0.0, np.inf, 0.5])
        return [cls(L1()), cls(cast("NormalFormPenalty", mixed))]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        inner = repr(self.penalty)
        return f"({inner}).across_outputs()" if " + " in inner else f"{inner}.across_outputs()"


def row_distance(form: Coordinates, w: Matrix, grad: Matrix) -> Matrix:
    """Distance of ``-grad`` to the subdifferential of the row norms, (p, K); inf where an excluded row is used."""
    size = np.linalg.norm(w, axis=1)
    l1 = np.where(np.isinf(form.l1), 0.0, form.l1)
    pull = grad + form.l2[:, None] * w
    inside = pull + l1[:, None] * w / np.where(size > 0, size, 1.0)[:, None]
    length = np.linalg.norm(grad, axis=1)
    share = np.maximum(1.0 - l1 / np.where(length > 0, length, np.inf), 0.0)
    out = np.abs(np.where((size > 0)[:, None], inside, grad * share[:, None]))
    out[np.isinf(form.l1)] = 0.0
    out[np.isinf(form.l1) & (size > 0)] = np.inf
    return out


def _rows(w: Vector | Matrix) -> Matrix:
    """Coefficients as (p, K); integers become float64."""
    array = np.asarray(w)
    if array.ndim not in (1, 2):
        raise InputError(f"Coefficients are (p,) or (p, K); the shape given is {array.shape}.")
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    return array[:, None] if array.ndim == 1 else array
