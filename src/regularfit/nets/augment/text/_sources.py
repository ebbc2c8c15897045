"""Where synonyms come from: the table shipped with regularfit, a dictionary or a function of the user's."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

from ....errors import InputError
from ._guard import REMEMBERED, Guard
from ._words import parts

__all__ = ["Lookup", "Source", "check_source", "wordnet"]

Source: TypeAlias = Mapping[str, "str | Sequence[str]"] | Callable[[str], "str | Sequence[str]"] | None


@lru_cache(maxsize=1)
def wordnet() -> dict[str, str]:
    """Return the shipped table: a form of a word -> what may stand in its place, the usual first, between blanks.

    Derived from WordNet 3.0 (Princeton University) by ``tools/synonyms/make.py``; its licence lies beside the data.

    >>> wordnet()["bought"], wordnet()["children"]
    ('purchased', 'kids youngsters minors')
    """
    packed = files(__package__ or "").joinpath("data", "synonyms.tsv.gz").read_bytes()
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


@lru_cache(maxsize=8)
def _shipped(guard: Guard) -> Lookup:
    return Lookup(None, guard)


def check_source(source: Any, what: str) -> None:
    """Refuse what is neither None nor a mapping nor a function."""
    if source is not None and not isinstance(source, Mapping) and not callable(source):
        raise InputError(
            f"{what} must be None (the table that comes with regularfit), a mapping from a word to its synonyms, or a "
            f"function that returns them; {source!r} was given."
        )


class Lookup(dict[str, tuple[str, ...]]):
    """What may stand in the place of the word of a chunk, the usual first; nothing if that is guarded.

    A dictionary that asks its source for what it lacks, because nearly all chunks of a batch were seen before.
    """

    def __init__(self, source: Source, guard: Guard) -> None:
        """Take a source that was checked, and what is not to be touched or put in."""
        super().__init__()
        if source is None:
            source = wordnet()
        # A mapping may make what it lacks (collections.defaultdict), so it is asked by ``get``.
        self._ask, self._guard = source.get if isinstance(source, Mapping) else source, guard

    @classmethod
    def of(cls, source: Source, guard: Guard) -> Lookup:
        """Return a look-up; that of the shipped table is kept between calls."""
        return _shipped(guard) if source is None else cls(source, guard)

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        """Ask the source."""
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[chunk] = self._asked(chunk)
        return found

    def _asked(self, chunk: str) -> tuple[str, ...]:
        spelled = parts(chunk)
        if spelled is None or self._guard.protects(chunk):
            return ()
        word = spelled[1].lower()
        given = self._ask(word)
        words = given.split() if isinstance(given, str) else list(given or ())
        wrong = [w for w in words if not isinstance(w, str) or not w.strip()]
        if wrong:
            raise InputError(f"source gives {wrong[0]!r} for {word!r}; give words, as a list of strings.")
        return tuple(
            w for w in words if w.lower() != word and not any(map(self._guard.forbids, w.lower().split()))
        )
