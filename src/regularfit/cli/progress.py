"""How far a chain of fits is: on a terminal only, after two seconds, gone when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["steps"]

_PATIENCE = 2.0  # seconds before anything appears


@contextmanager
def steps(what: str, total: int, show: bool) -> Iterator[Callable[[str], None]]:
    """Give a function to be called with the name of every step before it begins.

    Parameters
    ----------
    what : is done, in a word or two.
    total : number of steps.
    show : whether it may be shown; output that is not a terminal shows nothing.
    """
    if not (show and sys.stderr.isatty()):
        yield lambda name: None
        return
    begun, done = time.monotonic(), 0
    bars: list[tuple[Any, Any]] = []

    def tell(name: str) -> None:
        nonlocal done
        if not bars and (total < _FEW or time.monotonic() - begun > _PATIENCE):
            bars.append(_open(what, total))
        for bar, task in bars:
            bar.update(task, completed=done, description=f"{what}: {name}")
        done += 1

    try:
        yield tell
    finally:
        for bar, _ in bars:
            bar.stop()


_FEW = 10  # steps, each of which may take long, are shown from the first one on


def _open(what: str, total: int) -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
    )
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task(what, total=total)
