"""Penalties that are a sum over weights, as torch knows them: their proximal step with a step for every weight.

The penalties stay the numpy values of ``regularfit.penalties``; here their normal form (l1, l2 and bounds per column,
or a bent l1) is laid along the axis of a weight that counts the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...errors import UnsupportedError
from ...penalties import L0, Adaptive, Folded, Group, NormalFormPenalty, Penalty, Scaled, SparseGroup
from .roles import Role

__all__ = ["Elementwise", "elementwise", "separable"]


@dataclass(frozen=True, slots=True)
class Elementwise:
    """The penalty of one parameter: numbers, or tensors that broadcast to its shape.

    Parameters
    ----------
    l1, l2 : weights of ``|w|`` and ``w^2 / 2``; l1 = inf holds a weight at zero.
    lower, upper : bounds around 0, or None.
    bend : "" for none, "mcp", "scad", or "l0" (then l1 is the price of a weight that is not zero).
    shape : of the bend.
    factor : a multiple of the whole, where the penalty does not take it in.
    """

    l1: Tensor | float = 0.0
    l2: Tensor | float = 0.0
    lower: Tensor | float | None = None
    upper: Tensor | float | None = None
    bend: str = ""
    shape: float = 1.0
    factor: float = 1.0

    @property
    def threshold(self) -> float | None:
        """The strength of an L1 that is the same for all weights, where there is nothing else; otherwise None."""
        alone = self.l2 == 0.0 if isinstance(self.l2, float) else False
        free = self.lower is None and self.upper is None and not self.bend
        return self.factor * self.l1 if alone and free and isinstance(self.l1, float) else None

    def prox(self, z: Tensor, step: Tensor | float) -> Tensor:
        """Return argmin_w sum (w - z)^2 / (2 step) + P(w), entry by entry."""
        if self.factor != 1.0:
            step = self.factor * step
        w = _PROX[self.bend](self, z, step)
        if self.lower is not None or self.upper is not None:
            w = torch.clamp(w, self.lower, self.upper)  # type: ignore[call-overload]
        return w


def separable(penalty: Penalty) -> str:
    """Return why the penalty has no proximal step in the metric of an adaptive optimiser, or "" where it has one."""
    inner = penalty.penalty if isinstance(penalty, Scaled) else penalty
    name = type(inner).__name__
    if isinstance(inner, (Group, SparseGroup)):
        return f"{name} is a penalty of groups; use Grouped(strength, by=labels), labels one for each input."
    if isinstance(inner, Adaptive):
        return "its weights come from a pilot fit, which a net has not. Use L1().weighted(factors)."
    if isinstance(inner, (NormalFormPenalty, L0)):
        return ""
    return (
        f"{name} is no sum over single weights, so its step in a metric with a number for each weight is not known. "
        "Known are L1, L2, ElasticNet, MCP, SCAD, L0, with factors, bounds and sums; and Grouped for groups."
    )


def elementwise(penalty: Penalty, role: Role) -> Elementwise:
    """Lay a penalty along the inputs of one parameter.

    Raises
    ------
    UnsupportedError
        If the penalty is no sum over weights.
    InputError
        If it has factors or bounds for another number of inputs.
    """
    why = separable(penalty)
    if why:
        raise UnsupportedError(f"Penalise({penalty!r}): {why}")
    factor, inner = (penalty.factor, penalty.penalty) if isinstance(penalty, Scaled) else (1.0, penalty)
    if isinstance(inner, L0):
        return Elementwise(inner.strength, inner.strength * inner.l2, bend="l0", factor=factor)
    form = inner.coordinates(role.parameter.shape[role.input_axis])
    assert form is not None  # as separable() made sure
    lay = _Layer(role)
    bounded = bool(np.isfinite(form.lower).any() or np.isfinite(form.upper).any())
    bend, shape = (form.kind, form.shape) if isinstance(form, Folded) else ("", 1.0)
    return Elementwise(
        lay.along(form.l1),
        lay.along(form.l2),
        lay.along(form.lower) if bounded else None,
        lay.along(form.upper) if bounded else None,
        bend,
        shape,
        factor,
    )


# ---------------------------------------------------------------- the steps


def _straight(form: Elementwise, z: Tensor, step: Tensor | float) -> Tensor:
    w = _soft(z, step, form.l1)
    return w if isinstance(form.l2, float) and form.l2 == 0.0 else w / (1.0 + step * form.l2)


def _priced(form: Elementwise, z: Tensor, step: Tensor | float) -> Tensor:
    room = 1.0 + step * form.l2
    return torch.where(z * z > 2.0 * step * form.l1 * room, z / room, 0.0)


def _bent(form: Elementwise, z: Tensor, step: Tensor | float) -> Tensor:
    """MCP and SCAD: one minimum where the square outweighs the bend, else the better of two."""
    size, t = z.abs(), torch.as_tensor(form.l1, dtype=z.dtype, device=z.device)
    excluded, t = torch.isinf(t), torch.where(torch.isinf(t), 0.0, t)
    step = torch.as_tensor(step, dtype=z.dtype, device=z.device)
    concavity = 1.0 / form.shape if form.bend == "mcp" else 1.0 / (form.shape - 1.0)
    w = torch.where(
        step * concavity < 1.0, _one_minimum(form, size, step, t, concavity), _better(form, z, size, step, t)
    )
    return torch.copysign(torch.where(excluded, 0.0, w), z)


def _one_minimum(form: Elementwise, size: Tensor, step: Tensor, t: Tensor, concavity: float) -> Tensor:
    room = (1.0 - step * concavity).clamp(min=torch.finfo(size.dtype).eps)
    soft, far = (size - step * t).clamp(min=0.0), form.shape * t
    if form.bend == "mcp":
        return torch.where(size <= far, torch.minimum(soft / room, far), size)
    bent = torch.minimum((size - step * far / (form.shape - 1.0)) / room, far)
    return torch.where(size > far, size, torch.where(size <= (1.0 + step) * t, soft, bent))


def _better(form: Elementwise, z: Tensor, size: Tensor, step: Tensor, t: Tensor) -> Tensor:
    small = torch.zeros_like(size)
    if form.bend == "scad":
        small = torch.minimum((size - step * t).clamp(min=0.0), t)
    large = torch.maximum(size, form.shape * t)
    if form.lower is not None and form.upper is not None:
        most = torch.where(z > 0, torch.as_tensor(form.upper).to(z), -torch.as_tensor(form.lower).to(z))
        small, large = torch.minimum(small, most), torch.minimum(large, most)

    def cost(w: Tensor) -> Tensor:
        return w * (0.5 * w - size) + step * _bent_value(form, w, t)

    return torch.where(cost(large) < cost(small), large, small)


def _bent_value(form: Elementwise, size: Tensor, t: Tensor) -> Tensor:
    g = form.shape
    if form.bend == "mcp":
        inside = torch.minimum(size, g * t)
        return inside * (t - inside / (2.0 * g))
    linear, bent = torch.minimum(size, t), torch.minimum((size - t).clamp(min=0.0), (g - 1.0) * t)
    return t * linear + bent * (t - bent / (2.0 * (g - 1.0)))


_PROX = {"": _straight, "l0": _priced, "mcp": _bent, "scad": _bent}


# ---------------------------------------------------------------- the parts


def _soft(z: Tensor, step: Tensor | float, l1: Tensor | float) -> Tensor:
    if not isinstance(l1, Tensor):
        if l1 == 0.0:
            return z
        t = step * l1
        return z - (z.clamp(-t, t) if isinstance(t, Tensor) else z.clamp(min=-t, max=t))
    t = torch.where(l1 > 0, step * l1, 0.0)  # a weight that no step can reach must not make 0 * inf
    return z - torch.clamp(z, -t, t)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Where numbers by column go in a parameter."""

    role: Role

    def along(self, values: np.ndarray) -> Tensor | float:
        """One number where all are equal, else a tensor that broadcasts along the inputs."""
        if (values == values[0]).all():
            return float(values[0])
        p = self.role.parameter
        shape = [1] * p.ndim
        shape[self.role.input_axis] = -1
        dtype = torch.float64 if p.dtype == torch.float64 else torch.float32
        return torch.as_tensor(values, dtype=dtype, device=p.device).reshape(shape)
