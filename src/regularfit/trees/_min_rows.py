"""The guard against leaves that no split can fill."""

from __future__ import annotations

from typing import Any

from ..errors import InputError

__all__ = ["check_min_rows"]


def check_min_rows(min_rows: Any, n: int, name: str = "min_rows") -> None:
    """Refuse a least number of rows in a leaf that would leave the root alone.

    Parameters
    ----------
    min_rows : None, a number of rows, or (as scikit-learn has it) a share of them below 1.
    n : number of rows to grow on.
    name : what the message calls it.

    Examples
    --------
    >>> check_min_rows(60, 100)
    Traceback (most recent call last):
    regularfit.errors.InputError: min_rows=60 rows in every leaf allow no split of 100 rows. Give min_rows <= 50.
    """
    if min_rows is None:
        return
    if 2 * (min_rows if min_rows >= 1 else min_rows * n) > n:
        raise InputError(
            f"{name}={min_rows} rows in every leaf allow no split of {n} rows. Give {name} <= {n // 2}."
        )
