"""Best subset selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from .._checks import check_positive
from .._typing import Vector
from ..errors import InputError
from ._base import Penalty, Traits, as_coefficients

__all__ = ["L0"]


@final
@dataclass(frozen=True, slots=True)
class L0(Penalty):
    r"""Keep few columns and estimate them without bias: a price for every column that is used (best subset).

    .. math:: P(w) = k \Bigl( \#\{j : w_j \ne 0\} + \frac{l_2}{2} \lVert w \rVert_2^2 \Bigr)

    Prefer it to L1 where the signal is strong and sparse, and false columns cost more than missed ones. Prefer L1 or
    ElasticNet where noise is large: the subset is then chosen by chance, and shrinkage predicts better (a little
    ``l2`` helps). Prefer MCP where a continuous path is wanted.

    Finding the best subset is a combinatorial problem. What is found is a **local** optimum, with the squared loss one
    that no column added, dropped or exchanged for another improves, each with all coefficients fitted anew; the best
    along the path, searched from both its ends. Nothing proves that no better subset exists. With other losses
    exchanges are judged on the loss's quadratic model, and kept where the loss itself agrees.

    Parameters
    ----------
    l2 : >= 0, finite: the ridge part for each column used, as a share of the price.
    strength : k > 0, finite; multiplies the strength of the fit. A column of unit variance is worth its price where
        it would lower the mean squared error by twice strength times k.

    Raises
    ------
    InputError
        If ``l2`` is negative or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> L0().prox(np.array([1.0, 1.5, 4.0]), step=1.0)
    array([0. , 1.5, 4. ])

    References
    ----------
    Hazimeh, H. and Mazumder, R. (2020). Fast best subset selection: coordinate descent and local combinatorial
    optimization algorithms. Operations Research 68.
    Zhu, J., Wen, C., Zhu, J., Zhang, H. and Wang, X. (2020). A polynomial algorithm for best-subset selection problem.
    PNAS 117.
    """

    l2: float = 0.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers."""
        l2 = self.l2 if self.l2 == 0 else check_positive(self.l2, "L0(l2)", "0 is none.")
        object.__setattr__(self, "l2", float(l2))
        object.__setattr__(self, "strength", check_positive(self.strength, "L0(strength)"))

    @property
    def traits(self) -> Traits:
        """Separable and sparse, neither convex nor continuous."""
        return Traits(separable=True, sparse=True)

    @property
    def jumps(self) -> bool:
        """It jumps from zero to k."""
        return True

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        w = as_coefficients(w, "w").astype(np.float64)
        return self.strength * (float(np.count_nonzero(w)) + 0.5 * self.l2 * float(w @ w))

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the shrunken ``v`` where using it is worth its price, else 0, (p,)."""
        v, step = as_coefficients(v, "v"), check_positive(step, "step")
        room = 1.0 + step * self.strength * self.l2
        used = v.astype(np.float64) ** 2 > 2.0 * step * self.strength * room
        return np.where(used, v / room, 0.0).astype(v.dtype)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the slope at ``w``; at zero every slope is one, so it is 0 there."""
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        if w.shape != grad.shape:
            raise InputError(
                f"w has {w.shape[0]} entries and grad {grad.shape[0]}; they must be equally long."
            )
        out = np.where(w == 0, 0.0, np.abs(grad + self.strength * self.l2 * w))
        return out.astype(np.result_type(w, grad), copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the strength at which no single column of unit variance is worth its price any more."""
        top = float(np.abs(as_coefficients(grad0, "grad0").astype(np.float64)).max(initial=0.0))
        # s k (1 + s k l2) = top^2 / 2, written so that nothing cancels
        return top * top / (1.0 + np.sqrt(1.0 + 2.0 * self.l2 * top * top)) / self.strength

    def scaled(self, factor: float) -> L0:
        """Return ``factor * self``."""
        return replace(self, strength=check_positive(factor, "factor * L0: the factor") * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return the count alone, and one with a ridge part."""
        return [cls(), cls(0.5, 0.3)]
