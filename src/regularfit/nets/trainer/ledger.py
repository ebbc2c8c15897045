"""The losses of steps, looked at without making a GPU wait for every one of them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["Ledger", "NotFinite"]

_KEPT = 64  # steps between two looks where looking makes the host wait


class NotFinite(Exception):  # noqa: N818 - it never leaves this room
    """The loss of a step is NaN or infinite, or its gradients are, for good."""

    def __init__(self, step: int, loss: float, what: str = "") -> None:
        """Say which step, counted from 1, and what is not finite."""
        super().__init__(step, loss)
        self.step, self.loss = step, loss
        self.what = what or f"its loss is {loss}"


class Ledger:
    """Sums the losses since the last evaluation and raises at the first that is not finite.

    On a CPU every loss is looked at before the weights change. Elsewhere the losses stay on the device and are looked
    at together, at the latest 64 steps on; the step is told exactly all the same.

    Parameters
    ----------
    device : where the losses are.
    at_once : whether to look at every loss at once; None: on a CPU.
    """

    def __init__(self, device: torch.device, at_once: bool | None = None) -> None:
        """Start empty."""
        self.total, self.count = 0.0, 0
        self._at_once = device.type == "cpu" if at_once is None else at_once
        self._waiting = torch.empty(0 if self._at_once else _KEPT, 2, device=device)
        self._steps: list[int] = []

    def note(self, step: int, loss: Tensor, base: Tensor) -> None:
        """Take the loss of a step, with all terms and without them.

        Raises
        ------
        NotFinite
            If it is, or on a GPU if one of the last 64 was.
        """
        if self._at_once:
            value = loss.item()
            self._count(step, value, value if base is loss else base.item())
            return
        place = self._waiting[len(self._steps)]
        place[0].copy_(loss)
        place[1].copy_(base)
        self._steps.append(step)
        if len(self._steps) == _KEPT:
            self.settle()

    def settle(self) -> None:
        """Look at all losses that wait.

        Raises
        ------
        NotFinite
            At the first that is not finite.
        """
        steps, self._steps = self._steps, []
        for step, (loss, base) in zip(steps, self._waiting[: len(steps)].tolist(), strict=True):
            self._count(step, loss, base)

    def take_mean(self) -> float:
        """Return the mean since the last time, and begin anew; NaN where there were no steps."""
        mean = self.total / self.count if self.count else math.nan
        self.total, self.count = 0.0, 0
        return mean

    def state_dict(self) -> dict[str, Any]:
        """Return the sums."""
        return {"total": self.total, "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with sums of an earlier run."""
        self.total, self.count = float(state["total"]), int(state["count"])

    def _count(self, step: int, loss: float, base: float) -> None:
        if not math.isfinite(loss):
            raise NotFinite(step + 1, loss)
        self.total += base
        self.count += 1
