"""Targets of survival models: when rows came under observation, when they left, and whether by an event."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from .._typing import Vector
from ..errors import InputError

__all__ = ["EVENT", "START", "STOP", "STRATUM", "read_survival", "survival"]

START, STOP, EVENT, STRATUM = range(4)  # columns of a checked target

_EVENTS = ("event", "status", "death", "delta", "observed", "cens")
_STRATA = ("stratum", "strata")
_FORMS = (
    "rf.survival(time, event), rf.survival(start, stop, event), a structured array, or two columns (time, event) or "
    "three (start, stop, event)"
)


def survival(first: Any, second: Any, third: Any = None, /, *, strata: Any = None) -> np.ndarray:
    """Return a survival target: ``survival(time, event)`` or ``survival(start, stop, event)``.

    Prefer ``(start, stop, event)`` where rows come under observation late (left truncation), or where one person has
    several rows because its columns change over time.

    Parameters
    ----------
    time, stop : (n,) times above 0 at which rows left.
    start : (n,) times, 0 or above and below ``stop``, from which on rows were at risk; a row is at risk just after
        its start.
    event : (n,) booleans, or 0 and 1: whether a row left by an event (1) or was censored (0).
    strata : (n,) labels; every stratum has risk sets and a baseline hazard of its own.

    Returns
    -------
    a structured array (n,) that can be sliced like any target

    Raises
    ------
    InputError
        For times or events that cannot be; the message names the row.

    Examples
    --------
    >>> y = survival([2.0, 3.0, 5.0], [True, False, True])
    >>> y["event"].sum()
    np.int64(2)
    """
    columns = {"time": first, "event": second}
    if third is not None:
        columns = {"start": first, "stop": second, "event": third}
    if strata is not None:
        columns["stratum"] = strata
    checked, labels = _checked(columns)
    names = [name for name in ("start", "time", "stop") if name in columns]
    kinds: list[Any] = [(name, np.float64) for name in names] + [("event", np.bool_)]
    if labels is not None:
        kinds.append(("stratum", labels.dtype))
    out = np.empty(len(checked), dtype=kinds)
    for name in names:
        out[name] = checked[:, START if name == "start" else STOP]
    out["event"] = checked[:, EVENT] == 1
    if labels is not None:
        out["stratum"] = labels[checked[:, STRATUM].astype(np.intp)]
    return out


def read_survival(y: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a target as floats (n, 4), start, stop, event and code of the stratum, and the strata's labels.

    >>> read_survival([[2.0, 1], [3.0, 0]])[0]
    array([[0., 2., 1., 0.],
           [0., 3., 0., 0.]])
    """
    return _checked(_columns(y))


def _columns(y: Any) -> dict[str, Any]:
    """The target's columns by role, whatever it came as."""
    if y is None:
        raise InputError(f"requires y to be passed, but the target y is None. Give {_FORMS}.")
    names = getattr(getattr(y, "dtype", None), "names", None)
    if names is None and not isinstance(y, np.ndarray) and hasattr(y, "columns"):
        names = getattr(y, "column_names", None) or list(y.columns)
    if names is not None:
        return _by_name({str(name): y[name] for name in names})
    array: np.ndarray = np.asarray(cast("Any", y))
    if array.dtype.kind == "c":
        raise InputError(f"Complex data not supported: y must be {_FORMS}.")
    if array.ndim == 2 and array.shape[1] == 4 and array.dtype == np.float64:  # checked before
        return dict(zip(("start", "stop", "event", "stratum"), array.T, strict=True))
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        raise InputError(
            f"y must say for every row when it left and whether by an event: {_FORMS}. An array of shape "
            f"{array.shape} was given."
        )
    roles = ("time", "event") if array.shape[1] == 2 else ("start", "stop", "event")
    return dict(zip(roles, array.T, strict=True))


def _by_name(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a structured array or a table: the event and the stratum by name or type, times in their order."""
    found: dict[str, Any] = {}
    rest = dict(fields)
    for name in fields:
        if name.lower() in _STRATA:
            found["stratum"] = rest.pop(name)
    events = [name for name in rest if name.lower() in _EVENTS]
    if not events:
        events = [name for name in rest if np.asarray(rest[name]).dtype == np.bool_]
    if not events and len(rest) in (2, 3):
        events = [list(rest)[-1]]
    if len(events) != 1 or len(rest) not in (2, 3):
        raise InputError(
            f"y has the columns {list(fields)}, which do not say what is time and what is event. Give {_FORMS}."
        )
    found["event"] = rest.pop(events[0])
    lower = {name.lower(): name for name in rest}
    if len(rest) == 1:
        found["time"] = next(iter(rest.values()))
    elif {"start", "stop"} <= set(lower):
        found["start"], found["stop"] = rest[lower["start"]], rest[lower["stop"]]
    else:
        found["start"], found["stop"] = rest.values()
    return found


def _checked(columns: dict[str, Any]) -> tuple[np.ndarray, np.ndarray | None]:
    name = "time" if "time" in columns else "stop"
    stop = _times(columns[name], name)
    start = _times(columns["start"], "start") if "start" in columns else np.zeros_like(stop)
    event = _events(columns["event"])
    codes, labels = _strata(columns.get("stratum"), len(stop))
    for other, values in (("start", start), ("event", event), ("strata", codes)):
        if len(values) != len(stop):
            raise InputError(
                f"{name} has {len(stop)} entries but {other} has {len(values)}; give one for every row."
            )
    _check_order(name, start, stop)
    if not event.any():
        raise InputError(
            f"None of the {len(stop)} rows has an event: all are censored, so nothing says who is at higher risk. "
            "Check that event is 1 (or True) where the event was seen."
        )
    return np.column_stack([start, stop, event, codes]), labels


def _times(values: Any, name: str) -> Vector:
    array = np.asarray(values)
    try:
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} must hold one number a row; it holds {np.ravel(array)[:1]!r}. Turn dates into durations first."
        ) from None
    if array.ndim != 1 or not array.size:
        raise InputError(f"{name} must be one-dimensional with one time a row, but has shape {array.shape}.")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InputError(
            f"Input y contains NaN or infinity: {name} is {array[bad[0]]} in row {bad[0]}, counted from 0, and in "
            f"{bad.size} row(s) in all. Drop these rows, or censor them at the last time they were seen."
        )
    return array


def _events(values: Any) -> Vector:
    array = np.asarray(values)
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(array.shape, np.nan)
    bad = np.flatnonzero(~((numbers == 0) | (numbers == 1)))
    if array.ndim != 1 or bad.size:
        at = f"; it holds {np.ravel(array)[bad[0]]} in row {bad[0]}, counted from 0" if bad.size else ""
        hint = " Codes 1 and 2 become event == 2." if set(np.unique(numbers)) == {1.0, 2.0} else ""
        raise InputError(
            f"event must be True or False, or 1 (an event) or 0 (censored), in every row{at}.{hint} y is read as "
            f"{_FORMS}."
        )
    return numbers


def _strata(values: Any, n: int) -> tuple[Vector, np.ndarray | None]:
    if values is None:
        return np.zeros(n), None
    array = np.asarray(values)
    if array.dtype == object:
        array = np.array([str(label) for label in array.tolist()])
    if array.ndim != 1 or (array.dtype.kind == "f" and not np.isfinite(array).all()):
        raise InputError("strata must hold one label a row, and no NaN.")
    labels, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.float64), labels


def _check_order(name: str, start: Vector, stop: Vector) -> None:
    for bad, what in (
        (stop <= 0, f"{name} must be above 0"),
        (start < 0, "start must be 0 or above"),
        (stop <= start, "stop must be after start"),
    ):
        row = int(np.argmax(bad))
        if bad[row]:
            raise InputError(
                f"{what}, but row {row}, counted from 0, has start {start[row]:g} and {name} {stop[row]:g} "
                f"({int(bad.sum())} such row(s)). A row that was never at risk says nothing: drop it, or correct the "
                "clock (all times may be moved by one constant)."
            )
