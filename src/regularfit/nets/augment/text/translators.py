"""What translates: the protocol, and a table of phrases for tests and demonstrations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, final, runtime_checkable

from ....errors import InputError, UnsupportedError
from ._words import in_case_of

__all__ = ["PhraseTable", "Translator", "check_translated", "model_of"]


@runtime_checkable
class Translator(Protocol):
    """Anything that is called with texts and two language codes, and returns as many texts.

    If it has an attribute ``model`` (a string that names the model and its version), that is its name in a cache.
    """

    def __call__(self, texts: list[str], src: str, tgt: str) -> list[str]:
        """Return the texts, which are in the language ``src``, in the language ``tgt``."""
        ...


@final
@dataclass(frozen=True)
class PhraseTable:
    """Translate phrase by phrase with tables given by hand: a double for tests and demonstrations.

    The longest phrase that fits is taken; what stands in no table stays as it is.

    Parameters
    ----------
    tables : one mapping for every direction, such as ``{("en", "de"): {"very good": "ausgezeichnet"}, ...}``.
    model : its name in a cache.

    Raises
    ------
    InputError
        If ``tables`` is no mapping from pairs of languages to mappings.
    UnsupportedError
        When called with a direction that has no table.

    Examples
    --------
    >>> table = PhraseTable({("en", "de"): {"good film": "toller Film", "film": "Film"}})
    >>> table(["A Good film!"], "en", "de")
    ['A Toller Film!']
    """

    tables: Mapping[tuple[str, str], Mapping[str, str]]
    model: str = "phrase table"
    _patterns: dict[tuple[str, str], re.Pattern[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the tables, and make a pattern of each."""
        object.__setattr__(
            self, "_patterns", {way: _pattern(way, table) for way, table in self.tables.items()}
        )

    def __call__(self, texts: list[str], src: str, tgt: str) -> list[str]:
        """Return the texts, phrase by phrase."""
        if (src, tgt) not in self.tables:
            known = ", ".join(f"{one} to {other}" for one, other in self.tables)
            raise UnsupportedError(f"PhraseTable has no table from {src!r} to {tgt!r}; it has {known}.")
        table = {phrase.lower(): other for phrase, other in self.tables[src, tgt].items()}

        def other(found: re.Match[str]) -> str:
            return in_case_of(found[0], table[found[0].lower()])

        return [self._patterns[src, tgt].sub(other, text) for text in texts]


def _pattern(way: Any, table: Any) -> re.Pattern[str]:
    if not (isinstance(way, tuple) and len(way) == 2 and isinstance(table, Mapping) and table and all(table)):
        raise InputError(
            f"PhraseTable(tables) maps pairs of languages to phrases, as in {{('en', 'de'): {{'good': 'gut'}}}}; "
            f"{way!r}: {table!r} was given."
        )
    phrases = sorted(table, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b", re.IGNORECASE)


def model_of(translate: Any) -> str | None:
    """Return the name under which translations are kept: its ``model``, else its own name; None for a lambda.

    >>> model_of(PhraseTable({("en", "de"): {"good": "gut"}})), model_of(lambda texts, src, tgt: texts)
    ('phrase table', None)
    """
    named = getattr(translate, "model", None)
    if isinstance(named, str) and named:
        return named
    name = getattr(translate, "__qualname__", "")
    return None if not name or "<" in name else f"{translate.__module__}.{name}"


def check_translated(given: Any, texts: list[str], src: str, tgt: str) -> list[str]:
    """Return what a translator returned if it is one text for each."""
    out = list(given) if isinstance(given, list | tuple) else None
    if out is None or len(out) != len(texts) or not all(isinstance(text, str) for text in out):
        what = f"{len(out)} things" if out is not None else repr(given)
        raise InputError(
            f"translate({src!r} to {tgt!r}) must return one string for each of {len(texts)} texts; it returned {what}."
        )
    return out
