"""Which parameters a regulariser acts on: words, patterns of names, a rule, or the parameters themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from torch import Tensor, nn

from ..._checks import did_you_mean
from ...errors import InputError
from .roles import ROLES, Role, roles

__all__ = ["Target", "TargetLike", "check_target", "chosen", "inputs", "weights"]

WORDS = {"weights": "weight", "biases": "bias", "norms": "norm", "embeddings": "embedding"}


@dataclass(frozen=True, slots=True)
class Target:
    """Parameters by their role: what :func:`weights` and :func:`inputs` return.

    Parameters
    ----------
    role : one of the roles of :mod:`.roles`.
    first : only the first of them, in the order in which the model registers its layers.
    """

    role: str = "weight"
    first: bool = False

    def __call__(self, every: Sequence[Role]) -> list[Role]:
        """Return the chosen ones among all parameters of a model."""
        found = [role for role in every if role.role == self.role]
        if self.first:
            found = [role for role in found if role.parameter.ndim > 1][:1]
        return found


TargetLike: TypeAlias = "str | Target | Callable[[Role], bool] | Sequence[nn.Parameter | str]"


def weights() -> Target:
    """Return the usual target: every weight matrix and kernel; no bias, no norm, no embedding.

    >>> [role.name for role in chosen(nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)), weights())]
    ['0.weight']
    """
    return Target("weight")


def inputs() -> Target:
    """Return the weights of the first weight layer, in the order in which the model registers its layers.

    Its columns are the model's inputs, so factors and bounds by column belong to them.

    >>> [role.name for role in chosen(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)), inputs())]
    ['0.weight']
    """
    return Target("weight", first=True)


def check_target(on: object, what: str) -> None:
    """Refuse what cannot be a target, before a model is known."""
    if isinstance(on, str) and on:
        return
    if isinstance(on, Target) or (callable(on) and not isinstance(on, (nn.Module, type))):
        return
    if isinstance(on, Sequence) and on and all(isinstance(item, (Tensor, str)) and len(item) for item in on):
        return
    raise InputError(
        f'{what}: on={on!r} names no parameters. Give "weights", "inputs", a pattern of names such as "conv.*", a '
        "function of a Role, or a list of parameters."
    )


def chosen(model: nn.Module, on: TargetLike, what: str = "on") -> list[Role]:
    """Return the parameters of a model that a target means; never none.

    A pattern (``"conv.*"``) takes the weights among what it matches, and everything it matches only where there is
    no weight among it (``"*.bias"``): a pattern over a block does not reach its biases and norms by accident.

    Parameters
    ----------
    model : the net.
    on : "weights", "inputs", "biases", "norms", "embeddings", a pattern, a Target, a function of a
        :class:`~regularfit.nets.Role` that tells, or a list of parameters or patterns.
    what : who asks, for the message.

    Raises
    ------
    InputError
        If nothing is matched, or a parameter that was given does not belong to the model.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    >>> [role.name for role in chosen(net, "1.*")], [role.name for role in chosen(net, "*.bias")]
    (['1.weight'], ['0.bias', '1.bias'])
    """
    check_target(on, what)
    every = list(roles(model).values())
    found = _matched(every, on, what)
    if not found:
        shown = on if isinstance(on, (str, Target)) else "the given target"
        held = ", ".join(sorted({role.role for role in every}, key=ROLES.index)) or "none at all"
        raise InputError(
            f"{what}: {shown!r} matches no parameter of the model (roles it has: {held}). See audit(model) for all."
        )
    return found


def _matched(every: list[Role], on: TargetLike, what: str) -> list[Role]:
    if isinstance(on, Target):
        return on(every)
    if isinstance(on, str):
        if on == "inputs":
            return inputs()(every)
        return Target(WORDS[on])(every) if on in WORDS else _by_name(every, on, what)
    if callable(on):
        return [role for role in every if on(role)]
    taken = {
        id(role.parameter) for part in on if isinstance(part, str) for role in _matched(every, part, what)
    }
    given = {id(part) for part in on if not isinstance(part, str)}
    strangers = given - {id(role.parameter) for role in every}
    if strangers:
        raise InputError(
            f"{what}: {len(strangers)} of the given tensors are no parameters of this model; give entries of "
            "model.parameters() (a moved or copied model has new ones)."
        )
    return [role for role in every if id(role.parameter) in taken | given]


def _by_name(every: list[Role], pattern: str, what: str) -> list[Role]:
    found = [role for role in every if any(fnmatchcase(name, pattern) for name in (role.name, *role.also))]
    if not found:
        known = [*WORDS, "inputs", *(role.name for role in every)]
        raise InputError(f"{what}: {pattern!r} matches no parameter. {did_you_mean(pattern, known)}")
    return [role for role in found if role.role == "weight"] or found
