"""What decay, penalties and constraints share: they act on chosen parameters, after the optimiser's step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn, optim

from ..._checks import check_positive
from ...errors import InputError
from ..regulariser import Active, Regulariser, Run
from .roles import Role, roles
from .step_metric import StepMetric
from .targets import TargetLike, chosen

__all__ = ["OnParameters", "OnSteps", "check_optimizer", "check_overlaps", "groups_of", "in_order", "turn"]


_TURNS = {"decay": 0, "penalty": 1, "constraint": 2}


class OnParameters(Regulariser):
    """A regulariser of chosen parameters; ``kind`` is "decay", "penalty" or "constraint"."""

    phases: ClassVar[tuple[str, ...]] = ("prox",)
    kind: ClassVar[str] = "penalty"
    whole: ClassVar[bool] = False  # a constraint of whole matrices, not of single rows
    on: TargetLike

    @property
    def shrinks(self) -> bool:
        """Whether it pulls weights to zero by their square, as decay does."""
        return self.kind == "decay"

    @property
    def label(self) -> str:
        """What :func:`~regularfit.nets.audit` calls it."""
        return type(self).__name__

    def conflict(self, other: Regulariser) -> str | None:
        """Return why both cannot act on the same parameters, where they name the same; others need a model."""
        if not isinstance(other, OnParameters) or not isinstance(self.on, str) or self.on != other.on:
            return None
        return _clash(self, other).removesuffix(".") or None

    def chosen(self, model: nn.Module) -> list[Role]:
        """Return the parameters of a model that it acts on; never none."""
        return chosen(model, self.on, type(self).__name__)


class OnSteps(Active):
    """A penalty or a projection at work: one proximal step for each parameter after each step of the optimiser."""

    def __init__(self, run: Run, picked: Sequence[Role]) -> None:
        """Find the metric and the parameters that train."""
        super().__init__(run)
        self.picked = trained(run.optimizer, picked)
        self.metric = StepMetric(run.optimizer)
        self.steps = 0

    def prox(self) -> None:
        """Do the proximal steps; a parameter that the optimiser did not move is left alone."""
        groups = groups_of(self.run.optimizer)
        with torch.no_grad():
            together = self.metric.together([role.parameter for role in self.picked], groups)
            if together is not None:
                self.all_nearest(together)
            else:
                for role in self.picked:
                    step = self.metric.after_step(role.parameter, groups[id(role.parameter)])
                    if step is not None:
                        self.nearest(role, step)
        self.steps += 1

    def all_nearest(self, steps: Sequence[Tensor]) -> None:
        """Do all of :meth:`nearest`, in the metrics ``steps``, which may be written to."""
        for role, step in zip(self.picked, steps, strict=True):
            self.nearest(role, step)

    def nearest(self, role: Role, step: Tensor | float) -> None:
        """Put the nearest point, in the metric ``step``, that the penalty prefers in place of the parameter."""
        raise NotImplementedError

    def zeros(self) -> dict[str, int]:
        """Return how many entries of each parameter are exactly zero."""
        return {role.name: int((role.parameter.detach() == 0).sum()) for role in self.picked}

    def state_dict(self) -> dict[str, Any]:
        """Return the count of steps and what momentum has gathered."""
        return {"steps": self.steps, "sums": self.metric.sums(self._by_name())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state of an earlier run."""
        self.steps = int(state["steps"])
        self.metric.load_sums(state["sums"], self._by_name())

    def _by_name(self) -> dict[str, Tensor]:
        return {role.name: role.parameter for role in self.picked}


def turn(regulariser: Regulariser) -> int:
    """Return when it acts after a step, whatever the list's order: decay, penalties, limits of rows, of matrices.

    So a constraint holds at the end, and both kinds do: scaling a whole matrix down, as ``Spectral`` does, leaves no
    row longer than it was. What changes weights and is none of these (of your own) acts among the penalties. Within
    a turn, where no parameter has two decays or two penalties, the order is that of the list.
    """
    if not isinstance(regulariser, OnParameters):
        return _TURNS["penalty"]
    return _TURNS[regulariser.kind] + regulariser.whole


def in_order(regularisers: Iterable[Regulariser]) -> list[Regulariser]:
    """Return them as they act after a step, see :func:`turn`."""
    return sorted(regularisers, key=turn)


def groups_of(optimizer: optim.Optimizer) -> dict[int, dict[str, Any]]:
    """Return the group of each parameter, by the parameter's id; asked anew each step, as loading replaces groups."""
    return {id(p): group for group in optimizer.param_groups for p in group["params"]}


def trained(optimizer: optim.Optimizer, picked: Sequence[Role]) -> list[Role]:
    """Return those that train; one that should and is not in the optimiser is an error, as nothing would happen."""
    groups, kept = groups_of(optimizer), []
    for role in picked:
        if id(role.parameter) in groups:
            kept.append(role)
        elif role.parameter.requires_grad:
            raise InputError(
                f"{role.name} is to be regularised but is not in the optimizer, so nothing would happen to it. "
                "Give the optimizer model.parameters(), freeze it with requires_grad_(False), or choose others by on=."
            )
    return kept


def check_optimizer(optimizer: optim.Optimizer, model: nn.Module, shrinking: Sequence[Role] = ()) -> None:
    """Refuse an optimiser that decays on its own what it should not, or what is decayed already.

    Parameters
    ----------
    optimizer : whose ``weight_decay`` is looked at, group by group.
    model : the net.
    shrinking : the parameters that a regulariser decays (or gives an L2 penalty).

    Raises
    ------
    InputError
        If it decays biases, norms or embeddings; couples its decay with an adaptive step; or decays a second time.
    """
    known = {id(role.parameter): role for role in roles(model).values()}
    twice = {id(role.parameter) for role in shrinking}
    name = type(optimizer).__name__
    for group in optimizer.param_groups:
        rate = group.get("weight_decay", 0)
        if not rate:
            continue
        for p in group["params"]:
            role = known.get(id(p))
            if role is None:
                continue
            if id(p) in twice:
                raise InputError(
                    f"{role.name} would be decayed twice: by {name} itself (weight_decay={rate:g}) and by a "
                    f"regulariser. Make the optimizer with weight_decay=0{_default(name)}."
                )
            if role.role not in ("weight", "other"):
                raise InputError(
                    f"{name} decays {role.name}, a {role.role} (weight_decay={rate:g} in its group{_default(name)}). "
                    "Make it with weight_decay=0 and use WeightDecay, or give it decay_groups(model, rate), which "
                    "leave out biases, norms and embeddings."
                )
        _check_coupled(optimizer, group, name)


def check_overlaps(model: nn.Module, regularisers: Iterable[Regulariser]) -> None:
    """Refuse two decays, or two penalties, on one parameter.

    Raises
    ------
    InputError
        Naming the parameter and both.
    """
    seen: dict[int, list[OnParameters]] = {}
    for regulariser in regularisers:
        if not isinstance(regulariser, OnParameters):
            continue
        for role in regulariser.chosen(model):
            for other in seen.setdefault(id(role.parameter), []):
                advice = _clash(regulariser, other)
                if advice:
                    raise InputError(
                        f"{role.name} is under both {other.label} and {regulariser.label}: {advice}"
                    )
            seen[id(role.parameter)].append(regulariser)


def check_number(value: float, what: str) -> float:
    """Return a positive, finite number; 0 is refused with the advice to leave the regulariser out."""
    return check_positive(value, what, "To have none, leave it out.")


# ---------------------------------------------------------------- the parts


def _clash(one: OnParameters, other: OnParameters) -> str:
    if one.kind == other.kind == "penalty":
        return (
            "the proximal step of their sum is not one step after the other. Write one penalty, such as "
            "L1(a) + L2(b) or Grouped(l1_ratio=...), or give each its own parameters by on=."
        )
    if one.shrinks and other.shrinks:
        return "they would decay it twice; keep one, or give each its own parameters by on=."
    if {one.label.partition("(")[0], other.label.partition("(")[0]} == {"Orthogonal", "Spectral"}:
        return "an orthogonal weight has spectral norm one already; keep one of them."
    kinds = {one.kind, other.kind}
    names = {type(one).__name__, type(other).__name__}
    if "Orthogonal" in names and kinds & {"penalty", "decay"}:
        return "an orthogonal weight has a fixed size and no zeros to speak of; keep one of them."
    return ""


def _check_coupled(optimizer: optim.Optimizer, group: Mapping[str, Any], name: str) -> None:
    decoupled = isinstance(optimizer, optim.AdamW) or group.get("decoupled_weight_decay", False)
    if decoupled or isinstance(optimizer, optim.SGD):
        return
    raise InputError(
        f"{name} adds weight_decay={group['weight_decay']:g} times the weights to the gradient and then divides by "
        "its own scale, which is neither L2 nor decay. Make it with weight_decay=0 and use WeightDecay (decoupled), "
        "Penalise(L2(...)) (in the objective), or WeightDecay(coupled=True) where this very mixture is wanted."
    )


def _default(name: str) -> str:
    return "; 0.01 is the default of AdamW" if name == "AdamW" else ""
