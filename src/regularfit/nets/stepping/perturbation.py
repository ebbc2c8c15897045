"""The worst weights nearby: where SAM takes its gradient."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .clipping import norm_of

__all__ = ["Perturbation"]


class Perturbation:
    r"""Moves weights to the worst place nearby, and back bit by bit.

    Parameters
    ----------
    parameters : what is moved, where it has a gradient.
    rho : how far, over all of them.
    eta : where given, distance is measured relative to \|w\| + eta, weight by weight (ASAM).

    Examples
    --------
    >>> w = torch.tensor([3.0, 0.0], requires_grad=True)
    >>> w.grad = torch.tensor([0.0, 2.0])
    >>> nearby = Perturbation([w], rho=0.5)
    >>> nearby.away(), w.tolist()
    (True, [3.0, 0.5])
    >>> nearby.back()
    >>> w.tolist()
    [3.0, 0.0]
    """

    def __init__(self, parameters: Sequence[Tensor], rho: float, eta: float | None = None) -> None:
        """Remember the parameters; the room for their copies is made once."""
        self.parameters, self.rho, self.eta = parameters, rho, eta
        self._copies: dict[int, Tensor] = {}

    @torch.no_grad()
    def away(self) -> bool:
        """Move by the gradients at hand, whatever their scale; False, and no move, where they are 0 or not finite."""
        moved = [(p, p.grad) for p in self.parameters if p.grad is not None]
        directions = [self._direction(p, grad) for p, grad in moved]
        norm = norm_of([a._values() if a.is_sparse else a for a, _ in directions])
        if not 0 < norm < float("inf"):
            return False
        for (p, _), (ascent, metric) in zip(moved, directions, strict=True):
            self._copy(p).copy_(p)
            p.add_(ascent if metric is None else ascent * metric, alpha=self.rho / norm)
        self._moved = [p for p, _ in moved]
        return True

    @torch.no_grad()
    def back(self) -> None:
        """Return to where :meth:`away` began."""
        for p in self._moved:
            p.copy_(self._copies[id(p)])

    def _direction(self, p: Tensor, grad: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the gradient, or T times it, and what to multiply it by once more: T or nothing."""
        if grad.is_sparse:
            grad = grad.coalesce()
        if self.eta is None:
            return grad, None
        if not grad.is_sparse:
            metric = p.abs() + self.eta
            return grad * metric, metric
        places = grad.indices()
        rows = p[tuple(places)].abs() + self.eta
        return _sparse(places, grad.values() * rows, p), _sparse(places, rows, p)

    def _copy(self, p: Tensor) -> Tensor:
        if id(p) not in self._copies:
            self._copies[id(p)] = torch.empty_like(p)
        return self._copies[id(p)]


def _sparse(places: Tensor, values: Tensor, like: Tensor) -> Tensor:
    """Return a sparse tensor whose places are those of a gradient, which has been checked."""
    return torch.sparse_coo_tensor(places, values, like.shape, is_coalesced=True, check_invariants=False)
