"""What lanes can do of the regularisers: each is read into numbers, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from importlib import import_module
from itertools import permutations
from typing import Any

from ..._checks import did_you_mean
from ...errors import InputError, UnsupportedError
from ...penalties import L1
from ..schedules import schedule
from .settings import NetSettings

__all__ = ["READERS", "changed", "changes_of", "dropout_schedule", "lane_row", "plain", "proxes_of"]


@dataclass(frozen=True)
class Reader:
    """How a regulariser is read.

    Parameters
    ----------
    home : the module of nets that has it.
    numbers : field of the regulariser -> field of :class:`LaneValues`.
    allowed : further field -> the one value that lanes can do. Fields in neither may be anything.
    """

    home: str
    numbers: dict[str, str]
    allowed: dict[str, Any]


READERS: dict[str, Reader] = {
    "Dropout": Reader("dropout.dropout", {"p": "", "input_p": ""}, {}),
    "WeightDecay": Reader(
        "parameters.decay",
        {"rate": "decay", "independent": "independent"},
        {"coupled": False, "on": "weights"},
    ),
    "LabelSmoothing": Reader("terms.smoothing", {"eps": "smoothing"}, {}),
    "Mixup": Reader("mixing.mixup", {"alpha": "mixup"}, {}),
    "FeatureSwap": Reader("augment.tables.feature_swap", {"p": "swap"}, {}),
    "InputNoise": Reader("augment.input_noise", {"scale": "noise"}, {"schedule": "constant"}),
    "EMA": Reader("averages.ema", {"decay": "ema"}, {}),
    "SWA": Reader("averages.swa", {"after": "swa", "every": "swa_every"}, {}),
    "EarlyStopping": Reader(
        "evaluation.stopping", {"patience": "patience", "min_delta": "min_delta"}, {"restore": "best"}
    ),
    "L1": Reader("", {"strength": "l1"}, {}),
}
_CHANGES = {"FeatureSwap": "swap", "Mixup": "mixup", "InputNoise": "noise"}
_PROXES = {"WeightDecay": "decay", "L1": "l1", "Penalise": "l1"}


def lane_row(settings: NetSettings) -> dict[str, Any]:
    """Return the numbers of a lane with these settings, without its fold.

    Raises
    ------
    UnsupportedError
        For a regulariser, or a setting of one, that lanes cannot do, and for two of a kind.
    """
    row: dict[str, Any] = {"seed": int(settings.seed), "lr": float(settings.lr)}
    row["rates"] = [0.0] * (len(settings.hidden) + 1)
    seen: set[str] = set()
    for given in settings.regularisers:
        value = plain(given)
        name = type(value).__name__
        if name not in READERS:
            raise UnsupportedError(
                f"Lanes cannot do {name}; train this net alone (fit or cross_validate). {did_you_mean(name, READERS)}"
            )
        if name in seen:
            raise UnsupportedError(f"Lanes can do one {name} at a time; there are two.")
        seen.add(name)
        _check_allowed(value, name)
        row |= _numbers(value, name, settings)
    if "EMA" in seen and "SWA" in seen:
        raise UnsupportedError("EMA and SWA would each be the fitted net; keep one of them.")
    return row


def plain(given: Any) -> Any:
    """Return the penalty inside ``Penalise(L1(...))``; anything else as it is."""
    if type(given).__name__ != "Penalise":
        return given
    if not isinstance(given.penalty, L1) or getattr(given, "on", "weights") != "weights":
        raise UnsupportedError(
            f"Lanes can do Penalise(L1(...)) on weights; train {given!r} alone (fit or cross_validate)."
        )
    return given.penalty


def _check_allowed(value: Any, name: str) -> None:
    for field, allowed in READERS[name].allowed.items():
        given = getattr(value, field, allowed)
        if given != allowed:
            raise UnsupportedError(
                f"Lanes can do {name}({field}={allowed!r}) only; {given!r} was given. Train this net alone (fit or "
                "cross_validate)."
            )


def _numbers(value: Any, name: str, settings: NetSettings) -> dict[str, Any]:
    if name == "Dropout":
        return {"rates": list(replace(value, schedule="constant").rates(len(settings.hidden) + 1))}
    read = {to: float(getattr(value, field)) for field, to in READERS[name].numbers.items()}
    if name in ("EMA", "SWA"):
        read["refresh"] = float(value.statistics == "refresh")
    return read | ({"keep_best": 1.0} if name == "EarlyStopping" else {})


def _order_of(settings: list[NetSettings], kinds: dict[str, str]) -> tuple[str, ...]:
    """Return in which order the regularisers of these kinds act, by their places in the lists.

    Raises
    ------
    UnsupportedError
        If settings disagree.
    """
    lists = [
        [kinds[n] for n in (type(r).__name__ for r in one.regularisers) if n in kinds] for one in settings
    ]
    names = list(dict.fromkeys(kinds.values()))
    for order in permutations(name for name in names if any(name in one for one in lists)):
        if all([name for name in order if name in one] == one for one in lists):
            return order
    longest = " or ".join(sorted({", ".join(one) for one in lists if len(one) > 1}))
    raise UnsupportedError(
        f"Settings have their regularisers in different orders ({longest}); lanes act in one order. Put them into the "
        "same order."
    )


def changes_of(settings: list[NetSettings]) -> tuple[str, ...]:
    """Return the order of what changes rows."""
    return _order_of(settings, _CHANGES)


def proxes_of(settings: list[NetSettings]) -> tuple[str, ...]:
    """Return what acts after the step, decay first, as :func:`~regularfit.nets.parameters.on_parameters.turn` says."""
    names = {type(regulariser).__name__ for one in settings for regulariser in one.regularisers}
    return tuple(dict.fromkeys(acts for name, acts in _PROXES.items() if name in names))


def dropout_schedule(settings: list[NetSettings]) -> Callable[[float], float] | None:
    """Return the schedule of dropout that all settings share, or None where it is constant.

    Raises
    ------
    UnsupportedError
        If settings have different ones.
    """
    found = {r.schedule for one in settings for r in one.regularisers if type(r).__name__ == "Dropout"}
    if len(found) > 1:
        raise UnsupportedError(
            f"Lanes can do one schedule of dropout; the settings have {', '.join(map(str, found))}. Give all the same."
        )
    given = found.pop() if found else "constant"
    return None if given == "constant" else schedule(given)


def changed(settings: NetSettings, name: str, value: Any) -> NetSettings:
    """Return settings with one of them changed, by the name that a grid has for it.

    Parameters
    ----------
    name : a field of the settings, such as "lr" or "hidden"; or "Dropout.p", the field of a regulariser, which is
        added with its defaults where there is none.
    value : the value. None leaves the regulariser out; so does 0 where the regulariser itself refuses 0.

    Raises
    ------
    InputError
        For a name that is unknown; the nearest are named.
    """
    owner, _, field = name.partition(".")
    if not field:
        own = [f.name for f in fields(NetSettings)]
        if name not in own:
            known = [*own, *(f"{kind}.{f}" for kind, reader in READERS.items() for f in reader.numbers)]
            raise InputError(f"{name!r} is no setting of a net. {did_you_mean(name, known)}")
        return replace(settings, **{name: value})
    if owner not in READERS:
        known = [f"{kind}.{f}" for kind, reader in READERS.items() for f in reader.numbers]
        raise InputError(f"{name!r}: lanes know no regulariser {owner!r}. {did_you_mean(name, known)}")
    place, held = _find(settings, owner)
    if value is None:
        return replace(settings, regularisers=_without(settings.regularisers, place))
    try:
        made = _with_field(held, owner, field, value)
    except InputError:
        if value != 0 or field not in READERS[owner].numbers:
            raise
        return replace(settings, regularisers=_without(settings.regularisers, place))
    after = list(settings.regularisers)
    if place is None:
        after.append(made)
    else:
        after[place] = made
    return replace(settings, regularisers=tuple(after))


def _find(settings: NetSettings, owner: str) -> tuple[int | None, Any]:
    for place, given in enumerate(settings.regularisers):
        if type(given).__name__ == owner:
            return place, given
        if owner == "L1" and type(given).__name__ == "Penalise" and isinstance(given.penalty, L1):
            return place, given.penalty
    return None, None


def _without(regularisers: tuple[Any, ...], place: int | None) -> tuple[Any, ...]:
    return regularisers if place is None else (*regularisers[:place], *regularisers[place + 1 :])


def _with_field(held: Any, owner: str, field: str, value: Any) -> Any:
    kind = type(held) if held is not None else _kind(owner)
    known = [f.name for f in fields(kind) if f.init]
    if field not in known:
        raise InputError(f"{owner} has no setting {field!r}. {did_you_mean(field, known)}")
    return kind(**{field: value}) if held is None else replace(held, **{field: value})


def _kind(owner: str) -> Any:
    if owner == "L1":
        return L1
    return getattr(import_module(f"..{READERS[owner].home}", __package__), owner)
