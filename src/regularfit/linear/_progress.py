"""A progress bar for long fits: on a terminal only, gone when the fit is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["progress_bar"]

PATIENCE = 2.0  # seconds before a bar appears unasked


@contextmanager
def progress_bar(verbose: bool | None) -> Iterator[Callable[[int, int], None] | None]:
    """Give a ``progress(done, total)`` that draws a bar, or None where nobody could see it.

    Parameters
    ----------
    verbose : True shows the bar from the start, False once a fit has run for two seconds, None never. Output
    that is
        not a terminal (a file, a pipe, most notebooks) gets no bar.
    """
    if verbose is None or not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(0.0 if verbose else PATIENCE)
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """Opens rich only when there is something to show; counts come from the engine's thread."""

    def __init__(self, patience: float) -> None:
        self.opens_at = time.monotonic() + patience
        self.rich: Any = None
        self.task: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self.rich is None and time.monotonic() < self.opens_at:
            return
        if self.rich is None:
            self._open(total)
        bar: Any = self.rich
        bar.update(self.task, completed=done, total=total)

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("fitting"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} strengths"),
        )
        bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        bar.start()
        self.rich = bar
        self.task = bar.add_task("fitting", total=total)

    def close(self) -> None:
        if self.rich is not None:
            self.rich.stop()
