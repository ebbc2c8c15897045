"""Turn, shift, scale and shear images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...._checks import check_choice, check_fraction
from ....errors import InputError
from ...randomness import Stream
from ...regulariser import Regulariser
from .chain import ImageTransform, between

__all__ = ["Affine", "matrices", "warp"]


@dataclass(frozen=True)
class Affine(ImageTransform):
    r"""Turn, scale, shear and shift each image around its centre, by amounts drawn evenly.

    .. math:: p_\mathrm{new} = c + t + R(\theta)\, S(\phi)\, s\, (p - c)

    Pixels between pixels are interpolated straight. Prefer it to :class:`PadCrop` where orientation and size vary.

    Parameters
    ----------
    degrees : largest turn either way, 0 to 180.
    shift : largest shift either way, a share of width and height, 0 to 1.
    scale : smallest and largest size, both positive.
    shear : largest slant either way in degrees, 0 to below 90.
    border : what stands beyond the image: "zeros" (black, also where estimators centre the pixels), "edge" or
        "reflect".

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> X = torch.rand(2, 1, 5, 5)
    >>> still = Affine(0, 0, (1, 1)).apply(X, Stream.of(0).each(torch.arange(2)))
    >>> bool(torch.allclose(still, X, atol=1e-6))
    True
    """

    degrees: float = 10.0
    shift: float = 0.1
    scale: tuple[float, float] = (0.9, 1.1)
    shear: float = 0.0
    border: str = "zeros"

    def __post_init__(self) -> None:
        """Check the settings."""
        for name, most in (("degrees", 180), ("shear", 89)):
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or value is None or not 0 <= value <= most:
                raise InputError(
                    f"Affine({name}) must lie between 0 and {most} degrees; {value!r} was given."
                )
        check_fraction(self.shift, "Affine(shift)")
        ends = tuple(self.scale) if isinstance(self.scale, (tuple, list)) else ()
        if len(ends) != 2 or not 0 < ends[0] <= ends[1] < math.inf:
            raise InputError(
                f"Affine(scale) must be two positive sizes, as (0.9, 1.1); {self.scale!r} was given."
            )
        object.__setattr__(self, "scale", ends)
        check_choice(self.border, ["zeros", "edge", "reflect"], "Affine(border)")

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the warped images."""
        if not (self.degrees or self.shift or self.shear or tuple(self.scale) != (1, 1)):
            return X  # not even resampled
        u = draw.uniform(5, device=X.device)
        angle = between(u[:, 0], -self.degrees, self.degrees).deg2rad()
        shear = between(u[:, 1], -self.shear, self.shear).deg2rad()
        scale = between(u[:, 2], *self.scale)
        size = torch.tensor([X.shape[3], X.shape[2]], device=X.device)
        shift = between(u[:, 3:], -self.shift, self.shift) * size
        return warp(X, matrices(angle, scale, shear), shift, self.border)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return a mild and a hard one."""
        return [cls(), cls(90, 0.3, (0.5, 1.5), 20, "edge")]


def matrices(angle: Tensor, scale: Tensor, shear: Tensor) -> Tensor:
    """Return R(angle) S(shear) scale, (b, 2, 2), on (across, down); a positive angle turns against the clock."""
    cos, sin, slant = angle.cos(), angle.sin(), shear.tan()
    turn = torch.stack([cos, sin, -sin, cos], -1).view(-1, 2, 2)  # the second axis points down
    one, none = torch.ones_like(slant), torch.zeros_like(slant)
    slanted = torch.stack([one, slant, none, one], -1).view(-1, 2, 2)
    return turn @ slanted * scale[:, None, None]


def warp(X: Tensor, forward: Tensor, shift: Tensor, border: str = "zeros") -> Tensor:
    """Return images whose pixel at p went to ``c + shift + forward (p - c)``, in pixels (across, down)."""
    h, w = X.shape[2:]
    back = torch.linalg.inv(forward)
    # grid_sample with align_corners counts pixels from -1 to 1 between the centres of the outermost ones
    unit = torch.tensor([max(w - 1, 1) / 2, max(h - 1, 1) / 2], device=X.device)
    theta = torch.empty(len(X), 2, 3, device=X.device)
    theta[:, :, :2] = back * unit[None, None, :] / unit[None, :, None]
    theta[:, :, 2] = -(back @ shift[:, :, None])[:, :, 0] / unit
    grid = nn.functional.affine_grid(theta, list(X.shape), align_corners=True).to(X.dtype)
    mode = {"zeros": "zeros", "edge": "border", "reflect": "reflection"}[border]
    return nn.functional.grid_sample(X, grid, mode="bilinear", padding_mode=mode, align_corners=True)
