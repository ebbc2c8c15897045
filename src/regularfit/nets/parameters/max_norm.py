"""A limit on the norm of the weights that enter a neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from ..._checks import check_choice
from ...errors import InputError
from ..regulariser import Effect, Regulariser, Run
from .group_steps import project
from .on_parameters import OnParameters, OnSteps, check_number, check_optimizer
from .roles import Role
from .step_metric import wide
from .targets import TargetLike, check_target

__all__ = ["MaxNorm"]

UNITS = ("neurons", "inputs")


@final
@dataclass(frozen=True)
class MaxNorm(OnParameters):
    r"""Keep the weights that enter a neuron (or a channel) within a ball: after each step the nearest point inside.

    .. math:: \lVert W_g \rVert_2 \le c \quad \text{for every neuron } g

    Nearest is meant in the metric of the optimiser's step. For SGD that is the usual rescaling of the row. For Adam
    rescaling would end where no constrained optimum is; there the entries shrink by what their steps are long
    (a root for each row, all rows at once). Zeros stay zeros.

    Prefer it with dropout and high learning rates, where weights may run away but need not be small. Prefer
    ``WeightDecay`` where they should be small.

    Parameters
    ----------
    limit : c > 0, finite; 1 to 4 are usual.
    by : "neurons": rows of linear layers, output channels of convolutions; "inputs": what leaves an input.
    on : "weights", a pattern of names, a function of a Role, or a list of parameters.

    Raises
    ------
    InputError
        If ``limit`` is not positive or ``by`` is not known; for a vector among the parameters.

    Examples
    --------
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> run = Run(net, torch.optim.SGD(net.parameters(), lr=0.1))
    >>> net.weight.grad = torch.zeros(1, 2)
    >>> net.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
    tensor([[3., 4.]])
    >>> MaxNorm(1.0).start(run).prox()
    >>> net.weight.detach()
    tensor([[0.6000, 0.8000]])

    References
    ----------
    Srebro, N., Rennie, J. and Jaakkola, T. (2004). Maximum-margin matrix factorization. NIPS 17.
    Srivastava, N. and others (2014). Dropout: a simple way to prevent neural networks from overfitting. JMLR 15.
    """

    limit: float = 3.0
    by: str = "neurons"
    on: TargetLike = "weights"
    kind: ClassVar[str] = "constraint"

    def __post_init__(self) -> None:
        """Check the settings."""
        object.__setattr__(self, "limit", check_number(self.limit, "MaxNorm(limit)"))
        check_choice(self.by, UNITS, "MaxNorm(by)")
        check_target(self.on, "MaxNorm")

    @property
    def label(self) -> str:
        """The limit."""
        return f"MaxNorm({self.limit:g})"

    def start(self, run: Run) -> OnSteps:
        """Return the projections of one run."""
        picked = self.chosen(run.model)
        for role in picked:
            if role.parameter.ndim < 2:
                raise InputError(f"MaxNorm: {role.name} is a vector and has no rows; choose others by on=.")
        check_optimizer(run.optimizer, run.model)
        return _Holding(run, picked, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, and a tight one by inputs."""
        return [cls(), cls(0.3), cls(0.2, by="inputs", on="inputs")]


class _Holding(OnSteps):
    def __init__(self, run: Run, picked: Sequence[Role], settings: MaxNorm) -> None:
        super().__init__(run, picked)
        self.settings = settings
        self._acted = torch.zeros((), dtype=torch.bool, device=run.device)

    def nearest(self, role: Role, step: Tensor | float) -> None:
        p = role.parameter
        axis = role.neuron_axis if self.settings.by == "neurons" else role.input_axis
        moved = wide(p.detach()).movedim(axis, 0)
        rows = moved.reshape(len(moved), -1)
        if isinstance(step, Tensor) and step.ndim:
            step = step.movedim(axis, 0).reshape(len(moved), -1)
        self._acted = self._acted.to(p.device) | (rows.norm(dim=1) > self.settings.limit).any()
        p.copy_(project(rows, step, self.settings.limit).reshape(moved.shape).movedim(0, axis))

    def effect(self) -> Effect:
        """Return the limit and whether it was ever reached."""
        return Effect(self.settings.limit, acted=bool(self._acted))

    def state_dict(self) -> dict[str, object]:
        """Return what :class:`OnSteps` keeps, and whether the limit was reached."""
        return {**super().state_dict(), "acted": bool(self._acted)}

    def load_state_dict(self, state: dict[str, object]) -> None:  # type: ignore[override]
        """Take it up."""
        super().load_state_dict(state)
        self._acted = torch.as_tensor(bool(state["acted"]))
