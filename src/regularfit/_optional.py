"""The one place that says what to do where an optional package is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["need"]


def need(name: str, extra: str) -> Any:
    """Return a module of an optional extra, or raise an error that gives the pip line.

    Raises
    ------
    ModuleNotFoundError
        If the module is not installed.

    Examples
    --------
    >>> need("json", "nets").dumps([1])
    '[1]'
    >>> need("no_such_engine", "nets")
    Traceback (most recent call last):
    ModuleNotFoundError: regularfit.nets needs no_such_engine; install it with: pip install 'regularfit[nets]'
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != name.partition(".")[0]:
            raise  # the module is there; something that it needs is not
        raise ModuleNotFoundError(
            f"regularfit.{extra} needs {name}; install it with: pip install 'regularfit[{extra}]'", name=name
        ) from missing
