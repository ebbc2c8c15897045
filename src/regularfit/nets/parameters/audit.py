"""Which parameter is under which regulariser: a table, and errors where one was forgotten or taken twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]
from torch.nn.modules.instancenorm import _InstanceNorm  # pyright: ignore[reportPrivateUsage]

from ..._checks import check_choice
from ...errors import InputError
from .on_parameters import OnParameters, check_overlaps
from .penalise import as_regulariser
from .roles import ROLES, Role, roles

__all__ = ["Audit", "Audited", "audit"]


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of an audit.

    Parameters
    ----------
    name : of the parameter; further names of a tied one are in ``also``.
    role : what it is for.
    shape : its shape.
    penalties : the regularisers that act on it.
    also : its further names.
    trained : whether it requires a gradient.
    """

    name: str
    role: str
    shape: tuple[int, ...]
    penalties: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Audit:
    """What :func:`audit` returns: ``rows`` and ``notes``; printing it shows the table."""

    rows: tuple[Audited, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Audited]:
        """Go through the rows."""
        return iter(self.rows)

    def __str__(self) -> str:
        """Return the table, and the notes under it."""
        cells = [("parameter", "role", "shape", "penalties")]
        for row in self.rows:
            shape = " x ".join(map(str, row.shape)) or "one number"
            name = row.name if not row.also else f"{row.name} (= {', '.join(row.also)})"
            cells.append(
                (name, row.role, shape, ", ".join(row.penalties) or ("-" if row.trained else "- (frozen)"))
            )
        widths = [max(len(cell[k]) for cell in cells) for k in range(3)]
        lines = [
            "  ".join([*(cell[k].ljust(widths[k]) for k in range(3)), cell[3]]).rstrip() for cell in cells
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def audit(
    model: nn.Module,
    regularisers: Iterable[Any] = (),
    *,
    free: Collection[str] = ("bias", "norm", "embedding"),
) -> Audit:
    """Return every parameter of a model with its role and what regularises it.

    Parameters
    ----------
    model : the net.
    regularisers : penalties and regularisers, as ``Trainer`` and ``Proximal`` take them; those that do not act on
        parameters (dropout) are passed over. None: the roles alone, and nothing is checked.
    free : the roles that may go without; add "weight" where only some weights are to be regularised.

    Raises
    ------
    InputError
        If a trained parameter of another role is under none, or any is under two decays or two penalties.

    Examples
    --------
    >>> from regularfit import L1
    >>> net = nn.Sequential(nn.Linear(20, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    >>> print(audit(net, [L1(1e-3)]))
    parameter  role    shape   penalties
    0.weight   weight  8 x 20  L1(strength=0.001)
    0.bias     bias    8       -
    1.weight   norm    8       -
    1.bias     norm    8       -
    3.weight   weight  1 x 8   L1(strength=0.001)
    3.bias     bias    1       -
    note: 0.weight is followed by BatchNorm1d, which takes its scale away: L1(strength=0.001) does not restrain what
    the net computes there. ...
    """
    for role in free:
        check_choice(role, ROLES, "audit(free)")
    acting = [r for r in map(as_regulariser, regularisers) if isinstance(r, OnParameters)]
    check_overlaps(model, acting)
    under: dict[int, list[OnParameters]] = {}
    for regulariser in acting:
        for role in regulariser.chosen(model):
            under.setdefault(id(role.parameter), []).append(regulariser)
    every = list(roles(model).values())
    if acting:
        _check_matched(every, under, free)
    rows = tuple(_row(role, under.get(id(role.parameter), [])) for role in every)
    return Audit(rows, tuple(_notes(model, every, under)))


# ---------------------------------------------------------------- the parts


def _row(role: Role, penalties: list[OnParameters]) -> Audited:
    labels = tuple(regulariser.label for regulariser in penalties)
    return Audited(role.name, role.role, role.shape, labels, role.also, role.parameter.requires_grad)


def _check_matched(every: list[Role], under: dict[int, list[OnParameters]], free: Collection[str]) -> None:
    for role in every:
        if id(role.parameter) in under or role.role in free or not role.parameter.requires_grad:
            continue
        if role.role == "other":
            raise InputError(
                f"{role.name} belongs to a {type(role.layer).__name__}, and nobody has told what it is for. Say "
                f'assign_role(model, "{role.name}", "norm") (or "weight"), or choose it by on="{role.name}".'
            )
        raise InputError(
            f"{role.name} is a {role.role} under no regulariser. Widen on= to reach it, or allow it: "
            f"audit(..., free=({', '.join(repr(name) for name in (*free, role.role))}))."
        )


def _notes(model: nn.Module, every: list[Role], under: dict[int, list[OnParameters]]) -> Iterator[str]:
    followers = _followers(model)
    for role in every:
        norm = followers.get(id(role.layer))
        if role.role != "weight" or norm is None:
            continue
        kinds = [
            regulariser
            for regulariser in under.get(id(role.parameter), [])
            if regulariser.kind != "constraint"
        ]
        for regulariser in kinds:
            yield _note(role, regulariser, type(norm).__name__)


def _note(role: Role, regulariser: OnParameters, norm: str) -> str:
    start = f"{role.name} is followed by {norm}, which takes its scale away: "
    if regulariser.kind == "decay":
        return f"{start}{regulariser.label} there only raises the effective learning rate, by keeping the weight small."
    return (
        f"{start}{regulariser.label} does not restrain what the net computes there. Its zeros count, its shrinkage "
        'does not; a penalty on the gains of the norm (on="norms") drops channels.'
    )


def _followers(model: nn.Module) -> dict[int, nn.Module]:
    """Norms that come right after a layer, in the order of registration, and fit its outputs; by the layer's id."""
    leaves = [
        module
        for name, module in model.named_modules()
        if "parametrizations" not in name
        and all(part == "parametrizations" for part, _ in module.named_children())
    ]
    found: dict[int, nn.Module] = {}
    for layer, norm in pairwise(leaves):
        if not isinstance(norm, (_BatchNorm, _InstanceNorm)):
            continue
        outputs = getattr(layer, "out_features", getattr(layer, "out_channels", None))
        if outputs == norm.num_features:
            found[id(layer)] = norm
    return found
