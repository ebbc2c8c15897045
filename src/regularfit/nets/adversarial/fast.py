"""Fast adversarial training: one step from a random start, watched for catastrophic overfitting."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..._checks import check_choice, check_positive
from ...errors import CatastrophicOverfittingWarning
from .._settings import check_count, check_domain, check_not_negative
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from .attack import Attack, probing
from .domain import Domain
from .fgsm import FGSM
from .in_domain import InDomain
from .pgd import PGD
from .setting import among_moves, rows_of

__all__ = ["FastAdversarial"]

_STEPS = 10  # of the watching attack
_GAP = 0.3  # of accuracy between one step and many; a healthy net shows a few hundredths
_MENDING = 4  # steps of the attack that mends


@dataclass(frozen=True)
class FastAdversarial(Regulariser):
    r"""Train on one-step attacks from random starts, and watch whether they still mean anything.

    Training against one step can end in catastrophic overfitting: within some batches the net learns to bend
    its loss so that one step finds nothing, while many small steps find everything. So now and then a part of the
    batch is attacked by 10 steps of PGD as well; where its accuracy falls far below that under one step, a
    :class:`~regularfit.errors.CatastrophicOverfittingWarning` says so, and training goes on with 4 steps of PGD until
    it has recovered.
    Prefer it to :class:`~regularfit.nets.Adversarial` with PGD for large data seen a few times.

    Parameters
    ----------
    eps : the radius, >= 0, in the unit of the domain.
    step : the length of the step in multiples of ``eps``, > 0; 1.25 in the paper.
    check_every : steps between two looks, >= 1.
    check_rows : how many rows of the batch are looked at, >= 1.
    repair : "pgd", or "warn" to go on with one step after the warning.
    domain : bounds, unit and fixed features of the inputs; None: see
        :func:`~regularfit.nets.adversarial.setting.domain_of`.

    Raises
    ------
    InputError
        If a setting is out of range; when a run starts, if the training rows lie outside the domain or the unit
        of ``eps`` is unknown.

    Examples
    --------
    >>> FastAdversarial(0.1).attack
    FGSM(eps=0.1, domain=None, norm='linf', mode='train', random_start=True, step_size=0.125)

    References
    ----------
    Wong, E., Rice, L. and Kolter, J. Z. (2020). Fast is better than free: revisiting adversarial training. ICLR.
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "inputs")

    eps: float = 0.1
    step: float = 1.25
    check_every: int = 50
    check_rows: int = 64
    repair: str = "pgd"
    domain: Domain | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.eps, "FastAdversarial(eps)", "0 attacks nothing.")
        check_positive(self.step, "FastAdversarial(step)", "It counts in multiples of eps.")
        object.__setattr__(self, "check_every", check_count(self.check_every, "FastAdversarial(check_every)"))
        object.__setattr__(self, "check_rows", check_count(self.check_rows, "FastAdversarial(check_rows)"))
        check_choice(self.repair, ("pgd", "warn"), "FastAdversarial(repair)")
        check_domain(self.domain, "FastAdversarial(domain)")

    @property
    def attack(self) -> FGSM:
        """The attack that is trained against."""
        return FGSM(
            self.eps,
            self.domain,
            mode="train",
            random_start=True,
            step_size=self.step * self.eps if self.eps else None,
        )

    @property
    def passes(self) -> float:
        """Training, the attack, and a share of the looks."""
        return 2.0 + (_STEPS + 1) / self.check_every if self.eps else 1.0

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Fast(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second adversarial training."""
        return among_moves(self, other)

    @classmethod
    def examples(cls) -> list[FastAdversarial]:
        """Return instances for the laws."""
        return [cls(), cls(0.3, step=1.0, check_every=2, check_rows=8, repair="warn")]


class _Fast(InDomain):
    """Moves every batch, and looks."""

    def __init__(self, run: Run, settings: FastAdversarial) -> None:
        """Make the attacks: to train on, to repair, to look."""
        super().__init__(run, "FastAdversarial", settings.domain, settings.eps)
        self.settings, self.fgsm = settings, settings.attack
        eps = settings.eps
        self.pgd = PGD(eps, settings.domain, mode="train", steps=_MENDING)
        self.watch = PGD(eps, settings.domain, steps=_STEPS)
        self.collapses, self.repairing = 0, False

    def inputs(self, batch: Batch) -> Batch:
        """Return the batch moved."""
        if self.settings.eps == 0:
            return batch
        if self.run.task == "classification" and self.run.step % self.settings.check_every == 0:
            self._look(batch)
        self.moved += 1
        return batch.with_(X=self._moved(self.pgd if self._mends else self.fgsm, batch, "attack"))

    @property
    def _mends(self) -> bool:
        return self.repairing and self.settings.repair == "pgd"

    def _moved(self, attack: Attack, batch: Batch, purpose: str) -> Tensor:
        model, rows = self.run.model, rows_of(self.run, batch)
        ball = attack.around(batch.X.detach(), self.know(batch.X))
        with probing(model, attack.mode):
            return attack.craft(lambda inputs: rows(model(inputs)), ball, self.run.stream(purpose, 0))

    def _look(self, batch: Batch) -> None:
        """Compare the accuracies under one step and under many."""
        part = batch.with_(
            **{name: _first(getattr(batch, name), self.settings.check_rows) for name in _FIELDS}
        )
        one = self._accuracy(part, self._moved(FGSM(self.settings.eps), part, "attack check"))
        many = self._accuracy(part, self._moved(self.watch, part, "attack check"))
        was, self.repairing = self.repairing, one - many > _GAP
        if not self.repairing or was:
            return
        self.collapses += 1
        if self.collapses == 1:
            then = (
                f"{_MENDING} steps of PGD until it recovers"
                if self.settings.repair == "pgd"
                else "one step, as asked"
            )
            warnings.warn(
                f"FastAdversarial: at step {self.run.step} the net is right on {one:.0%} of the rows under one step of "
                f"attack, and on {many:.0%} under {_STEPS}: catastrophic overfitting. Training goes on with {then}; "
                "a smaller step, a smaller eps or Adversarial(PGD(...)) avoids it.",
                CatastrophicOverfittingWarning,
                stacklevel=2,
            )

    def _accuracy(self, part: Batch, inputs: Tensor) -> float:
        with probing(self.run.model), torch.no_grad():
            return float((self.run.model(inputs).argmax(1) == part.y).float().mean())

    def effect(self) -> Effect:
        """Return eps, and how often the net was caught."""
        note = f"{self.moved} batches attacked, catastrophic overfitting {self.collapses} times"
        return Effect(strength=self.settings.eps, acted=self.moved > 0, note=note)

    def state_dict(self) -> dict[str, Any]:
        """Return the counts and whether it is repairing."""
        return super().state_dict() | {"collapses": self.collapses, "repairing": self.repairing}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier run."""
        super().load_state_dict(state)
        self.collapses = int(state["collapses"])
        self.repairing = bool(state["repairing"])


_FIELDS = ("X", "y", "rows", "weight", "partner", "share")


def _first(values: Tensor | None, count: int) -> Tensor | None:
    return None if values is None else values[:count]
