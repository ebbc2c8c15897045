"""How far a long command is: a bar where someone watches, a line a step where the output goes to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["counting"]


@contextmanager
def counting(total: int, silent: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function to be called with a name after each step; it writes to standard error."""
    if silent:
        yield lambda name: None
    elif sys.stderr.isatty():
        yield from _bar(total)
    else:
        yield from _lines(total)


def _bar(total: int) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda name: progress.update(task, advance=1, description=name)


def _lines(total: int) -> Iterator[Callable[[str], None]]:
    done = 0

    def step(name: str) -> None:
        nonlocal done
        done += 1
        print(f"[{done}/{total}] {name}", file=sys.stderr, flush=True)

    yield step
