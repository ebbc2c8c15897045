"""Virtual adversarial training: the same answer around every row, labelled or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..._checks import check_positive
from .._settings import check_count, check_domain, check_not_negative
from ..randomness import Stream
from ..regulariser import Active, Batch, Effect, Regulariser, Run
from ..terms.divergence import divergence
from ..terms.second_pass import again
from .attack import probing
from .ball import Sphere, ball_around
from .domain import Domain
from .in_domain import InDomain
from .setting import mixes

__all__ = ["VAT"]


@dataclass(frozen=True)
class VAT(Regulariser):
    r"""Smooth the net's answers: a penalty on how far they move in the direction in which they move most.

    .. math:: \bar l(x) + w \; \overline{\mathrm{KL}}\left( p(x) \,\|\, p(x + \varepsilon r) \right), \qquad
              r = \arg\max_{\|r\| = 1} \mathrm{KL}(p(x) \,\|\, p(x + \xi r))

    with p(x) held fixed, the mean over all rows, and r by power iteration. No label is looked at, and rows of sample
    weight 0 count: give unlabelled rows any label and the weight 0. Prefer it where many rows have no label; prefer
    :class:`~regularfit.nets.Trades` for robustness in every feature.

    Parameters
    ----------
    eps : the length of the move, >= 0, in units of the domain, all features together (l2).
    weight : >= 0, multiplies the mean.
    xi : the length at which the direction is sought, > 0; small, but above the rounding of float32.
    steps : power iterations, >= 1; one is usual.
    domain : bounds, unit and fixed features of the inputs; None: see
        :func:`~regularfit.nets.adversarial.setting.domain_of`.

    Raises
    ------
    InputError
        If a setting is out of range; when a run starts, if the training rows lie outside the domain or the unit of
        ``eps`` is unknown.

    Examples
    --------
    In a loop of your own, ``loss = ... + VAT(0.5).penalty(model, X)``:

    >>> model = nn.Linear(4, 3)
    >>> bool(VAT(0.5).penalty(model, torch.zeros(8, 4)) > 0)
    True

    References
    ----------
    Miyato, T., Maeda, S., Koyama, M. and Ishii, S. (2019). Virtual adversarial training: a regularization method for
    supervised and semi-supervised learning. IEEE TPAMI 41 (arXiv 2017).
    """

    phases: ClassVar[tuple[str, ...]] = ("data", "inputs", "loss")

    eps: float = 1.0
    weight: float = 1.0
    xi: float = 1e-2
    steps: int = 1
    domain: Domain | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_not_negative(self.eps, "VAT(eps)")
        check_not_negative(self.weight, "VAT(weight)")
        check_positive(self.xi, "VAT(xi)")
        object.__setattr__(self, "steps", check_count(self.steps, "VAT(steps)"))
        check_domain(self.domain, "VAT(domain)")

    @property
    def passes(self) -> float:
        """Two training passes and the power iterations."""
        return 1.0 if self.eps == 0 or self.weight == 0 else 2.0 + self.steps

    def direction(
        self, model: Callable[[Tensor], Tensor], X: Tensor, stream: Stream, domain: Domain, task: str
    ) -> Tensor:
        """Return the inputs after the move; for those who keep modes and statistics right themselves."""
        X = X.detach()
        ball = ball_around(X, self.eps, domain, "l2")
        assert isinstance(ball, Sphere)
        with torch.no_grad():
            here = model(X)
        move = ball.direction(stream)
        for _ in range(self.steps):
            move = move.requires_grad_()
            there = model(X + self.xi * move * ball.unit)
            (gradient,) = torch.autograd.grad(divergence(here, there, task).sum(), move)
            move = ball.unit_length(gradient)
        return ball.project(X + self.eps * move * ball.unit)

    def penalty(
        self, model: nn.Module, X: Tensor, *, task: str = "classification", stream: Stream | None = None
    ) -> Tensor:
        """Return the weighted penalty of rows in a loop of your own, to be added to the loss.

        Parameters
        ----------
        model : the net, in whatever mode it is; its norm statistics are left alone.
        X : rows, labelled or not.
        task : "classification" or "regression".
        stream : random numbers of the first direction; None draws the same ones at each call.
        """
        domain = self.domain or Domain.standardised()
        domain.check(X)
        with probing(model, "train"):
            if self.eps == 0 or self.weight == 0:
                return X.new_zeros(())
            there = self.direction(model, X, stream or Stream.of(0, "attack"), domain, task)
            with torch.no_grad():
                here = model(X)
            return self.weight * divergence(here, model(there), task).mean()

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Smoothing(run, self)

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse mixing of rows."""
        if mixes(other):
            return "mixing takes labels from rows that VAT may have been given without one"
        return None

    @classmethod
    def examples(cls) -> list[VAT]:
        """Return instances for the laws."""
        return [cls(), cls(0.5, 3.0, steps=2)]


class _Smoothing(InDomain):
    """Finds the direction, and adds how far the answer moves."""

    def __init__(self, run: Run, settings: VAT) -> None:
        """Remember the settings."""
        super().__init__(run, "VAT", settings.domain, None)
        self.settings = settings
        self.off = settings.eps == 0 or settings.weight == 0
        self.crafted: Tensor | None = None

    def inputs(self, batch: Batch) -> Batch:
        """Find the moved inputs; the batch itself stays."""
        if not self.off:
            run = self.run
            with probing(run.model):
                self.crafted = self.settings.direction(
                    run.model, batch.X, run.stream("attack", 0), self.know(batch.X), run.task
                )
            self.moved += 1
        return batch

    def loss(self, loss: Tensor, logits: Tensor, batch: Batch) -> Tensor:
        """Add the divergence, of all rows alike."""
        if self.crafted is None:
            return loss
        there = again(self.run, self.crafted)
        return loss + self.settings.weight * divergence(logits.detach(), there, self.run.task).mean()

    def effect(self) -> Effect:
        """Return the weight and how many batches were moved."""
        return Effect(
            strength=0.0 if self.off else self.settings.weight,
            acted=self.moved > 0,
            note=f"{self.moved} batches moved",
        )
