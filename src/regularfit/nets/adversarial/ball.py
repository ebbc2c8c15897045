"""Where an adversarial example may lie: within ``eps`` of its row, inside the domain, fixed features untouched."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..._checks import check_choice
from ..randomness import Stream
from .domain import Domain

__all__ = ["NORMS", "Ball", "ball_around"]

NORMS = ("linf", "l2")


class Ball(ABC):
    """The inputs within ``eps`` of the rows ``X`` in some norm, in units of the domain, and within its bounds.

    Parameters
    ----------
    X : the rows, floats.
    eps : the radius, in units of the domain.
    domain : bounds, unit and fixed features.
    """

    def __init__(self, X: Tensor, eps: float, domain: Domain) -> None:
        """Remember the rows and the box of the domain."""
        self.X, self.eps, self.unit = X, eps, domain.unit_of(X)
        self.low, self.high = domain.bounds_of(X)

    @abstractmethod
    def project(self, inputs: Tensor) -> Tensor:
        """Return the inputs pulled back into the ball and the domain."""

    @abstractmethod
    def ascend(self, inputs: Tensor, gradient: Tensor, step: float) -> Tensor:
        """Return the inputs one step of a length (in units) up the gradient, back in the ball."""

    @abstractmethod
    def random(self, stream: Stream) -> Tensor:
        """Return inputs at random in the ball."""


class Box(Ball):
    """Every feature at most ``eps`` units away."""

    def __init__(self, X: Tensor, eps: float, domain: Domain) -> None:
        """Join the ball and the domain to one box."""
        super().__init__(X, eps, domain)
        reach = self.unit * eps
        low, high = X - reach, X + reach
        self.low = low if self.low is None else torch.maximum(self.low, low, out=low)
        self.high = high if self.high is None else torch.minimum(self.high, high, out=high)

    def project(self, inputs: Tensor) -> Tensor:
        """Return the inputs cut to the box."""
        return torch.clamp(inputs, self.low, self.high)

    def ascend(self, inputs: Tensor, gradient: Tensor, step: float) -> Tensor:
        """Move every feature by the step, in the direction of the gradient's sign."""
        return self.project(torch.addcmul(inputs, gradient.sign().to(inputs.dtype), self.unit, value=step))

    def random(self, stream: Stream) -> Tensor:
        """Draw evenly within ``eps``, then cut to the domain."""
        u = stream.uniform(*self.X.shape, device=self.X.device).to(self.X.dtype)
        return self.project(torch.addcmul(self.X, 2.0 * u - 1.0, self.unit, value=self.eps))


class Sphere(Ball):
    """A row's features together at most ``eps`` units away, in Euclidean length."""

    def project(self, inputs: Tensor) -> Tensor:
        """Return the inputs pulled towards their row; cutting to the domain then only brings them nearer."""
        move = self._in_units(inputs - self.X)
        shrink = (self.eps / _lengths(move)).clamp(max=1.0)
        near = self.X + move * shrink * self.unit
        return near if self.low is None and self.high is None else torch.clamp(near, self.low, self.high)

    def ascend(self, inputs: Tensor, gradient: Tensor, step: float) -> Tensor:
        """Move by the step along the gradient in units; a row without a gradient stays."""
        move = self.unit_length(gradient.to(inputs.dtype) * self.unit)
        return self.project(inputs + step * move * self.unit)

    def random(self, stream: Stream) -> Tensor:
        """Draw evenly within ``eps``."""
        X = self.X
        d = max(int((self.unit > 0).expand_as(X[:1]).sum()), 1)
        radius = stream.at(0).uniform(len(X), device=X.device).to(X.dtype) ** (1.0 / d)
        reach = self.eps * radius.reshape(-1, *[1] * (X.ndim - 1))
        return self.project(X + reach * self.direction(stream) * self.unit)

    def direction(self, stream: Stream) -> Tensor:
        """Return a random move of length 1 for every row, in units; fixed features stay."""
        return self.unit_length(stream.normal(*self.X.shape, device=self.X.device).to(self.X.dtype))

    def unit_length(self, move: Tensor) -> Tensor:
        """Return moves scaled to length 1, fixed features left out; a row of zeros stays."""
        move = move * (self.unit > 0)
        # squares of tiny gradients would vanish: first to about 1, then to length 1
        peak = move.abs().flatten(1).amax(1).clamp_min(torch.finfo(move.dtype).tiny)
        move = move / peak.reshape(-1, *[1] * (move.ndim - 1))
        return move / _lengths(move)

    def _in_units(self, move: Tensor) -> Tensor:
        return torch.where(self.unit > 0, move / self.unit, torch.zeros_like(move))


def ball_around(X: Tensor, eps: float, domain: Domain, norm: str = "linf") -> Ball:
    """Return the ball of a norm around rows.

    >>> ball = ball_around(torch.tensor([[0.9, 0.5]]), 0.2, Domain.images())
    >>> ball.project(torch.tensor([[2.0, 0.6]]))
    tensor([[1.0000, 0.6000]])
    """
    return (Box if check_choice(norm, NORMS, "norm") == "linf" else Sphere)(X, eps, domain)


def _lengths(move: Tensor) -> Tensor:
    """Return the Euclidean length of every row, never 0, to broadcast against the rows."""
    lengths = torch.linalg.vector_norm(move.flatten(1), dim=1).clamp_min(torch.finfo(move.dtype).tiny)
    return lengths.reshape(-1, *[1] * (move.ndim - 1))
