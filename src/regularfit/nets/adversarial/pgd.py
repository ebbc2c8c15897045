"""Projected gradient ascent: many small steps, the usual measure of robustness."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..._checks import check_positive
from ...errors import InputError
from .._settings import check_count
from ..randomness import Stream
from .attack import Attack, Objective, slope
from .ball import Ball

__all__ = ["PGD"]


@dataclass(frozen=True)
class PGD(Attack):
    r"""Climb the loss in small steps, pulled back into the ball after each: the strongest simple attack.

    .. math:: x_{k+1} = \Pi_{\varepsilon}\left( x_k + a \, s \cdot \mathrm{sign} \nabla_x l(x_k) \right)

    (l2: along the gradient instead of its sign). Measure robustness with at least 20 steps and look whether more steps
    or restarts find more. In training 5 to 10 steps are usual; a single step in ``Adversarial(remember=True)`` is
    often as good.

    Parameters
    ----------
    eps, domain, norm, mode : see :class:`~regularfit.nets.adversarial.attack.Attack`.
    steps : >= 1.
    step_size : the length of a step in units of ``eps``; None: 2.5 eps / steps, so that the ball can be crossed.
    random_start : begin at random in the ball.
    restarts : >= 1, how often to begin anew; a row keeps the end with the largest loss. More than one needs
        random starts.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> line = torch.nn.Linear(2, 1, bias=False)
    >>> _ = line.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
    >>> PGD(0.1, norm="l2", random_start=False)(line, torch.zeros(1, 2), torch.tensor([-1.0]))
    tensor([[0.0600, 0.0800]])

    References
    ----------
    Madry, A., Makelov, A., Schmidt, L., Tsipras, D. and Vladu, A. (2018). Towards deep learning models resistant to
    adversarial attacks. ICLR.
    """

    steps: int = 10
    step_size: float | None = None
    random_start: bool = True
    restarts: int = 1

    def __post_init__(self) -> None:
        """Check steps and restarts."""
        super().__post_init__()
        object.__setattr__(self, "steps", check_count(self.steps, "PGD(steps)"))
        object.__setattr__(self, "restarts", check_count(self.restarts, "PGD(restarts)"))
        if self.step_size is not None:
            check_positive(self.step_size, "PGD(step_size)", "It counts in the unit of eps.")
        if self.restarts > 1 and not self.random_start:
            raise InputError(
                f"PGD(restarts={self.restarts}) without random_start repeats the same search; give random_start=True."
            )

    @property
    def passes(self) -> float:
        """The steps of all restarts."""
        return float(self.steps * self.restarts)

    def craft(self, objective: Objective, ball: Ball, stream: Stream, start: Tensor | None = None) -> Tensor:
        """Return the end of the climb; with restarts, of each row's best one."""
        best = self._climb(objective, ball, stream.at(0), start)
        if self.restarts == 1:
            return best
        height = _heights(objective, best)
        for restart in range(1, self.restarts):
            found = self._climb(objective, ball, stream.at(restart), None)
            reached = _heights(objective, found)
            higher = reached > height
            best = torch.where(higher.reshape(-1, *[1] * (best.ndim - 1)), found, best)
            height = torch.maximum(height, reached)
        return best

    def _climb(self, objective: Objective, ball: Ball, stream: Stream, start: Tensor | None) -> Tensor:
        step = self.step_size or 2.5 * self.eps / self.steps
        if start is None:
            start = ball.random(stream) if self.random_start else ball.X
        inputs = start
        for _ in range(self.steps):
            inputs = ball.ascend(inputs, slope(objective, inputs), step)
        return inputs

    @classmethod
    def examples(cls) -> list[PGD]:
        """Return instances for the laws."""
        return [
            cls(),
            cls(0.3, steps=3, restarts=2),
            cls(1.0, norm="l2", steps=4),
            cls(steps=2, random_start=False),
        ]


@torch.no_grad()
def _heights(objective: Objective, inputs: Tensor) -> Tensor:
    return objective(inputs)
