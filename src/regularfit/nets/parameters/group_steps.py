r"""The proximal step of a norm of groups in a metric with a number for every weight.

For one group the step is the minimiser of ``sum_i (x_i - z_i)^2 / (2 d_i) + s ||x||``. It is zero where
``||z / d|| <= s``. Otherwise ``x_i = z_i r / (r + s d_i)``, where r, the norm of x, is the root of

    n(r) = || z / (r + s d) || = 1.

1 / n is concave and rises, so Newton's steps for ``1 / n(r) = 1`` from below never pass the root; where d is one number
the first is exact. The start is ``max(max_i(|z_i| - s d_i), ||z|| - s max d, 0)``: the root lies above it and
n is sqrt(group size) at most, so nothing overflows however the d differ.

The projection onto ``||x|| <= c`` in the same metric is ``x_i = z_i / (1 + q d_i)``, and q is the root of the same
equation with ``z / (c d)`` and ``1 / d`` in place of z and s d. Near the ball the start above is poor there; q lies
between ``(||z|| / c - 1) / max d`` and the same over ``min d``, and a few halvings of the exponents bring it near.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["NEWTON_STEPS", "project", "shorten"]

NEWTON_STEPS = (
    7  # five reach 1e-4 and seven 1e-11 where the d differ by a factor of 1e12; one if they are equal
)
HALVINGS = 6


def shorten(z: Tensor, step: Tensor | float, strengths: Tensor, owner: Tensor | None = None) -> Tensor:
    """Return the proximal step of ``sum_g strengths_g ||x_g||``.

    Parameters
    ----------
    z : (p, m); row j belongs to group ``owner[j]``, or to group j where there is no owner.
    step : (p, m), or one number: the metric.
    strengths : (groups,), >= 0, with the roots of the sizes in them.
    owner : (p,) int64, or None.

    Examples
    --------
    >>> shorten(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 1.0, torch.tensor([1.0, 1.0]))
    tensor([[2.4000, 3.2000],
            [0.0000, 0.0000]])
    """
    groups = _Groups(len(strengths), owner)
    if not isinstance(step, Tensor) or step.numel() == 1:
        norms = groups.norm(z)
        share = (1.0 - step * strengths / norms.clamp(min=torch.finfo(z.dtype).tiny)).clamp(min=0.0)
        return z * groups.back(share)
    tiny = torch.finfo(z.dtype).tiny
    t = (groups.back(strengths) * step).clamp(min=tiny)
    kept = groups.norm(z / t) > 1.0
    r = _root(z, t, groups)
    share = groups.back(r) / (groups.back(r) + t)
    return torch.where(groups.back(kept), z * share, 0.0)


def project(z: Tensor, step: Tensor | float, limit: float) -> Tensor:
    """Return the nearest rows, in the metric, whose norms are at most ``limit``.

    Parameters
    ----------
    z : (p, m), rows.
    step : (p, m), or one number: the metric.
    limit : > 0.

    Examples
    --------
    >>> project(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 1.0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    over = z.norm(dim=1) > limit
    if not bool(over.any()):
        return z
    out = z.clone()
    out[over] = _onto(z[over], step[over] if isinstance(step, Tensor) and step.numel() > 1 else None, limit)
    return out


def _onto(z: Tensor, step: Tensor | None, limit: float) -> Tensor:
    """The nearest points of the sphere for rows that all lie outside."""
    groups, tiny = _Groups(len(z), None), torch.finfo(z.dtype).tiny
    shrunk = z
    if step is not None:
        inverse = 1.0 / step.clamp(min=tiny)
        start = _between(z / limit, step, (groups.norm(z) / limit - 1.0).clamp(min=tiny), groups)
        q = groups.back(_root(z * inverse / limit, inverse, groups, start))
        shrunk = z * inverse / (inverse + q)
    # what the root leaves to rounding is taken off here; where the metric is one number this is all there is
    return shrunk * groups.back(limit / groups.norm(shrunk).clamp(min=tiny))


def _between(z: Tensor, step: Tensor, excess: Tensor, groups: _Groups) -> Tensor:
    """A number below the root of ``||z / (1 + q step)|| = 1`` and near it, (groups,)."""
    low, high = (excess / most for most in (step.amax(dim=1), step.amin(dim=1)))
    for _ in range(HALVINGS):
        middle = low.sqrt() * high.sqrt()
        above = groups.norm(z / (1.0 + groups.back(middle) * step)) > 1.0
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return low


def _root(z: Tensor, t: Tensor, groups: _Groups, least: Tensor | float = 0.0) -> Tensor:
    """The norm of every shortened group, (groups,); any number where the group is zero."""
    lowest = torch.maximum(groups.most(z.abs() - t), groups.norm(z) - groups.most(t))
    r = lowest.clamp(min=least)
    enough = 1.0 + 32.0 * torch.finfo(z.dtype).eps
    for _ in range(NEWTON_STEPS):
        room = groups.back(r) + t
        shares = z / room
        squares = groups.sum(shares * shares)
        n = squares.sqrt()
        if z.device.type == "cpu" and bool(
            n.max() <= enough
        ):  # asking another device would cost more than it saves
            break
        slope = groups.sum(shares * shares / room).clamp(min=torch.finfo(z.dtype).tiny)
        r = torch.maximum(r, r + squares / slope * (n - 1.0))
    return r


class _Groups:
    """Sums over groups of rows, and back."""

    def __init__(self, count: int, owner: Tensor | None) -> None:
        self.count, self.owner = count, owner

    def sum(self, values: Tensor) -> Tensor:
        rows = values.sum(dim=1)
        if self.owner is None:
            return rows
        return rows.new_zeros(self.count).index_add_(0, self.owner, rows)

    def most(self, values: Tensor) -> Tensor:
        rows = values.amax(dim=1)
        if self.owner is None:
            return rows
        return rows.new_full((self.count,), -torch.inf).scatter_reduce_(0, self.owner, rows, "amax")

    def norm(self, values: Tensor) -> Tensor:
        return self.sum(values * values).sqrt()

    def back(self, values: Tensor) -> Tensor:
        return (values if self.owner is None else values[self.owner]).unsqueeze(1)
