"""Free adversarial training: the backward pass that trains the weights also attacks the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..._checks import check_positive
from .._settings import check_count, check_domain, check_not_negative
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from .ball import Box, ball_around
from .domain import Domain
from .in_domain import InDomain
from .memory import Remembered
from .setting import among_moves, redraws

__all__ = ["FreeAdversarial"]


@dataclass(frozen=True)
class FreeAdversarial(Regulariser):
    r"""Train on each batch several times, moving its inputs up the gradient that training gives anyway.

    .. math:: \delta \leftarrow \Pi_{\varepsilon}\left(\delta + a \, s \cdot \mathrm{sign} \nabla_x l(x + \delta)\right)

    Every replay is an update of the weights, so train for 1 / replays of the usual epochs: the price is then that of
    plain training. Perturbations go on from batch to batch as in the paper, or, with ``remember``, from one visit of
    a row to the next; there even ``replays=1`` gets strong with the epochs, at the price of one product a step.
    Prefer it where adversarial training is too dear; ``Adversarial(remember=True)`` is stronger at half an attack more.

    Parameters
    ----------
    eps : the radius, >= 0, in the unit of the domain.
    replays : updates a batch, >= 1.
    step_size : a, in units of ``eps``; None: eps.
    remember : keep a perturbation for each training row; not together with regularisers that mix rows or move images.
    domain : bounds, unit and fixed features of the inputs; None: see
        :func:`~regularfit.nets.adversarial.setting.domain_of`.

    Raises
    ------
    InputError
        If a setting is out of range; when a run starts, if the training rows lie outside the domain or the unit
        of ``eps`` is unknown.

    Examples
    --------
    >>> FreeAdversarial(0.1).passes
    4.0

    References
    ----------
    Shafahi, A. et al. (2019). Adversarial training for free! NeurIPS.
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "inputs", "step")

    eps: float = 0.1
    replays: int = 4
    step_size: float | None = None
    remember: bool = False
    domain: Domain | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.eps, "FreeAdversarial(eps)", "0 attacks nothing.")
        object.__setattr__(self, "replays", check_count(self.replays, "FreeAdversarial(replays)"))
        if self.step_size is not None:
            check_positive(self.step_size, "FreeAdversarial(step_size)", "It counts in the unit of eps.")
        check_domain(self.domain, "FreeAdversarial(domain)")

    @property
    def passes(self) -> float:
        """The replays."""
        return float(self.replays) if self.eps else 1.0

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Free(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse others that own the inputs or the step."""
        if type(other).__name__ == "SAM":
            return "both go through a batch several times, and SAM's gradients are taken at other weights; keep one"
        if self.remember and redraws(other):
            return "a remembered perturbation belongs to a row, and mixed or moved rows are never seen again"
        return among_moves(self, other)

    @classmethod
    def examples(cls) -> list[FreeAdversarial]:
        """Return instances for the laws."""
        return [cls(), cls(0.3, replays=2, step_size=0.1), cls(0.2, replays=1, remember=True)]


class _Free(InDomain):
    """Replays the batch; its inputs are one tensor, written to in place between the passes."""

    def __init__(self, run: Run, settings: FreeAdversarial) -> None:
        """Remember the settings."""
        super().__init__(run, "FreeAdversarial", settings.domain, settings.eps)
        self.settings = settings
        self.off = settings.eps == 0
        self.memory = Remembered(run) if settings.remember else None
        self.carried: Tensor | None = None  # by place in the batch
        self.batch_: Batch | None = None  # as it came
        self.leaf: Tensor | None = None

    def inputs(self, batch: Batch) -> Batch:
        """Return the batch where the last perturbations put it, ready to be told its gradient."""
        if self.off:
            return batch
        batch = batch.with_(X=batch.X.detach())
        self.batch_ = batch
        self.leaf = self._begin(batch).clone().requires_grad_()
        return batch.with_(X=self.leaf)

    def _ball(self, batch: Batch) -> Box:
        ball = ball_around(batch.X, self.settings.eps, self.know(batch.X))
        assert isinstance(ball, Box)
        return ball

    def _begin(self, batch: Batch) -> Tensor:
        if self.memory is not None:
            return self.memory.start(batch, self.know(batch.X))
        if self.carried is None or self.carried.shape != batch.X.shape:
            return batch.X
        return self.know(batch.X).clip(batch.X + self.carried.to(batch.X.device, batch.X.dtype))

    def step(self, closure: Any, update: Any) -> None:
        """Update the weights, move the inputs; do both again for every replay."""
        if self.off or self.leaf is None or self.batch_ is None:
            update()
            return
        leaf, batch = self.leaf, self.batch_
        ball, length = self._ball(batch), self.settings.step_size or self.settings.eps
        for replay in range(self.settings.replays):
            if replay:
                closure()
            with torch.no_grad():
                leaf.copy_(_climbed(ball, leaf, length))
            update()
            self.moved += 1
        moves = leaf.detach() - batch.X
        if self.memory is not None:
            self.memory.keep(batch, leaf)
        else:
            self.carried = moves
        self.leaf = self.batch_ = None

    def effect(self) -> Effect:
        """Return eps and how many updates were made."""
        return Effect(strength=self.settings.eps, acted=self.moved > 0, note=f"{self.moved} updates")

    def state_dict(self) -> dict[str, Any]:
        """Return the perturbations."""
        carried = {} if self.carried is None else {"moves": self.carried.clone()}
        memory = {} if self.memory is None else self.memory.state_dict()
        return super().state_dict() | {"carried": carried, "memory": memory}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        self.carried = state["carried"].get("moves")
        super().load_state_dict(state)
        if self.memory is not None:
            self.memory.load_state_dict(state["memory"])


def _climbed(ball: Box, leaf: Tensor, length: float) -> Tensor:
    """Return inputs a step further up the gradient that the backward pass left."""
    return leaf if leaf.grad is None else ball.ascend(leaf, leaf.grad, length)
