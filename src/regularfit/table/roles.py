"""Columns with a role of their own: weight, group, time; and those to leave out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from regularfit.errors import TableError
from regularfit.table import values
from regularfit.table.read import Table


@dataclass(frozen=True)
class Roles:
    """A table without its special columns, and those columns as arrays with one value a row."""

    table: Table
    target: pd.Series
    weight: np.ndarray | None = None
    group: np.ndarray | None = None
    time: np.ndarray | None = None
    dropped_rows: int = 0


def take_roles(
    table: Table,
    target: str | None,
    *,
    weight: str | None = None,
    group: str | None = None,
    time: str | None = None,
    drop: tuple[str, ...] = (),
) -> Roles:
    """Take the target and the other special columns out of a table; rows without a target are left out.

    Raises
    ------
    TableError
        Where a named column is not there (with the nearest names) or plays two roles, or fewer than two rows
        remain.
    """
    if table.frame is None:
        return _sparse_roles(table, target, weight=weight, group=group, time=time, drop=drop)
    if target is None:
        raise TableError(
            f"No target was named. Say `--target NAME` with one of the columns of '{table.path}': "
            f"{_shown(table.names)}."
        )
    special = {"target": target, "weight": weight, "group": group, "time": time}
    _check_roles(table, {role: name for role, name in special.items() if name is not None}, drop)
    there = table.frame[target].notna().to_numpy()
    frame = table.frame if there.all() else table.frame[there].reset_index(drop=True)
    if len(frame) < 2:
        raise TableError(
            f"'{table.path}' has {len(frame)} row{'s' * (len(frame) != 1)} with a value in the target "
            f"'{target}'; a fit needs at least two, and some dozens to mean anything. Give more rows, or "
            "choose another target."
        )
    rest = frame.drop(columns=[*dict.fromkeys(name for name in special.values() if name), *drop])
    return Roles(
        replace(table, frame=rest), frame[target],
        weight=None if weight is None else _weights(frame[weight], weight),
        group=None if group is None else _groups(frame[group], group),
        time=None if time is None else _times(frame[time], time),
        dropped_rows=int((~there).sum()),
    )  # fmt: skip


def _sparse_roles(table: Table, target: str | None, **roles: object) -> Roles:
    named = [f"--{role}" for role, name in {"target": target, **roles}.items() if name]
    if named:
        raise TableError(
            f"'{table.path}' is in the SVMlight format: its columns have no names and its target is the "
            "first number of "
            f"each line, so {', '.join(named)} cannot be used. Leave {'them' if len(named) > 1 else 'it'} "
            "out, or give the "
            "table as CSV or Parquet."
        )
    if table.rows < 2:
        raise TableError(
            f"'{table.path}' has one row; a fit needs at least two, and some dozens to mean anything."
        )
    return Roles(table, pd.Series(table.target, name="target"))


def _check_roles(table: Table, special: dict[str, str], drop: tuple[str, ...]) -> None:
    for role, name in [*special.items(), *(("drop", name) for name in drop)]:
        if name not in table.names:
            raise TableError(
                f"'{table.path}' has no column '{name}' (given as --{role}).{_nearest(name, table.names)} "
                "Its "
                f"{len(table.names):,} columns are {_shown(table.names)}."
            )
    taken: dict[str, str] = {}
    for role, name in [*special.items(), *(("drop", name) for name in drop)]:
        if name in taken and not role == taken[name] == "drop":
            raise TableError(
                f"Column '{name}' is given both as --{taken[name]} and as --{role}. Choose one of the two."
            )
        taken[name] = role


def _nearest(name: str, names: list[str]) -> str:
    import difflib

    lower = {n.lower(): n for n in names}
    near = [lower[n] for n in difflib.get_close_matches(name.lower(), list(lower), n=3, cutoff=0.5)]
    return f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""


def _shown(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f", ... and {len(names) - most:,} more" if len(names) > most else "")


def _weights(series: pd.Series, name: str) -> np.ndarray:
    if not values.is_number(series):
        raise TableError(
            f"The weight column '{name}' must hold numbers, but it holds text. Choose another with --weight."
        )
    weight = values.to_numbers(series, name)
    bad = np.flatnonzero(~(weight >= 0))
    if bad.size:
        raise TableError(
            f"The weight column '{name}' holds {weight[bad[0]]:g} in row {bad[0] + 1}; weights must be zero "
            "or positive and "
            "none may be missing. Mend the column."
        )
    if not weight.any():
        raise TableError(
            f"All weights in column '{name}' are zero. At least some rows must have a positive weight."
        )
    return weight


def _groups(series: pd.Series, name: str) -> np.ndarray:
    _refuse_gaps(series, name, "group")
    codes = pd.factorize(series, sort=True)[0]
    if codes.max() < 1:
        raise TableError(
            f"The group column '{name}' has only one group. At least two are needed to hold one out."
        )
    return np.asarray(codes)


def _times(series: pd.Series, name: str) -> np.ndarray:
    """Rank of each row in time; rows of the same time share a rank."""
    from regularfit.table.vectorizer import as_dates

    _refuse_gaps(series, name, "time")
    if not values.is_number(series):
        dates = as_dates(series)[0]
        if dates is None:
            raise TableError(
                f"The time column '{name}' holds neither dates nor numbers. Choose another with --time."
            )
        series = dates
    return np.asarray(pd.factorize(series, sort=True)[0])


def _refuse_gaps(series: pd.Series, name: str, role: str) -> None:
    gaps = int(series.isna().sum())
    if gaps:
        raise TableError(
            f"The {role} column '{name}' is missing in {gaps:,} rows. Fill it, or remove those rows."
        )
