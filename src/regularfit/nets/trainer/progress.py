"""A progress bar for long runs: on a terminal only, gone when the run is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Bar", "progress_bar"]

PATIENCE = 2.0  # seconds before a bar appears unasked
_EVERY = 0.1  # seconds between two looks


@contextmanager
def progress_bar(verbose: bool | None, total: int) -> Iterator[Bar | None]:
    """Give a bar, or None where nobody could see it.

    Parameters
    ----------
    verbose : True shows the bar from the start, False once a run has taken two seconds, None never. Output that is not
        a terminal (a file, a pipe, most notebooks) gets no bar.
    total : planned steps.
    """
    if verbose is None or not sys.stderr.isatty():
        yield None
        return
    bar = Bar(0.0 if verbose else PATIENCE, total)
    try:
        yield bar
    finally:
        bar.close()


class Bar:
    """Opens rich only when there is something to show."""

    def __init__(self, patience: float, total: int) -> None:
        """Wait for some seconds."""
        self.total, self.scores = total, ""
        self._next = time.monotonic() + patience
        self._rich: Any = None
        self._task: Any = None

    def __call__(self, step: int) -> None:
        """Show how far the run is, a few times a second."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        if self._rich is None:
            self._open()
        bar: Any = self._rich
        bar.update(self._task, completed=step, scores=self.scores)

    def close(self) -> None:
        """Take the bar away."""
        if self._rich is not None:
            self._rich.stop()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("training"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TextColumn("{task.fields[scores]}"),
        )
        self._rich = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
        self._rich.start()
        self._task = self._rich.add_task("training", total=self.total, scores="")
