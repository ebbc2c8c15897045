"""The facts as Markdown: a page for every claim and the table of verdicts, with pictures beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..errors import InputError
from .drawing import draw
from .experiment import PARTS, Kind, Table
from .index import NAMES, number_of
from .record import Record

__all__ = ["FACTS", "MARK", "duration", "gather", "signs", "write_pages"]

#: The folder of the facts inside that of the pages.
FACTS = "facts"
#: Every page that was written from facts says so; a file without it is not ours and is not replaced.
MARK = "Written by regularfit experiment report from the facts; do not edit."

_SIGNS: dict[Kind, str] = {
    "holds": "✓ holds",
    "holds when": "◐ holds when",
    "does not hold": "✗ does not hold",
}
_WORDS: dict[Kind, str] = {
    "holds": "hold",
    "holds when": "hold under a condition",
    "does not hold": "do not hold",
}

_QUESTIONS = {
    "decay-in-the-gradient": "How do L1 and L2 change a step of the gradient?",
    "corners-make-zeros": "What has the shape of a norm to do with zeros?",
    "bias-for-variance": "What does a penalty do to bias and to variance?",
    "dropout-averages": "In what sense is dropout an average of nets?",
}


def gather(folder: Path, seed: int = 0) -> list[Record]:
    """Return the facts under ``folder``, in the order of the claims: of full runs, of quick ones where there are none.

    Raises
    ------
    InputError
        Where there are none at all.
    """
    found: list[Record] = []
    for name in NAMES:
        for quick in (False, True):
            file = folder / FACTS / Record.file_name(name, seed, quick)
            if file.is_file():
                found.append(Record.read(file))
                break
    if not found:
        raise InputError(
            f"'{folder}' holds no facts of experiments with seed {seed}. Run `regularfit experiment all --out {folder}`"
            " first."
        )
    return found


def write_pages(
    records: Sequence[Record], folder: Path, tick: Callable[[], None] = lambda: None
) -> list[Path]:
    """Write README.md, a page for every claim and its picture, and return the files.

    Raises
    ------
    InputError
        Before anything is written, where a file of that name is there that was not written by this.
    """
    pages = {f"{record.name}.md": claim_page(record) for record in records}
    pages["README.md"] = verdicts_page(records)
    refuse_foreign(folder / name for name in pages)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for record in records:
        picture = folder / f"{record.name}.svg"
        picture.write_bytes(draw(record.experiment, record.facts))
        written.append(picture)
        tick()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


def refuse_foreign(files: Iterable[Path]) -> None:
    """Raise where a file exists that does not carry the mark of a written page."""
    for file in files:
        if file.exists() and not (
            file.is_file() and MARK in file.read_text(encoding="utf-8", errors="replace")
        ):
            raise InputError(
                f"'{file}' exists and was not written by `regularfit experiment report`; it is left as it is. "
                "Name another folder with --out."
            )


def claim_page(record: Record) -> str:
    """Return the page of one claim."""
    found, verdict = record.experiment, record.verdict
    lines = [
        f"# {number_of(found.name)}. {found.claim}",
        f"**{_SIGNS[verdict.kind]}.** {verdict.text}",
        f"![{found.claim}]({found.name}.svg)",
        f"**Why it should be so.** {found.why}",
        f"**What {'the full run measures' if record.quick else 'was measured'}.** {found.how}",
        f"**The rule, fixed before.** {found.rule}",
        markdown_table(found.table(record.facts)),
        provenance(record),
        f"[All verdicts](README.md). {MARK}",
    ]
    return "\n\n".join(lines) + "\n"


def verdicts_page(records: Sequence[Record]) -> str:
    """Return the table of all claims and verdicts, chapter by chapter."""
    lines = ["# What the lectures say about regularisation, measured", summary(records)]
    for part in PARTS:
        rows = [_row(record) for record in records if record.experiment.part == part]
        if rows:
            lines.append(
                "\n".join(
                    [f"## {part[0].upper()}{part[1:]}\n", "| | claim | verdict |", "|--:|---|---|", *rows]
                )
            )
    there = {record.name for record in records}
    asked = [f"- [{question}]({name}.md)" for name, question in _QUESTIONS.items() if name in there]
    if asked:
        lines.append("\n".join(["## Four questions to ask yourself before you read on\n", *asked]))
    lines.append(MARK)
    return "\n\n".join(lines) + "\n"


def _row(record: Record) -> str:
    claim = f"[{record.experiment.claim}]({record.name}.md)"
    return f"| {number_of(record.name)} | {claim} | {_SIGNS[record.verdict.kind]} |"


def summary(records: Sequence[Record]) -> str:
    """Return how many claims hold, what was fitted and how long it took."""
    counts = [f"{sum(r.verdict.kind == kind for r in records)} {word}" for kind, word in _WORDS.items()]
    quick = sum(record.quick for record in records)
    missing = len(NAMES) - len(records)
    tail = f" {quick} of them are quick runs, whose errors are wider." if quick else ""
    tail += f" {missing} of {len(NAMES)} were not run." if missing else ""
    fits, seconds = sum(record.fits for record in records), sum(record.seconds for record in records)
    return (
        f"{len(records)} claims: {', '.join(counts)}. {fits:,} models were fitted in {duration(seconds)} of one core."
        f"{tail} Every verdict follows from a rule; where one or its measurement was changed after a first run, "
        "the page says so. Errors are standard errors."
    )


def signs(kind: Kind) -> str:
    """Return the verdict with its sign."""
    return _SIGNS[kind]


def provenance(record: Record) -> str:
    """Return what ran, how long, and with which versions."""
    with_what = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    run = "quick run" if record.quick else "full run"
    return f"{record.fits:,} fits in {duration(record.seconds)}; {run}, seed {record.seed}; {with_what}."


def duration(seconds: float) -> str:
    """Write a time.

    Examples
    --------
    >>> duration(3.21), duration(75), duration(7260)
    ('3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return (
        f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
    )


def markdown_table(table: Table) -> str:
    """Return a table of text cells."""
    rows = [table.head, ["---", *["--:"] * (len(table.head) - 1)], *table.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
