"""Whole inputs, neurons or channels in or out of a net: the group lasso and the sparse group lasso."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd  # pyright: ignore[reportPrivateUsage]

from ..._checks import check_choice, check_fraction
from ...errors import InputError
from ...penalties import Group
from .._settings import check_not_negative
from ..regulariser import Effect, Regulariser, Run
from .group_steps import shorten
from .on_parameters import OnParameters, OnSteps, check_optimizer
from .penalise import check_zeros_mean_zeros
from .roles import Role
from .step_metric import wide
from .targets import Target, TargetLike, check_target

__all__ = ["Grouped"]

UNITS = ("inputs", "neurons", "channels")


@final
@dataclass(frozen=True)
class Grouped(OnParameters):
    r"""Drop whole inputs, neurons or channels: all weights of one are exactly zero, or none are.

    .. math:: P(W) = s \Bigl( a \sum |w| + (1 - a) \sum_g \sqrt{p_g}\, \lVert W_g \rVert_2 \Bigr)

    with :math:`p_g` the number of weights in group g. The norm is not squared (with the square it would be decay),
    and the roots make groups of different sizes comparable. It acts by a proximal step in the optimiser's own metric,
    as :class:`~regularfit.nets.Penalise` does: first the soft threshold, then the norms of the groups, whose
    root takes seven Newton steps where the metric has a number for every weight.

    Prefer it with ``"inputs"`` to find the inputs that a net needs, with ``"channels"`` or ``"neurons"`` to get a net
    that can be cut smaller. Prefer ``Penalise(L1(...))`` where single weights may go.

    Give later layers a decay or a penalty as well. Alone, a penalty on the first layer is evaded: its weights become
    small and later ones large, and the net computes the same.

    Parameters
    ----------
    strength : s >= 0, finite; multiplies the mean loss; 0 is none, for grids.
    by : "inputs": the weights that leave one input, of the first layer unless ``on`` says others. "neurons": the
        weights that enter one neuron, of every linear layer (also the last: choose others by ``on``). "channels": the
        kernels of one output channel, of every convolution. Or labels, one for each input, as for
        :class:`regularfit.Group`: inputs with the same label go together, such as the dummies of a category.
    l1_ratio : a in [0, 1): the share of the single weights; 0 is the group lasso, 0.05 to 0.5 are usual.
    on : other parameters than those.

    Raises
    ------
    InputError
        If a number is out of range, ``by`` is not known, or the labels are not one for each input.

    Examples
    --------
    >>> net = nn.Linear(2, 3)
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    >>> active = Grouped(10.0).start(Run(net, optimizer))
    >>> net(torch.ones(1, 2)).sum().backward(); optimizer.step()
    >>> active.prox()
    >>> int((net.weight == 0).sum())
    6

    References
    ----------
    Yuan, M. and Lin, Y. (2006). Model selection and estimation in regression with grouped variables. JRSS B 68.
    Simon, N., Friedman, J., Hastie, T. and Tibshirani, R. (2013). A sparse-group lasso. JCGS 22.
    """

    strength: float = 1e-3
    by: Any = "inputs"
    l1_ratio: float = 0.0
    on: TargetLike | None = None  # type: ignore[assignment]
    kind: ClassVar[str] = "penalty"

    def __post_init__(self) -> None:
        """Check everything."""
        object.__setattr__(
            self, "strength", check_not_negative(self.strength, "Grouped(strength)", "0 is none.")
        )
        object.__setattr__(self, "l1_ratio", check_fraction(self.l1_ratio, "Grouped(l1_ratio)"))
        if self.l1_ratio == 1:
            raise InputError("Grouped(l1_ratio=1) has no groups left; use Penalise(L1(strength)).")
        if isinstance(self.by, str):
            check_choice(self.by, UNITS, "Grouped(by)")
        else:
            object.__setattr__(self, "by", Group(self.by).groups)  # checks them and makes tuples
        if self.on is not None:
            check_target(self.on, "Grouped")

    @property
    def label(self) -> str:
        """The strength and the groups."""
        by = self.by if isinstance(self.by, str) else "labels"
        return f"Grouped({self.strength:g}, by={by})"

    def chosen(self, model: nn.Module) -> list[Role]:
        """Return the parameters that it acts on: those of ``on``, or the usual ones for its groups."""
        from .targets import chosen

        return chosen(
            model, _USUAL.get(self.by, Target(first=True)) if self.on is None else self.on, self.label
        )

    def start(self, run: Run) -> OnSteps:
        """Return the proximal steps of one run."""
        picked = self.chosen(run.model)
        for role in picked:
            check_zeros_mean_zeros(self, role)
            if role.parameter.ndim < 2:
                raise InputError(
                    f"{self.label}: {role.name} is a vector and has no groups; choose others by on=."
                )
        check_optimizer(run.optimizer, run.model)
        return _Grouping(run, picked, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return one of each kind of group."""
        return [
            cls(1e-2),
            cls(1e-2, by="neurons"),
            cls(1e-2, by="neurons", l1_ratio=0.3),
            cls(1e-2, by="channels", on="weights"),
            cls(1e-2, by=[0, 0, 1, 1, 2], on="inputs"),
        ]


class _Grouping(OnSteps):
    def __init__(self, run: Run, picked: Sequence[Role], settings: Grouped) -> None:
        super().__init__(run, picked)
        self.settings = settings
        self._plans = {role.name: _Plan.of(role, settings) for role in self.picked}

    def prox(self) -> None:
        """Do the proximal steps, if there is anything to do."""
        if self.settings.strength > 0:
            super().prox()

    def nearest(self, role: Role, step: Tensor | float) -> None:
        plan, p = self._plans[role.name], role.parameter
        rows = plan.rows(wide(p.detach()))
        if isinstance(step, Tensor) and step.ndim:
            step = plan.rows(step)
        if plan.alone > 0:
            t = step * plan.alone
            rows = rows - (rows.clamp(-t, t) if isinstance(t, Tensor) else rows.clamp(min=-t, max=t))
        p.copy_(plan.back(shorten(rows, step, plan.strengths, plan.owner), p))

    def effect(self) -> Effect:
        """Return the strength, the zeros, and how many groups are out."""
        gone, total = 0, 0
        for role in self.picked:
            plan = self._plans[role.name]
            used = (plan.rows(role.parameter.detach()) != 0).any(dim=1)
            total += len(used)
            gone += int((~used).sum())
        unit = self.settings.by if isinstance(self.settings.by, str) else "inputs"
        note = f"{gone} of {total} {unit} out"
        return Effect(self.settings.strength, sum(self.zeros().values()), acted=self.steps > 0, note=note)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one parameter falls into groups."""

    axis: int
    strengths: Tensor  # (groups,)
    owner: Tensor | None  # (rows,), where several rows are one group
    alone: float  # the strength of every single weight

    @classmethod
    def of(cls, role: Role, settings: Grouped) -> _Plan:
        p = role.parameter
        axis = role.neuron_axis if settings.by in ("neurons", "channels") else role.input_axis
        rows = p.shape[axis]
        dtype = torch.float64 if p.dtype == torch.float64 else torch.float32
        if isinstance(settings.by, str):
            owner, sizes = None, torch.ones(rows, dtype=dtype)
        else:
            layout = Group(settings.by).layout(rows)
            owner = torch.as_tensor(layout.owner.copy(), device=p.device)
            sizes = torch.as_tensor(layout.sizes, dtype=dtype)
        roots = (sizes * (p.numel() / rows)).sqrt().to(p.device)
        weight = settings.strength * (1.0 - settings.l1_ratio)
        return cls(axis, weight * roots, owner, settings.strength * settings.l1_ratio)

    def rows(self, values: Tensor) -> Tensor:
        """(p, m): what belongs together in a row."""
        return values.movedim(self.axis, 0).reshape(values.shape[self.axis], -1)

    def back(self, rows: Tensor, p: Tensor) -> Tensor:
        """The shape of the parameter again."""
        moved = p.movedim(self.axis, 0).shape
        return rows.reshape(moved).movedim(0, self.axis)


def _linear(role: Role) -> bool:
    return role.role == "weight" and isinstance(role.layer, nn.Linear)


def _kernels(role: Role) -> bool:
    return role.role == "weight" and isinstance(role.layer, _ConvNd)


_USUAL: dict[Any, TargetLike] = {"inputs": Target(first=True), "neurons": _linear, "channels": _kernels}
