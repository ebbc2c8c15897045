"""The fast gradient sign method: one step."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..._checks import check_positive
from ..randomness import Stream
from .attack import Attack, Objective, slope
from .ball import Ball

__all__ = ["FGSM"]


@dataclass(frozen=True)
class FGSM(Attack):
    r"""Move every input by one step up the gradient of its loss: the cheapest attack.

    .. math:: x' = \Pi_{\varepsilon}\left( x_0 + a \, s \cdot \mathrm{sign} \nabla_x l(x_0) \right)

    with unit s, start x_0 = x and step a = eps, or a random start and a = 1.25 eps (Wong et al. 2020). Exact for a
    linear model. Prefer it in training, with a random start; never measure robustness with it, take ``PGD``.

    Parameters
    ----------
    eps, domain, norm, mode : see :class:`~regularfit.nets.adversarial.attack.Attack`.
    random_start : begin at random in the ball, against catastrophic overfitting.
    step_size : the length of the step in units of ``eps``; None: as above.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> import torch
    >>> line = torch.nn.Linear(2, 1, bias=False)
    >>> _ = line.weight.data.copy_(torch.tensor([[1.0, -2.0]]))
    >>> FGSM(0.1)(line, torch.zeros(1, 2), torch.tensor([-1.0]))  # the output 0 is above its target, and goes up
    tensor([[ 0.1000, -0.1000]])

    References
    ----------
    Goodfellow, I., Shlens, J. and Szegedy, C. (2015). Explaining and harnessing adversarial examples. ICLR.
    """

    random_start: bool = False
    step_size: float | None = None

    def __post_init__(self) -> None:
        """Check the step."""
        super().__post_init__()
        if self.step_size is not None:
            check_positive(self.step_size, "FGSM(step_size)", "It counts in the unit of eps.")

    @property
    def passes(self) -> float:
        """One."""
        return 1.0

    def craft(self, objective: Objective, ball: Ball, stream: Stream, start: Tensor | None = None) -> Tensor:
        """Return the end of the step."""
        step = self.step_size or (1.25 if self.random_start else 1.0) * self.eps
        if start is None:
            start = ball.random(stream) if self.random_start else ball.X
        return ball.ascend(start, slope(objective, start), step)

    @classmethod
    def examples(cls) -> list[FGSM]:
        """Return instances for the laws."""
        return [cls(), cls(0.3, random_start=True), cls(0.5, norm="l2", mode="train"), cls(step_size=0.03)]
