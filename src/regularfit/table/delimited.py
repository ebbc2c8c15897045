"""Text tables: one row a line, fields between commas (or tabs, semicolons, bars)."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regularfit.errors import TableError
from regularfit.table.source import (
    BROKEN_GZIP,
    MAX_HEADER_BYTES,
    broken_gzip,
    check_declared_size,
    open_bytes,
)

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = (",", "\t", ";", "|")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_delimited(
    path: Path, *, missing: tuple[str, ...], encoding: str, delimiter: str | None
) -> pd.DataFrame:
    """Read a text table; only the empty field and the given markers are missing."""
    encoding = _known_encoding(encoding)
    header, delimiter = _read_header(path, encoding, delimiter)
    check_declared_size(path, 1, len(header))
    check_names(path, header)
    try:
        frame = _read_body(path, header, missing, encoding, delimiter)
    except UnicodeDecodeError as error:
        raise _not_decodable(path, encoding) from error
    except BROKEN_GZIP as error:
        raise broken_gzip(path, error) from error
    return frame


def _known_encoding(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise TableError(
            f"Python knows no text encoding '{encoding}'. Common ones are utf-8, latin-1, cp1252 and utf-16."
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _read_header(path: Path, encoding: str, delimiter: str | None) -> tuple[list[str], str]:
    text = _first_lines(path, encoding)
    if not text.splitlines() or not text.splitlines()[0].strip():
        raise TableError(
            f"The file '{path}' has an empty first line. Its first line must name the columns; remove the "
            "lines above them."
        )
    if delimiter is None:
        delimiter = _guess_delimiter(path, text)
    csv.field_size_limit(MAX_HEADER_BYTES)
    names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [name if name.strip() else f"column {i}" for i, name in enumerate(names, start=1)], delimiter


def _first_lines(path: Path, encoding: str) -> str:
    """Read the first line, and more of them while a quoted name is still open; never more than the limit."""
    start, step = b"", 1 << 16
    try:
        with open_bytes(path) as stream:
            while len(start) <= MAX_HEADER_BYTES:
                piece = stream.read(step)
                start += piece
                if not piece or _has_whole_line(start):
                    return _decode_start(path, start, encoding)
                step *= 2
    except BROKEN_GZIP as error:
        raise broken_gzip(path, error) from error
    raise TableError(
        f"The first line of '{path}' is longer than {MAX_HEADER_BYTES // 2**20} MB, so it cannot be a line "
        "of column "
        "names; nothing was read. Check that the file is a table with one row a line."
    )


def _has_whole_line(start: bytes) -> bool:
    end = start.rfind(b"\n")
    return end >= 0 and start.count(b'"', 0, end) % 2 == 0


def _decode_start(path: Path, start: bytes, encoding: str) -> str:
    if start[:2] in _UTF16_MARKS and "16" not in encoding:
        raise TableError(
            f"The file '{path}' is UTF-16 text (its first two bytes say so). Add `--encoding utf-16`."
        )
    if b"\x00" in start and "16" not in encoding and "32" not in encoding:
        raise TableError(
            f"The file '{path}' holds zero bytes, so it is not a text table. Readable are .csv, .tsv, "
            ".csv.gz, "
            ".parquet, .feather, .arrow and .svmlight files; the ending of the name must say which one it is."
        )
    # The piece may end inside a character: an incremental decoder waits for the rest instead of failing.
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError as error:
        raise _not_decodable(path, encoding) from error


def _guess_delimiter(path: Path, text: str) -> str:
    if ".tsv" in [suffix.lower() for suffix in path.suffixes]:
        return "\t"
    first = text.splitlines()[0]
    counts = Counter({mark: first.count(mark) for mark in _DELIMITERS})
    if counts[","]:
        return ","
    mark, count = counts.most_common(1)[0]
    return mark if count else ","


def check_names(path: Path, names: list[str]) -> None:
    """Refuse a table in which two columns bear the same name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        shown = ", ".join(repr(name) for name in twice[:5]) + (", ..." if len(twice) > 5 else "")
        raise TableError(
            f"In '{path}' {len(twice)} column name{'s appear' if len(twice) > 1 else ' appears'} more than "
            f"once: {shown}. "
            "Every column needs a name of its own. Rename or remove the repeated columns."
        )


def _read_body(
    path: Path, header: list[str], missing: tuple[str, ...], encoding: str, delimiter: str
) -> pd.DataFrame:
    import pandas as pd

    try:
        with warnings.catch_warnings(), open_bytes(path) as stream:
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                stream, sep=delimiter, encoding=encoding, keep_default_na=False, na_values=["", *missing],
                index_col=False, low_memory=False, **_exact(pd),
            )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
        reason = str(error).replace("Error tokenizing data. C error: ", "").strip().rstrip(".")
        raise TableError(
            f"The rows of '{path}' do not fit its header of {len(header)} columns ({reason}). Every row "
            "must have as "
            f"many fields as the header; fields holding the delimiter {delimiter!r} must be quoted. Mend "
            "that line, or "
            "name the right delimiter with `--delimiter`."
        ) from error
    except pd.errors.EmptyDataError as error:
        raise TableError(
            f"The file '{path}' holds no table. Its first line must name the columns."
        ) from error
    frame.columns = pd.Index(header)
    return frame


def _exact(pd: Any) -> dict[str, Any]:
    """Ask older versions of pandas for exact decimal conversion; newer ones do so by default."""
    version = tuple(int(part) for part in pd.__version__.split(".")[:2])
    return {} if version >= (3, 1) else {"float_precision": "round_trip"}


def _not_decodable(path: Path, encoding: str) -> TableError:
    """Find the first byte that is not text in this encoding and say where it is."""
    shown = "utf-8" if encoding == "utf-8-sig" else encoding
    offset, byte = _first_bad_byte(path, encoding)
    return TableError(
        f"The file '{path}' is not {shown} text: byte {offset:,} (counted from 0{_after(path)}) is "
        f"0x{byte:02x}. "
        "If it was written by an older spreadsheet, add `--encoding cp1252` or `--encoding latin-1`; or "
        "save it again as "
        "UTF-8."
    )


def _after(path: Path) -> str:
    return ", after decompression" if path.suffix.lower() == ".gz" else ""


def _first_bad_byte(path: Path, encoding: str) -> tuple[int, int]:
    decoder = codecs.getincrementaldecoder(encoding)()
    done, held = 0, b""
    with open_bytes(path) as stream:
        while True:
            piece = stream.read(1 << 20)
            held = decoder.getstate()[0]
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                block = held + piece
                return done - len(held) + error.start, block[error.start] if error.start < len(block) else 0
            done += len(piece)
            if not piece:
                return done, 0
