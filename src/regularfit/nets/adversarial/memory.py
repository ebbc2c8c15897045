"""Perturbations that are remembered from one visit of a training row to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..regulariser import Batch, Run
from .domain import Domain

__all__ = ["Remembered"]


class Remembered:
    """How each training row was moved when it was last seen, (n, ...); zeros at first.

    The net changes little from one epoch to the next, so an attack that goes on from there takes one step a visit and
    is soon as strong as many steps from scratch (Zheng et al. 2020).

    Parameters
    ----------
    run : the run, for its number of rows.
    """

    def __init__(self, run: Run) -> None:
        """Remember nothing; room is made at the first batch."""
        self.run = run
        self.moves: Tensor | None = None

    def start(self, batch: Batch, domain: Domain) -> Tensor:
        """Return the rows of a batch as they were last moved, within the domain."""
        if self.moves is None:
            shape = (self.run.n, *batch.X.shape[1:])
            self.moves = torch.zeros(shape, dtype=batch.X.dtype, device=batch.X.device)
        if self.moves.device != batch.X.device:  # after a resumed run
            self.moves = self.moves.to(batch.X.device)
        return domain.clip(batch.X + self.moves.index_select(0, batch.rows))

    def keep(self, batch: Batch, inputs: Tensor) -> None:
        """Remember how the rows of a batch were moved."""
        if self.moves is not None:
            self.moves.index_copy_(0, batch.rows, inputs.detach() - batch.X)

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered."""
        return {} if self.moves is None else {"moves": self.moves.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what was remembered."""
        self.moves = state["moves"].clone() if "moves" in state else None
