"""Let words change places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from ._draws import Keys
from ._guard import Guard
from ._step import TextStep, Words, WordStep
from ._words import parts

__all__ = ["RandomSwap"]

_COUNT, _WHICH = 1, 2  # what random numbers are drawn for


@final
@dataclass(frozen=True, slots=True)
class RandomSwap(WordStep):
    """Let pairs of words of each text change places.

    Of a text with l words, ``p * l`` pairs are swapped (rounded at random so that the mean is exact; no word twice), or
    as many as there are. Punctuation and white space stay where they are. Guarded words, as in :class:`Synonyms`, stay
    too, and so does the word behind a negation: "not good but cheap" must not become "not cheap but good".

    Prefer it for nets that read sequences, as noise in the order; to a bag of words it changes nothing.

    Parameters
    ----------
    p : the number of swaps as a share of the words, 0 to 1.
    protect, labels : as in :class:`Synonyms`.

    Raises
    ------
    InputError
        If ``p`` is not within 0 and 1, or another argument cannot be used.

    Examples
    --------
    >>> RandomSwap(p=0.25)(["cheap flights, sunny beaches"], seed=6)
    ['cheap beaches, sunny flights']

    References
    ----------
    Wei, J. & Zou, K. (2019). EDA: Easy data augmentation techniques for boosting performance on text classification
    tasks. EMNLP-IJCNLP.
    """

    p: float = 0.1
    protect: Sequence[str] = ()
    labels: Sequence[Any] = ()

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts with words swapped."""
        words = Words(texts)
        free = words.free(Guard.of(self.protect, self.labels))
        wanted = 2 * words.wanted(self.p, keys, _COUNT)
        for text, places in words.chosen(free, wanted, keys, _WHICH):
            pieces = words.pieces[text]
            for one, other in zip(places[::2], places[1::2], strict=False):
                pieces[2 * one], pieces[2 * other] = _exchanged(pieces[2 * one], pieces[2 * other])
        return words.join()

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return a mild one, and one that swaps all it can."""
        return [cls(), cls(1.0, protect=["film"], labels=["car"])]


def _exchanged(one: str, other: str) -> tuple[str, str]:
    """Return two chunks whose words have changed places."""
    first, second = parts(one), parts(other)
    if first is None or second is None:
        return one, other
    return first[0] + second[1] + first[2], second[0] + first[1] + second[2]
