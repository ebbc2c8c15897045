"""What an augmentation of texts is: a frozen value that is called with texts, a seed, an epoch and rows."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...._checks import check_fraction
from ...._typing import Indices, Mask
from ....errors import InputError
from ._draws import Keys, choose, of_rows, one_each, uniforms
from ._guard import FREE, NEGATION, Guard, check_names
from ._sources import check_source
from ._words import chunks_of, split

__all__ = ["TextStep", "WordStep", "Words", "check_texts"]


class TextStep(ABC):
    """The base of every augmentation of texts; a subclass says how in :meth:`change`.

    Examples
    --------
    >>> class Shout(TextStep):
    ...     def change(self, texts, keys):
    ...         return [text.upper() for text in texts]
    >>> Shout()(["free entry"])
    ['FREE ENTRY']
    """

    __slots__ = ()

    def __call__(
        self,
        texts: Sequence[str],
        seed: int | np.random.Generator = 0,
        *,
        epoch: int = 0,
        rows: Sequence[int] | Indices | None = None,
    ) -> list[str]:
        """Return the texts, changed; the ones given stay as they are.

        Parameters
        ----------
        texts : n texts. An empty text stays empty, no other becomes empty.
        seed : a whole number: the same one gives the same result; or a generator, which gives one number.
        epoch : a whole number >= 0; another one gives other changes: an epoch of training, or a copy.
        rows : which rows of the training data the texts are, (n,); None means 0 to n - 1. The changes of a text
            depend on the seed, the epoch, its row and itself, so not on the batch that it comes in.

        Raises
        ------
        InputError
            If ``texts`` is one string or holds something else, or the other arguments are no whole numbers.
        """
        given = check_texts(texts)
        if isinstance(seed, np.random.Generator):
            seed = int(seed.integers(2**63))
        places = _rows(rows, len(given))
        return self.change(given, of_rows(_whole(seed, "seed"), _whole(epoch, "epoch", least=0), places))

    @abstractmethod
    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts changed, with random numbers that are functions of the keys, one a text."""

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return instances on which every law in the tests runs."""
        return [cls()]


class Words:
    """Texts split into chunks, with the numbers that an augmentation of words needs."""

    def __init__(self, texts: list[str]) -> None:
        """Split the texts."""
        self.pieces = [split(text) for text in texts]
        self.chunks = [chunks_of(pieces) for pieces in self.pieces]
        self.counts = np.fromiter(map(len, self.chunks), np.intp, len(texts))

    def wanted(self, p: float, keys: Keys, purpose: int) -> Indices:
        """Return how many words of each text to change: p times its words, rounded at random without bias."""
        words = np.fromiter((sum(map(bool, chunks)) for chunks in self.chunks), float, len(self.chunks))
        return np.floor(p * words + one_each(keys, purpose)).astype(np.intp)

    def share_of(self, able: Mask, p: float, keys: Keys, purpose: int) -> Indices:
        """Return how many chunks of each text to change: p times the able ones, rounded at random without bias."""
        text = np.repeat(np.arange(self.counts.size), self.counts)
        ables = np.bincount(text[able], minlength=self.counts.size)
        return np.floor(p * ables + one_each(keys, purpose)).astype(np.intp)

    def free(self, guard: Guard) -> Mask:
        """Return which chunks may be moved or left out: not guarded, and not what a negation turns round."""
        status, flat = guard.status, list[int]()
        for chunks in self.chunks:
            flat += [status[chunk] for chunk in chunks]
        found = np.array(flat, np.int8)
        negated = np.zeros(found.size, bool)
        negated[1:] = found[:-1] == NEGATION
        starts = np.cumsum(self.counts) - self.counts
        negated[starts[starts < found.size]] = False
        return (found == FREE) & ~negated

    def chosen(
        self, free: Mask, wanted: Indices, keys: Keys, purpose: int
    ) -> Iterator[tuple[int, list[int]]]:
        """Yield the texts in which chunks are chosen, and their places in random order."""
        text, place = choose(uniforms(keys, self.counts, purpose), self.counts, free, wanted)
        starts = np.flatnonzero(np.diff(text, prepend=-1))
        for first, places in zip(text[starts].tolist(), np.split(place, starts[1:]), strict=False):
            yield first, places.tolist()

    def join(self) -> list[str]:
        """Return the texts as they are now."""
        return ["".join(pieces) for pieces in self.pieces]


class WordStep(TextStep):
    """The base of frozen augmentations of words: all have ``p``, ``protect`` and ``labels``, some a ``source``."""

    __slots__ = ()

    p: float
    protect: Sequence[str]
    labels: Sequence[Any]

    def __post_init__(self) -> None:
        """Check and store the settings."""
        name = type(self).__name__
        object.__setattr__(self, "p", check_fraction(self.p, f"{name}(p)"))
        object.__setattr__(self, "protect", check_names(self.protect, f"{name}(protect)"))
        object.__setattr__(self, "labels", check_names(self.labels, f"{name}(labels)", texts=False))
        Guard.of(self.protect, self.labels)
        check_source(getattr(self, "source", None), f"{name}(source)")


def check_texts(texts: Any) -> list[str]:
    """Return texts as a list of strings.

    >>> check_texts(["a", None])
    Traceback (most recent call last):
    regularfit.errors.InputError: texts must hold strings; number 1 (counted from 0) is None. ...
    """
    if isinstance(texts, str | bytes):
        raise InputError("texts must be a sequence of strings; one string was given. Put it into a list.")
    try:
        given = list(texts)
    except TypeError:
        raise InputError(f"texts must be a sequence of strings; {texts!r} was given.") from None
    for number, text in enumerate(given):
        if not isinstance(text, str):
            raise InputError(
                f"texts must hold strings; number {number} (counted from 0) is {text!r}. "
                'Leave it out or make it "".'
            )
    return given


def _whole(value: Any, what: str, least: int | None = None) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{what} must be a whole number; {value!r} was given.") from None
    if least is not None and number < least:
        raise InputError(f"{what} must be at least {least}; {number} was given.")
    return number


def _rows(rows: Any, n: int) -> Indices:
    if rows is None:
        return np.arange(n)
    array = np.asarray(rows)
    if array.shape != (n,) or (n and array.dtype.kind not in "iu"):
        raise InputError(
            f"rows must hold one whole number a text, shape ({n},); "
            f"dtype {array.dtype} with shape {array.shape} was given."
        )
    return array.astype(np.intp)
