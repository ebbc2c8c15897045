"""Translations kept in a file: an SQLite database, written batch by batch, that survives whatever ends a run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from ....errors import InputError, ModelFileError

__all__ = ["TranslationCache"]

_MARK = 0x72664254  # "rfBT" in SQLite's field for the application
_VERSION = 1
_MAGIC = b"SQLite format 3\x00"
_HEADER, _PLACES = 100, (60, 68)  # bytes of SQLite's header; where it holds a user's version, and the mark
_AT_ONCE = 500  # parameters in one statement
_TABLE = (
    "CREATE TABLE back (model TEXT, src TEXT, pivot TEXT, text TEXT, back TEXT NOT NULL, "
    "PRIMARY KEY (model, src, pivot, text)) WITHOUT ROWID"
)


class TranslationCache:
    """What a text became by way of another language, for one model and one pair of languages.

    The file appears with the first batch; every batch is one transaction, so a run that is killed keeps all earlier
    ones. Any number of models and pairs share a file. It holds plain text, and reading it runs no code.
    """

    def __init__(self, path: str | Path, model: str, src: str, pivot: str) -> None:
        """Take the place of the file; what is there already must be such a cache."""
        self.path, self._key = Path(path), (model, src, pivot)
        if self.path.exists():
            self._check()
        elif not self.path.parent.is_dir():
            raise InputError(
                f"cache={str(path)!r}: there is no folder {str(self.path.parent)!r}; make it first."
            )

    def known(self, texts: Iterable[str]) -> dict[str, str]:
        """Return what is known of the texts."""
        if not self.path.exists():
            return {}
        wanted, found = list(dict.fromkeys(texts)), dict[str, str]()
        with self._open() as database:
            for first in range(0, len(wanted), _AT_ONCE):
                some = wanted[first : first + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = (
                    f"SELECT text, back FROM back WHERE model=? AND src=? AND pivot=? AND text IN ({marks})"
                )
                found.update(database.execute(query, (*self._key, *some)))
        return found

    def keep(self, translated: Mapping[str, str]) -> None:
        """Add translations: all of them, or none if that fails."""
        with self._open() as database, database:
            rows = [(*self._key, text, back) for text, back in translated.items()]
            database.executemany("INSERT OR REPLACE INTO back VALUES (?, ?, ?, ?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=60)) as database:
                self._prepare(database)
                yield database
        except UnicodeEncodeError as error:
            raise InputError(
                f"a text holds a character that no file can hold ({error}); clean it with "
                "text.encode('utf-8', 'replace').decode()."
            ) from error
        except sqlite3.DatabaseError as error:
            raise ModelFileError(f"{self.path}: the cache cannot be used ({error}).") from error

    def _prepare(self, database: sqlite3.Connection) -> None:
        """Make the table in a new file; two processes may try at the same time."""
        if _marked(database):
            return
        usual = database.isolation_level
        database.isolation_level = None  # transactions by hand here: the mark and the table come together
        database.execute("BEGIN IMMEDIATE")
        if not _marked(database):
            database.execute(_TABLE)
            database.execute(f"PRAGMA application_id = {_MARK}")
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("COMMIT")
        database.isolation_level = usual

    def _check(self) -> None:
        """Refuse, before anything is written to it, a file that is no cache of translations."""
        advice = "Give another path, or move it away."
        if not self.path.is_file():
            raise ModelFileError(f"{self.path} is not a file. {advice}")
        with self.path.open("rb") as file:
            head = file.read(_HEADER)
        if not head:
            return  # an empty file, as a temporary one is
        if not head.startswith(_MAGIC):
            raise ModelFileError(f"{self.path} is not a cache of translations; it is left as it is. {advice}")
        if len(head) < _HEADER:
            raise ModelFileError(f"{self.path} is damaged: it ends after {len(head)} bytes. {advice}")
        version, mark = (int.from_bytes(head[place : place + 4]) for place in _PLACES)
        if mark != _MARK:
            raise ModelFileError(
                f"{self.path} is a database of something else; it is left as it is. {advice}"
            )
        if version > _VERSION:
            raise ModelFileError(
                f"{self.path} was written by a newer regularfit (format {version}). {advice}"
            )


def _marked(database: sqlite3.Connection) -> bool:
    return database.execute("PRAGMA application_id").fetchone()[0] == _MARK
