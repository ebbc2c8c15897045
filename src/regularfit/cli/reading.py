"""Options of every command that reads a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorated = Callable[..., Any]


def reading_options(command: Decorated) -> Decorated:
    """Add --missing, --encoding and --delimiter."""
    for option in (
        click.option(
            "--delimiter", metavar="MARK", help="What separates fields of a CSV file; guessed unless given."
        ),
        click.option("--encoding", default="utf-8", show_default=True, help="Text encoding of a CSV file."),
        click.option(
            "--missing",
            multiple=True,
            metavar="TEXT",
            help="Text that means missing, such as NA or ?, besides the empty field; may be repeated.",
        ),
    ):
        command = option(command)
    return command


def printing_options(command: Decorated) -> Decorated:
    """Add --json and --quiet."""
    command = click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def checked_delimiter(delimiter: str | None) -> str | None:
    r"""Return the delimiter as one character; \t may be written out."""
    if delimiter is None:
        return None
    mark = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if len(mark) != 1 or mark in '"\r\n':
        raise click.BadParameter(
            f"{delimiter!r} is not one character. Give one such as ';' or write \\t for a tab.",
            param_hint="--delimiter",
        )
    return mark
