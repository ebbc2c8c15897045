"""What is printed and where: results to standard output, notes and errors to standard error."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import Any


@dataclass(frozen=True)
class Output:
    """Prints for people, for programs (`json`), or not at all (`quiet`)."""

    json: bool = False
    quiet: bool = False

    def line(self, text: str = "") -> None:
        """Print a sentence of the result."""
        if not (self.json or self.quiet):
            print(_wrapped(text, _width()))

    def note(self, text: str) -> None:
        """Print a remark to standard error."""
        if not self.quiet:
            print(_wrapped(f"note: {text}", _width(sys.stderr), "      "), file=sys.stderr)

    def notes(self, texts: Iterable[str], most: int = 8) -> None:
        """Print remarks, at most so many of them."""
        texts = list(texts)
        for text in texts[:most]:
            self.note(text)
        if len(texts) > most:
            self.note(f"and {len(texts) - most} more like these")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, mark: int | None = None) -> None:
        """Print a table; the row `mark` stands out."""
        if not (self.json or self.quiet):
            print_table(head, rows, mark)

    def facts(self, value: dict[str, Any]) -> None:
        """Print the result as JSON where JSON was asked for."""
        if self.json:
            print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], mark: int | None) -> None:
    """Print a table by rich; without colour where it is not a terminal or NO_COLOR is set, never cut off."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Wide enough for any table: rich would cut columns off where there is no terminal, or a narrow one.
    console = Console(highlight=False, width=1000)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for i, name in enumerate(head):
        table.add_column(Text(name), justify="left" if i == 0 else "right", no_wrap=True)
    for i, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), style="bold" if i == mark else None)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def error_line(message: str) -> None:
    """Print an error as one paragraph to standard error."""
    lead = "error: "
    if sys.stderr.isatty() and not _no_colour():
        lead = "\x1b[1;31merror:\x1b[0m "
    text = _wrapped("error: " + " ".join(message.split()), _width(sys.stderr))
    print(lead + text.removeprefix("error: "), file=sys.stderr)


def _no_colour() -> bool:
    import os

    return bool(os.environ.get("NO_COLOR"))


def _wrapped(text: str, width: int, indent: str = "") -> str:
    if not text or not width:
        return text
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _width(stream: Any = None) -> int:
    """Width to wrap at: that of the terminal, at most 100; 0 (no wrapping) where it is not a terminal."""
    stream = stream or sys.stdout
    return min(get_terminal_size().columns, 100) if stream.isatty() else 0


def plain(value: Any) -> Any:
    """Return the value as JSON knows it: no NumPy types, no NaN or infinity (null instead)."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def number(value: float, digits: int = 4) -> str:
    """Write a number with so many significant digits, with separators, without a tail of zeros.

    >>> number(123456.7), number(0.00012345), number(0.5)
    ('123,457', '0.0001234', '0.5')
    """
    if value != value:
        return "-"
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits - 1}e}"
    from math import floor, log10

    places = digits - 1 - floor(log10(abs(value))) if value else 0
    text = f"{value:,.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
