"""The precision of passes: float32, or half of it by autocast; float16 with gradient scaling of our own.

torch's ``GradScaler`` knows one backward pass a step. Here every pass is scaled and unscaled by itself, so that SAM,
free adversarial training, clipping and everything else see true gradients, whatever the number of passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ..._checks import check_choice

__all__ = ["PRECISIONS", "Precision", "check_precision"]

PRECISIONS = ("float32", "bfloat16", "float16")
_FIRST_SCALE = 2.0**16
_SMALLEST_SCALE = 2.0**-14
_GROWS_AFTER = 2000  # steps without an overflow
_SHORT = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def check_precision(precision: Any) -> str:
    """Return the precision's name.

    >>> check_precision("bf16")
    'bfloat16'
    """
    return check_choice(_SHORT.get(precision, precision), PRECISIONS, "precision")


class Precision:
    """Autocast and, for float16, the scale of gradients."""

    def __init__(self, name: str, device: torch.device) -> None:
        """Start with a large scale; it finds its size within some steps."""
        self.name, self.device = name, device
        self.scale, self.clean = (_FIRST_SCALE, 0) if name == "float16" else (1.0, 0)
        self._overflow = False  # in a pass of this step

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context of a forward pass."""
        if self.name == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.name))

    def backward(self, loss: Tensor, tensors: Iterable[Tensor]) -> bool:
        """Make gradients of the true size; return whether they are finite (always True where nothing is scaled)."""
        if self.name != "float16":
            loss.backward()
            return True
        (loss * self.scale).backward()
        gradients = [t.grad for t in tensors if t.grad is not None]
        if not gradients:
            return True
        for gradient in gradients:
            gradient.mul_(1.0 / self.scale)
        finite = bool(torch.stack([gradient.isfinite().all() for gradient in gradients]).all())
        self._overflow = self._overflow or not finite
        return finite

    def end_step(self) -> bool:
        """Halve the scale after an overflow, double it after many steps without one; False gives up on float16."""
        if self.name != "float16":
            return True
        if not self._overflow:
            self.clean += 1
            if self.clean == _GROWS_AFTER:
                self.scale, self.clean = 2.0 * self.scale, 0
            return True
        self.scale, self.clean, self._overflow = self.scale / 2.0, 0, False
        return self.scale >= _SMALLEST_SCALE

    def state_dict(self) -> dict[str, Any]:
        """Return the scale and how long it has held."""
        return {"scale": self.scale, "clean": self.clean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with the scale of an earlier run."""
        self.scale, self.clean = float(state["scale"]), int(state["clean"])
