"""Adversarial training: the net learns on inputs moved to where its loss is large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..._checks import check_fraction
from ...errors import InputError
from .._settings import check_count
from ..losses import net_loss
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from ..terms.second_pass import again
from .attack import Attack, probing
from .fgsm import FGSM
from .in_domain import InDomain
from .memory import Remembered
from .pgd import PGD
from .setting import among_moves, redraws, rows_of

__all__ = ["Adversarial"]


@dataclass(frozen=True)
class Adversarial(Regulariser):
    r"""Train on adversarial examples, alone or beside the rows as they are.

    .. math:: (1 - w) \, \bar l(x) + w \, \bar l(x'), \qquad x' = \text{attack}(x)

    with mean losses. ``weight=1`` trains on adversarial examples alone, saves a forward pass and is the most robust;
    smaller weights keep more of the clean accuracy. With ``remember`` each row's attack goes on from where its last
    one ended, so that one step a visit becomes as strong as many; with ``every=3`` two steps of three train on the
    remembered examples as they are, and an attack costs a third. Prefer
    ``Adversarial(FGSM(eps), weight=1, every=3, remember=True)`` where rows are seen often and are not augmented, with
    an eps of 4/3 of the one to be held up to; ``FastAdversarial`` where rows are seen a few times, and ``Trades`` to
    choose between clean and robust accuracy.

    Parameters
    ----------
    attack : an attack; ``FGSM(0.1, random_start=True)`` by default.
    weight : w, 0 to 1.
    every : attack at each such step only, >= 1; other steps train on the rows as they are, or as they are remembered.
    remember : begin at each row's last perturbation; not together with regularisers that mix rows or move images.

    Raises
    ------
    InputError
        If a setting is out of range; when a run starts, if the training rows lie outside the domain or the unit
        of ``eps`` is unknown.

    Examples
    --------
    >>> Adversarial(PGD(0.1, steps=7), weight=1.0).passes
    8.0

    References
    ----------
    Goodfellow, I., Shlens, J. and Szegedy, C. (2015). Explaining and harnessing adversarial examples. ICLR.
    Madry, A. et al. (2018). Towards deep learning models resistant to adversarial attacks. ICLR.
    Zheng, H. et al. (2020). Efficient adversarial training with transferable adversarial examples. CVPR.
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "inputs", "loss")

    attack: Attack = field(default_factory=lambda: FGSM(0.1, random_start=True))
    weight: float = 0.5
    every: int = 1
    remember: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        if not isinstance(self.attack, Attack):
            raise InputError(
                f"Adversarial(attack) must be an attack such as FGSM(0.1); {self.attack!r} was given."
            )
        check_fraction(self.weight, "Adversarial(weight)", "1 trains on adversarial examples alone.")
        object.__setattr__(self, "every", check_count(self.every, "Adversarial(every)"))

    @property
    def passes(self) -> float:
        """The training passes and the attack's share of a step."""
        if self.weight == 0 or self.attack.eps == 0:
            return 1.0
        return (1.0 if self.weight == 1 else 2.0) + self.attack.passes / self.every

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Training(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second adversarial training, and mixing where rows are remembered."""
        if self.remember and redraws(other):
            return (
                "a remembered perturbation belongs to a row, and mixed or moved rows are never seen again; "
                "give Adversarial(remember=False)"
            )
        return among_moves(self, other)

    @classmethod
    def examples(cls) -> list[Adversarial]:
        """Return instances for the laws."""
        return [
            cls(),
            cls(PGD(0.2, steps=2), weight=1.0),
            cls(FGSM(0.2, step_size=0.1), weight=1.0, every=2, remember=True),
            cls(FGSM(0.3), weight=0.3, every=3),
        ]


class _Training(InDomain):
    """Moves the inputs, or adds their loss."""

    def __init__(self, run: Run, settings: Adversarial) -> None:
        """Remember the settings."""
        super().__init__(run, "Adversarial", settings.attack.domain, settings.attack.eps)
        self.settings, self.attack = settings, settings.attack
        self.off = settings.weight == 0 or self.attack.eps == 0
        self.memory = Remembered(run) if settings.remember else None
        self.crafted: Tensor | None = None

    def inputs(self, batch: Batch) -> Batch:
        """Find adversarial examples; train on them alone where the weight is 1."""
        self.crafted = None if self.off else self._examples(batch)
        if self.crafted is None or self.settings.weight < 1:
            return batch
        return batch.with_(X=self.crafted)

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Mix the loss with that of the adversarial examples."""
        weight = self.settings.weight
        if self.crafted is None or weight == 1:
            return loss
        mean = self.run.loss or net_loss("auto", batch.y)
        return torch.lerp(loss, mean(again(self.run, self.crafted), batch), weight)

    def _examples(self, batch: Batch) -> Tensor | None:
        due = self.run.step % self.settings.every == 0
        if not due and self.memory is None:
            return None
        X, domain = batch.X.detach(), self.know(batch.X)
        start = None if self.memory is None else self.memory.start(batch, domain)
        if not due:
            return start
        found = self._craft(batch, self.attack.around(X, domain), start)
        if self.memory is not None:
            self.memory.keep(batch, found)
        self.moved += 1
        return found

    def _craft(self, batch: Batch, ball: Any, start: Tensor | None) -> Tensor:
        model, rows = self.run.model, rows_of(self.run, batch)
        with probing(model, self.attack.mode):
            return self.attack.craft(
                lambda inputs: rows(model(inputs)), ball, self.run.stream("attack", 0), start
            )

    def effect(self) -> Effect:
        """Return eps and how many batches were attacked."""
        eps = 0.0 if self.off else self.attack.eps
        return Effect(strength=eps, acted=self.moved > 0, note=f"{self.moved} batches attacked")

    def state_dict(self) -> dict[str, Any]:
        """Return the count and what is remembered."""
        return super().state_dict() | {"memory": {} if self.memory is None else self.memory.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        super().load_state_dict(state)
        if self.memory is not None:
            self.memory.load_state_dict(state["memory"])
