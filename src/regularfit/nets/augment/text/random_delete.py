"""Leave words out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ._draws import Keys
from ._guard import Guard
from ._step import TextStep, Words, WordStep
from ._words import without

__all__ = ["RandomDelete"]

_COUNT, _WHICH = 1, 2  # what random numbers are drawn for


@final
@dataclass(frozen=True, slots=True)
class RandomDelete(WordStep):
    """Leave out some words of each text, never all.

    Of a text with l words, ``p * l`` are left out with their punctuation (rounded at random so that the mean is
    exact), or as many as may be. Guarded words, as in :class:`Synonyms`, stay, and so does the word behind a negation.

    Prefer it as dropout on words: it keeps a model from leaning on one of them. Short texts bear less of it than long
    ones.

    Parameters
    ----------
    p : the share of words to leave out, 0 to 1.
    protect, labels : as in :class:`Synonyms`.

    Raises
    ------
    InputError
        If ``p`` is not within 0 and 1, or another argument cannot be used.

    Examples
    --------
    >>> RandomDelete(p=0.2)(["cheap flights to sunny beaches"], seed=3)
    ['cheap flights to beaches']

    References
    ----------
    Wei, J. & Zou, K. (2019). EDA: Easy data augmentation techniques for boosting performance on text classification
    tasks. EMNLP-IJCNLP.
    """

    p: float = 0.1
    protect: Sequence[str] = ()
    labels: Sequence[Any] = ()

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts with words left out."""
        words = Words(texts)
        free = words.free(Guard.of(self.protect, self.labels))
        there = np.fromiter((sum(map(bool, chunks)) for chunks in words.chunks), np.intp, len(texts))
        wanted = np.minimum(words.wanted(self.p, keys, _COUNT), there - 1)
        out = list(texts)
        for text, places in words.chosen(free, wanted, keys, _WHICH):
            out[text] = without(words.pieces[text], set(places))
        return out

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return a mild one, and one that leaves out all it can."""
        return [cls(), cls(1.0, protect=["film"], labels=["car"])]
