"""Gradient clipping: by norm, by value, or relative to the weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..._checks import check_positive
from ...errors import InputError
from ..regulariser import Active, Effect, Regulariser, Run

__all__ = ["GradClip", "norm_of"]

_LEAST_NORM = 1e-3  # of a neuron's weights, so that one at zero can grow (Brock et al.)


@dataclass(frozen=True)
class GradClip(Regulariser):
    r"""Shorten gradients that are too long.

    A rare batch with a huge gradient then takes a step of ordinary length. ``norm`` keeps the direction and is the
    usual choice; ``adaptive`` needs no tuning from net to net (Brock, De, Smith & Simonyan, 2021):
    each neuron's gradient is at most ``adaptive`` times the norm of its weights; ``value`` clips each number. Gradients
    that are not finite are left as they are, for the trainer or the gradient scaler to see.

    Parameters
    ----------
    norm : the largest Euclidean norm of all gradients together, > 0. 1 where nothing else is given.
    value : the largest absolute value of each number, > 0.
    adaptive : the largest norm of a neuron's gradient relative to its weights, > 0; 0.01 is usual.

    Raises
    ------
    InputError
        If a limit is not positive, or more than one is given.

    Examples
    --------
    In a loop of your own, between ``backward()`` and ``step()``:

    >>> weight = torch.zeros(2, requires_grad=True)
    >>> weight.grad = torch.tensor([3.0, 4.0])
    >>> GradClip(norm=1.0)([weight])
    True
    >>> weight.grad
    tensor([0.6000, 0.8000])
    """

    norm: float | None = None
    value: float | None = None
    adaptive: float | None = None

    phases: ClassVar[tuple[str, ...]] = ("gradient",)

    def __post_init__(self) -> None:
        """Check the limits."""
        given = {
            name: limit
            for name, limit in (("norm", self.norm), ("value", self.value), ("adaptive", self.adaptive))
            if limit is not None
        }
        if len(given) > 1:
            raise InputError(
                f"GradClip takes one limit; {', '.join(given)} were given. Use one GradClip for each."
            )
        for name, limit in given.items():
            check_positive(limit, f"GradClip({name})")

    def __call__(self, parameters: Iterable[Tensor]) -> bool:
        """Clip the gradients of parameters; return whether any was too long."""
        holders = [p for p in parameters if p.grad is not None]
        if not holders:
            return False
        if self.value is not None:
            return _by_value(holders, float(self.value))
        if self.adaptive is not None:
            return (
                sum(_by_neuron(p, float(self.adaptive)) for p in holders) > 0
            )  # all of them, not up to the first
        return _by_norm(holders, 1.0 if self.norm is None else float(self.norm))

    def start(self, run: Run) -> Active:
        """Return what clips the gradients of this run."""
        return _Clipping(run, self)

    @classmethod
    def examples(cls) -> Sequence[GradClip]:
        """Return instances for the laws."""
        return [cls(), cls(norm=0.01), cls(value=0.1), cls(adaptive=0.01)]


def _values(p: Tensor) -> Tensor:
    """Return the numbers of a gradient, which may be sparse, to be changed in place."""
    grad = p.grad
    assert grad is not None
    if grad.is_sparse:
        p.grad = grad = grad.coalesce()
        return grad._values()
    return grad


def norm_of(values: Sequence[Tensor]) -> float:
    """Return the norm of several tensors together, in single precision at least; 0 of none."""
    if not values:
        return 0.0
    norms = [torch.linalg.vector_norm(v, dtype=torch.promote_types(v.dtype, torch.float32)) for v in values]
    # in double precision on the CPU: one transfer, and squares of gradients that are scaled up do not overflow
    together = torch.stack([norm.to(norms[0].device, norms[0].dtype) for norm in norms])
    return float(torch.linalg.vector_norm(together.to("cpu", torch.float64)))


@torch.no_grad()
def _by_norm(holders: list[Tensor], limit: float) -> bool:
    values = [_values(p) for p in holders]
    total = norm_of(values)
    if not limit < total < float("inf"):
        return False
    for v in values:
        v.mul_(limit / total)
    return True


@torch.no_grad()
def _by_value(holders: list[Tensor], limit: float) -> bool:
    clipped = False
    for v in (_values(p) for p in holders):
        finite = v.isfinite()
        clipped |= bool(((v.abs() > limit) & finite).any())
        v.copy_(torch.where(finite, v.clamp(-limit, limit), v))
    return clipped


@torch.no_grad()
def _by_neuron(p: Tensor, limit: float) -> bool:
    """Shorten each neuron's gradient, or the whole of a vector's, such as a bias."""
    grad = p.grad
    assert grad is not None
    if grad.is_sparse:
        raise InputError(
            "GradClip(adaptive) needs dense gradients; make the embedding with sparse=False or clip by norm."
        )
    axes = tuple(range(1, p.dim())) if p.dim() > 1 else tuple(range(p.dim()))
    longest = limit * torch.linalg.vector_norm(p, dim=axes, keepdim=True).clamp_min(_LEAST_NORM)
    length = torch.linalg.vector_norm(grad, dim=axes, keepdim=True)
    over = (length > longest) & length.isfinite()
    grad.mul_(torch.where(over, longest / length, torch.ones_like(length)))
    return bool(over.any())


class _Clipping(Active):
    """Clipping in a run."""

    def __init__(self, run: Run, settings: GradClip) -> None:
        super().__init__(run)
        self.settings, self.seen, self.clipped = settings, 0, 0

    def gradient(self) -> None:
        self.seen += 1
        self.clipped += self.settings(self.run.model.parameters())

    def effect(self) -> Effect:
        settings = self.settings
        limit = next((x for x in (settings.norm, settings.value, settings.adaptive) if x is not None), 1.0)
        return Effect(
            float(limit), acted=self.clipped > 0, note=f"clipped in {self.clipped} of {self.seen} passes"
        )

    def state_dict(self) -> dict[str, Any]:
        return {"seen": self.seen, "clipped": self.clipped}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.seen, self.clipped = state["seen"], state["clipped"]
