"""What every attack shares: the net is asked in a known mode, and comes back as it was, bit for bit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..._checks import check_choice
from .._settings import check_domain, check_not_negative
from ..evaluation.batch_stats import freeze_batch_stats
from ..evaluation.modes import evaluating
from ..losses import net_loss
from ..randomness import Stream
from ..regulariser import Batch
from .ball import NORMS, Ball, ball_around
from .domain import Domain

__all__ = ["Attack", "Objective", "probing", "slope"]

# of inputs to what the attack makes large, one number a row
Objective = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Attack(ABC):
    """The base of attacks: settings, checked; calling one returns inputs that the net gets wrong, if there are any.

    Parameters
    ----------
    eps : the radius, >= 0, in the unit of the domain.
    domain : bounds, unit and fixed features of the inputs. None is :meth:`Domain.standardised` (no bounds, ``eps`` as
        the inputs are) when called, and in a training run what :func:`~regularfit.nets.adversarial.setting.domain_of`
        finds.
    norm : "linf" or "l2".
    mode : "eval" asks the net that will be used (dropout off, norms by their running statistics); "train" asks it
        as it trains, without touching those statistics.
    """

    eps: float = 0.1
    domain: Domain | None = None
    norm: str = "linf"
    mode: str = "eval"

    def __post_init__(self) -> None:
        """Check the settings that all attacks share."""
        name = type(self).__name__
        check_not_negative(self.eps, f"{name}(eps)", "0 attacks nothing.")
        check_choice(self.norm, NORMS, f"{name}(norm)")
        check_choice(self.mode, ("eval", "train"), f"{name}(mode)")
        check_domain(self.domain, f"{name}(domain)")

    @property
    @abstractmethod
    def passes(self) -> float:
        """Forward and backward passes that one call takes."""

    @abstractmethod
    def craft(self, objective: Objective, ball: Ball, stream: Stream, start: Tensor | None = None) -> Tensor:
        """Return inputs in the ball with a large objective.

        For those who keep modes and statistics right themselves; everybody else calls the attack.

        Parameters
        ----------
        objective : what to make large.
        ball : where.
        stream : for random starts.
        start : where to begin instead.
        """

    def __call__(
        self, model: nn.Module, X: Tensor, y: Tensor, *, stream: Stream | None = None, loss: Any = "auto"
    ) -> Tensor:
        """Return adversarial examples for rows, detached, of the type and on the device of ``X``.

        The net's parameters, their gradients, its norm statistics and every module's mode are left as they were.

        Parameters
        ----------
        model : the net.
        X, y : rows and targets.
        stream : the random numbers of random starts. None draws the same ones at each call; in a loop give
            ``Stream.of(seed, "attack").at(step)``.
        loss : what is made large: see :func:`~regularfit.nets.losses.net_loss`.

        Raises
        ------
        InputError
            If the rows lie outside the domain, or ``eps`` is wider than it.
        UnsupportedError
            If the rows hold whole numbers.
        """
        domain = self.domain or Domain.standardised()
        domain.check(X, self.eps, "X")
        if self.eps == 0:
            return X.detach().clone()
        with probing(model, self.mode):
            X = X.clone() if X.is_inference() else X.detach()  # inference tensors have no gradients
            rows, targets = net_loss(loss, y), Batch(X, y, torch.arange(len(X), device=X.device))
            return self.craft(
                lambda inputs: rows.each(model(inputs), targets),
                self.around(X, domain),
                stream or Stream.of(0, "attack"),
            )

    def around(self, X: Tensor, domain: Domain) -> Ball:
        """Return the ball of this attack around rows."""
        return ball_around(X, self.eps, domain, self.norm)


@contextmanager
def probing(model: nn.Module, mode: str = "eval") -> Iterator[None]:
    """Ask a net about inputs, also inside ``torch.no_grad``: in a mode, statistics frozen, all put back after."""
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if mode == "eval":
            stack.enter_context(evaluating(model))
        else:
            stack.enter_context(freeze_batch_stats(model))
        yield


def slope(objective: Objective, inputs: Tensor) -> Tensor:
    """Return the gradient of an objective at inputs; gradients of parameters are not made, let alone kept."""
    inputs = inputs.detach().requires_grad_()
    # The sum, not the mean: rows do not share a scale, and gradients in half precision do not vanish.
    (gradient,) = torch.autograd.grad(objective(inputs).sum(), inputs)
    return gradient
