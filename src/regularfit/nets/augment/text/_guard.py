"""Which words an augmentation leaves alone: without them a text may mean something else, or give its label away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ....errors import InputError
from ._common import COMMON, NEGATIONS
from ._words import parts

__all__ = ["FREE", "NEGATION", "REMEMBERED", "Guard", "check_names", "negates"]


FREE, GUARDED, NEGATION = 0, 1, 2
REMEMBERED = 1 << 17  # chunks; then a memory begins anew


def negates(chunk: str) -> bool:
    """Return whether a chunk turns round what follows.

    >>> [negates(chunk) for chunk in ("not", "Don't", "knot")]
    [True, True, False]
    """
    found = parts(chunk)
    word = found[1].lower().replace("’", "'") if found else ""
    return word in NEGATIONS or word.endswith("n't")


@dataclass(frozen=True, slots=True)
class Guard:
    """What may not be touched: negations, numbers, stop words, chunks without a plain word, and words of the user's.

    Examples
    --------
    >>> guard = Guard.of(protect=["Nokia"], labels=["sci.space", "spam"])
    >>> [guard.protects(chunk) for chunk in ("nokia!", "Spam", "spaces", "not", "2nd", "www.x.com/free", "free")]
    [True, True, True, True, True, True, False]
    """

    own: frozenset[str]

    @classmethod
    def of(cls, protect: Iterable[str] = (), labels: Iterable[Any] = ()) -> Guard:
        """Return a guard of a user's words and of the words in the names of the labels, singular and plural."""
        return _guard(tuple(protect), tuple(map(str, labels)))

    @property
    def status(self) -> Status:
        """What each chunk is: ``FREE``, ``GUARDED`` or ``NEGATION``."""
        return _status(self)

    def protects(self, chunk: str) -> bool:
        """Return whether a chunk must stay as it is and where it is."""
        found = parts(chunk)
        return found is None or self.forbids(found[1].lower())

    def forbids(self, word: str) -> bool:
        """Return whether a word, in lower case, may not be touched, nor be put in."""
        stem = word.replace("’", "'").partition("'")[0] if len(word) > 1 else word  # I'm, it's, we'll
        return word in COMMON or word in self.own or stem in COMMON or stem in self.own or negates(word)

    def names(self, word: str) -> bool:
        """Return whether a word, in lower case, is the user's own or belongs to a label."""
        return word in self.own


class Status(dict[str, int]):
    """What a chunk is, remembered."""

    def __init__(self, guard: Guard) -> None:
        """Take what guards."""
        super().__init__()
        self._guard = guard

    def __missing__(self, chunk: str) -> int:
        """Look at a chunk for the first time."""
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[chunk] = NEGATION if negates(chunk) else GUARDED if self._guard.protects(chunk) else FREE
        return found


@lru_cache(maxsize=8)
def _status(guard: Guard) -> Status:
    return Status(guard)


@lru_cache(maxsize=256)
def _guard(protect: tuple[str, ...], labels: tuple[str, ...]) -> Guard:
    words = {part for word in protect for part in (word.lower(), *re.findall(r"[^\W\d_]+", word.lower()))}
    for label in labels:
        for word in re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower()):
            words |= {word, word + "s", word + "es", word.removesuffix("s"), word.removesuffix("es")}
    return Guard(frozenset(words))


def check_names(names: Any, what: str, *, texts: bool = True) -> tuple[Any, ...]:
    """Return names as a tuple; one string is refused, because its letters would be taken.

    >>> check_names("spam", "labels")
    Traceback (most recent call last):
    regularfit.errors.InputError: labels must be a sequence of names; 'spam' is one string, so give ['spam'].
    """
    if isinstance(names, str | bytes):
        raise InputError(f"{what} must be a sequence of names; {names!r} is one string, so give [{names!r}].")
    try:
        given = tuple(names)
    except TypeError:
        raise InputError(f"{what} must be a sequence of names; {names!r} was given.") from None
    wrong = [name for name in given if texts and not isinstance(name, str)]
    if wrong:
        raise InputError(f"{what} must hold strings; it holds {wrong[0]!r}.")
    return given
