"""The bytes of a file: is it there, how large is it, what is its fingerprint, is it compressed."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from typing import IO, cast

from regularfit.errors import TableError

GZIP_MAGIC = b"\x1f\x8b"
MAX_COLUMNS = 1_000_000
MAX_HEADER_BYTES = 64 * 1024 * 1024
#: What reading a broken gzip file may raise.
BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


def check_file(path: Path) -> int:
    """Return the size of the file in bytes; refuse what is missing, a folder, or empty."""
    if not path.exists():
        beside = _names_beside(path)
        raise TableError(f"There is no file '{path}'.{beside} Give the path of a table that exists.")
    if path.is_dir():
        raise TableError(f"'{path}' is a folder, not a table. Give the path of one file inside it.")
    try:
        with path.open("rb"):
            size = path.stat().st_size
    except OSError as error:
        raise TableError(
            f"The file '{path}' cannot be opened ({error.strerror}). Check its permissions."
        ) from error
    if size == 0:
        raise TableError(
            f"The file '{path}' is empty (0 bytes). Give a table with a header and at least two rows."
        )
    return size


def _names_beside(path: Path) -> str:
    import difflib

    if not path.parent.is_dir():
        return f" The folder '{path.parent}' does not exist either."
    names = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=3, cutoff=0.6)
    return f" The same folder holds {', '.join(repr(name) for name in names)}." if names else ""


def fingerprint(path: Path) -> str:
    """SHA-256 of the bytes of the file as they lie on disk (compressed or not)."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_gzip(path: Path) -> bool:
    """Tell from the first bytes, not from the name, whether the file is compressed by gzip."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def open_bytes(path: Path) -> IO[bytes]:
    """Open the file for reading bytes, through gzip where it is compressed."""
    if is_gzip(path):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def broken_gzip(path: Path, error: BaseException) -> TableError:
    """Build the error for a compressed file that ends early or is damaged."""
    return TableError(
        f"The compressed file '{path}' is damaged or cut short ({error}). A gzip file must be complete to "
        "be read. "
        "Copy or download it again, or check it with `gzip -t`."
    )


def physical_memory() -> int:
    """Bytes of memory of this machine; a large number where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 1 << 46


def check_declared_size(path: Path, rows: int, columns: int) -> None:
    """Refuse a table whose declared size cannot be held in memory, before any of it is allocated."""
    if columns > MAX_COLUMNS:
        raise TableError(
            f"The header of '{path}' names {columns:,} columns; at most {MAX_COLUMNS:,} are read. "
            "Check that the file is a table with one row a line, or choose fewer columns."
        )
    need, have = rows * columns * 8, physical_memory()
    if need > have:
        raise TableError(
            f"The file '{path}' declares {rows:,} rows and {columns:,} columns, {need / 1e9:,.1f} GB as "
            "numbers; this "
            f"machine has {have / 1e9:,.1f} GB of memory. Choose fewer rows or columns, or use a larger "
            "machine."
        )
