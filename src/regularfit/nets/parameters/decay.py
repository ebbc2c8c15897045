"""Weight decay, in its three meanings, which are not the same under an adaptive optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import nn

from ...errors import InputError
from .._settings import check_not_negative
from ..regulariser import Active, Effect, Regulariser, Run
from .on_parameters import OnParameters, check_optimizer, trained
from .roles import Role, roles
from .targets import TargetLike, check_target

__all__ = ["WeightDecay", "decay_groups"]


@final
@dataclass(frozen=True)
class WeightDecay(OnParameters):
    r"""Pull weights towards zero a little at every step; biases, norms and embeddings are left alone.

    Three things go by this name, and only for plain SGD at a constant rate are they one:

    - decoupled, the default (AdamW of torch): after the step :math:`w \leftarrow (1 - \eta_t\, r)\, w`. It shrinks
      with the learning rate, so a schedule that ends near zero also ends the decay, and a new learning rate wants a
      new decay.
    - ``independent=True`` (the paper's): :math:`w \leftarrow (1 - f_t\, r)\, w` with the schedule's factor
      :math:`f_t = \eta_t / \eta_0` alone, so the rate keeps its meaning when the base learning rate is tuned; it is of
      the order of the other's ``lr * rate``, say 1e-5.
    - ``coupled=True``: :math:`g \leftarrow g + r\, w` before the step: the gradient of :math:`r \lVert w \rVert^2/2`.
      With SGD this is L2 in the objective. With Adam it is divided by the gradients' scale, so weights with large
      gradients are hardly decayed; it is here to reproduce others.

    For L2 in the objective under any optimiser use ``Penalise(L2(strength))``. Prefer decay as the first regulariser
    of almost any net. Before batch norm it does not shrink what the net computes; it holds the effective learning
    rate up (:func:`~regularfit.nets.audit` says where).

    Parameters
    ----------
    rate : r >= 0, finite; 1e-2 is usual, 1e-4 to 1 for tables; 0 is none, for grids.
    independent : not multiplied by the base learning rate. The factor is the group's rate over its ``"initial_lr"`` (or
        ``"max_lr"``, of one-cycle schedules), else over its rate at the start.
    coupled : in the gradient.
    on : "weights", a pattern of names, a function of a Role, or a list of parameters.

    Raises
    ------
    InputError
        If ``rate`` is negative, both ways are asked for, or the optimiser decays on its own as well.

    Examples
    --------
    >>> net = nn.Linear(1, 1, bias=False)
    >>> nn.init.ones_(net.weight).item()
    1.0
    >>> run = Run(net, torch.optim.SGD(net.parameters(), lr=0.5))
    >>> net.weight.grad = torch.zeros(1, 1)
    >>> WeightDecay(0.2).start(run).prox()
    >>> round(net.weight.item(), 6)
    0.9

    References
    ----------
    Loshchilov, I. and Hutter, F. (2019). Decoupled weight decay regularization. ICLR.
    Hanson, S. and Pratt, L. (1988). Comparing biases for minimal network construction with back-propagation. NIPS 1.
    """

    rate: float = 1e-2
    independent: bool = False
    coupled: bool = False
    on: TargetLike = "weights"
    phases: ClassVar[tuple[str, ...]] = ("gradient", "prox")
    kind: ClassVar[str] = "decay"

    def __post_init__(self) -> None:
        """Check the settings."""
        object.__setattr__(self, "rate", check_not_negative(self.rate, "WeightDecay(rate)", "0 is none."))
        if self.independent and self.coupled:
            raise InputError(
                "WeightDecay(independent=True, coupled=True): coupled decay goes through the gradient and so through "
                "the learning rate; choose one."
            )
        check_target(self.on, "WeightDecay")

    @property
    def shrinks(self) -> bool:
        """Whether there is any decay."""
        return self.rate > 0

    @property
    def label(self) -> str:
        """The rate and the way."""
        way = ", independent" if self.independent else ", coupled" if self.coupled else ""
        return f"WeightDecay({self.rate:g}{way})"

    def start(self, run: Run) -> Active:
        """Return the decay of one run."""
        picked = self.chosen(run.model)
        check_optimizer(run.optimizer, run.model, picked if self.shrinks else ())
        return _Decaying(run, picked, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the three ways, and one with a pattern."""
        return [cls(), cls(1e-4, independent=True), cls(1e-2, coupled=True), cls(0.1, on="*.weight")]


class _Decaying(Active):
    def __init__(self, run: Run, picked: Sequence[Role], settings: WeightDecay) -> None:
        super().__init__(run)
        self.picked, self.settings = trained(run.optimizer, picked), settings
        self._base = [_base_rate(group) for group in run.optimizer.param_groups]
        self._shrunk = False

    def gradient(self) -> None:
        """Add the gradient of the squares, if coupled."""
        if not self.settings.coupled or not self.settings.shrinks:
            return
        for role in self.picked:
            p = role.parameter
            if p.grad is not None:
                p.grad.add_(p.detach(), alpha=self.settings.rate)
                self._shrunk = True

    def prox(self) -> None:
        """Shrink, unless coupled; a parameter without a gradient was not stepped and is not decayed."""
        if self.settings.coupled or not self.settings.shrinks:
            return
        factors = self._factors()
        with torch.no_grad():
            for role in self.picked:
                p = role.parameter
                if p.grad is not None:
                    p.mul_(factors[id(p)])
                    self._shrunk = self._shrunk or _bites(factors[id(p)], p)

    def effect(self) -> Effect:
        """Return the share that a step takes off now."""
        if not self.settings.shrinks:
            return Effect(0.0, acted=False)
        factors = self._factors()
        share = max((1.0 - float(factors[id(role.parameter)]) for role in self.picked), default=0.0)
        if self.settings.coupled:
            return Effect(self.settings.rate, acted=self._shrunk)
        note = "" if self._shrunk else "a step takes off less than the weights' last digit"
        return Effect(share, acted=self._shrunk, note=note)

    def state_dict(self) -> dict[str, Any]:
        """Return the base learning rates."""
        return {"base": list(self._base), "shrunk": self._shrunk}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._base, self._shrunk = [float(rate) for rate in state["base"]], bool(state["shrunk"])

    def _factors(self) -> dict[int, Any]:
        """What each parameter is multiplied by now, by its id."""
        found: dict[int, Any] = {}
        for place, group in enumerate(self.run.optimizer.param_groups):
            share = group["lr"] * self.settings.rate
            if self.settings.independent:
                if place == len(self._base):
                    self._base.append(_base_rate(group))
                share = share / self._base[place]
            factor = 1.0 - share
            # a rate beyond one would turn the sign
            factor = factor.clamp(min=0.0) if isinstance(factor, torch.Tensor) else max(factor, 0.0)
            found.update(dict.fromkeys((id(p) for p in group["params"]), factor))
        return found


def decay_groups(model: nn.Module, rate: float = 1e-2, *, on: TargetLike = "weights") -> list[dict[str, Any]]:
    """Return parameter groups for ``torch.optim.AdamW`` in a loop of your own: only weights decay.

    Parameters
    ----------
    model : the net.
    rate : >= 0; the ``weight_decay`` of the first group; that of the second is 0.
    on : what decays, as for :class:`WeightDecay`.

    Raises
    ------
    InputError
        If the model has parameters whose role nobody has told (of a module of your own); see
        :func:`~regularfit.nets.assign_role`.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    >>> groups = decay_groups(net, 1e-2)
    >>> optimizer = torch.optim.AdamW(groups, lr=1e-3)
    >>> [(group["weight_decay"], len(group["params"])) for group in groups]
    [(0.01, 1), (0.0, 3)]
    """
    rate = check_not_negative(rate, "decay_groups(rate)", "0 is none.")
    picked = WeightDecay(rate, on=on).chosen(model)
    decayed = {id(role.parameter) for role in picked}
    untold = [
        role.name
        for role in roles(model).values()
        if role.role == "other" and id(role.parameter) not in decayed
    ]
    if untold:
        raise InputError(
            f"decay_groups: nobody has told what {', '.join(untold[:5])} {'is' if len(untold) == 1 else 'are'} for. "
            f'Say so, as in assign_role(model, "{untold[0]}", "norm") (not decayed) or "weight" (decayed).'
        )
    rest = [p for p in model.parameters() if id(p) not in decayed]
    return [
        {"params": [role.parameter for role in picked], "weight_decay": rate},
        {"params": rest, "weight_decay": 0.0},
    ]


def _base_rate(group: Mapping[str, Any]) -> float:
    return float(group.get("max_lr") or group.get("initial_lr") or group["lr"])


def _bites(factor: Any, p: torch.Tensor) -> bool:
    """Whether a factor is not one in the type of the weights: 1 - 1e-9 is, in float32."""
    return bool(torch.as_tensor(factor, dtype=torch.float64).to(p.dtype) != 1) and factor != 1
