"""TRADES: the right answer on the rows, and the same answer around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from ...errors import InputError
from .._settings import check_not_negative
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from ..terms.divergence import divergence, weighted_mean
from ..terms.second_pass import again
from .attack import Attack, probing
from .in_domain import InDomain
from .pgd import PGD
from .setting import among_moves, mixes

__all__ = ["Trades"]


@dataclass(frozen=True)
class Trades(Regulariser):
    r"""Trade clean for robust accuracy: a penalty on how far the answer moves when the input does.

    .. math:: \bar l(x) + \beta \; \overline{\mathrm{KL}}\left( p(x) \,\|\, p(x') \right), \qquad
              x' = \arg\max_{x' \in B(x)} \mathrm{KL}(p(x) \,\|\, p(x'))

    with means over rows, in nats; for regression half the squared distance instead of KL. The label plays no part in
    the penalty. Prefer it where both accuracies count and their trade is to be chosen by one number; prefer
    :class:`~regularfit.nets.Adversarial` where the budget of passes is small.

    Parameters
    ----------
    beta : > 0, or 0 for nothing; 1 to 6 is usual.
    attack : how the maximum is sought; it must start at random, as the gradient vanishes at the row itself.

    Raises
    ------
    InputError
        If a setting is out of range; when a run starts, if the training rows lie outside the domain or the unit of
        ``eps`` is unknown.

    Examples
    --------
    >>> Trades(6.0, PGD(0.1, steps=5)).passes
    7.0

    References
    ----------
    Zhang, H. et al. (2019). Theoretically principled trade-off between robustness and accuracy. ICML.
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "inputs", "loss")

    beta: float = 6.0
    attack: Attack = field(default_factory=lambda: PGD(0.1, steps=5))

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.beta, "Trades(beta)")
        if not isinstance(self.attack, Attack):
            raise InputError(f"Trades(attack) must be an attack such as PGD(0.1); {self.attack!r} was given.")
        if not getattr(self.attack, "random_start", False):
            raise InputError(
                f"Trades: {type(self.attack).__name__} starts at the row itself, where the answers agree and no "
                "direction is uphill; give random_start=True."
            )

    @property
    def passes(self) -> float:
        """Two training passes and the attack."""
        return 1.0 if self.beta == 0 or self.attack.eps == 0 else 2.0 + self.attack.passes

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Trading(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse mixing, and a second adversarial training."""
        if mixes(other):
            return "the answer on a mixture of rows is not what must hold still around the rows themselves"
        return among_moves(self, other)

    @classmethod
    def examples(cls) -> list[Trades]:
        """Return instances for the laws."""
        return [cls(), cls(1.0, PGD(0.3, steps=2)), cls(2.0, PGD(1.0, norm="l2", steps=2))]


class _Trading(InDomain):
    """Finds where the answers differ most, and adds by how much."""

    def __init__(self, run: Run, settings: Trades) -> None:
        """Remember the settings."""
        super().__init__(run, "Trades", settings.attack.domain, settings.attack.eps)
        self.settings, self.attack = settings, settings.attack
        self.off = settings.beta == 0 or settings.attack.eps == 0
        self.crafted: Tensor | None = None

    def inputs(self, batch: Batch) -> Batch:
        """Find the inputs; the batch itself stays."""
        if self.off:
            return batch
        run, X = self.run, batch.X.detach()
        ball = self.attack.around(X, self.know(X))
        with probing(run.model, self.attack.mode):
            with torch.no_grad():
                here = run.model(X)
            self.crafted = self.attack.craft(
                lambda inputs: divergence(here, run.model(inputs), run.task), ball, run.stream("attack", 0)
            )
        self.moved += 1
        return batch

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Add the divergence."""
        if self.crafted is None:
            return loss
        each = divergence(logits, again(self.run, self.crafted), self.run.task)
        return loss + self.settings.beta * weighted_mean(each, batch.weight)

    def effect(self) -> Effect:
        """Return beta and how many batches were attacked."""
        return Effect(
            strength=0.0 if self.off else self.settings.beta,
            acted=self.moved > 0,
            note=f"{self.moved} batches attacked",
        )
