"""Insert synonyms of a text's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ._draws import Keys, uniforms
from ._guard import Guard, negates
from ._sources import Lookup, Source
from ._step import TextStep, Words, WordStep
from .synonyms import pick, with_synonyms

__all__ = ["RandomInsert"]

_COUNT, _WHICH, _WHAT, _WHERE = 1, 2, 3, 4  # what random numbers are drawn for


@final
@dataclass(frozen=True, slots=True)
class RandomInsert(WordStep):
    """Insert synonyms of some words of each text at random places.

    Of a text with l words, ``p * l`` get a synonym somewhere in the text (rounded at random so that the mean is exact),
    or all that have one where these are fewer. Nothing is put right behind a negation, which would then negate it,
    nor behind "a" or "an". Guarded words are as in :class:`Synonyms`.

    Prefer it for bags of words, where places do not matter. A net that reads sequences sees broken sentences.

    Parameters
    ----------
    p : the number of words inserted, as a share of those there are, 0 to 1.
    source, protect, labels : as in :class:`Synonyms`.

    Raises
    ------
    InputError
        If ``p`` is not within 0 and 1, or another argument cannot be used.

    Examples
    --------
    >>> RandomInsert(p=0.3)(["I bought the film"], seed=7)
    ['I bought the movie film']

    References
    ----------
    Wei, J. & Zou, K. (2019). EDA: Easy data augmentation techniques for boosting performance on text classification
    tasks. EMNLP-IJCNLP.
    """

    p: float = 0.1
    source: Source = None
    protect: Sequence[str] = ()
    labels: Sequence[Any] = ()

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts with words inserted."""
        words, options = Words(texts), Lookup.of(self.source, Guard.of(self.protect, self.labels))
        able = with_synonyms(words, options)
        what, where = (uniforms(keys, words.counts, purpose).tolist() for purpose in (_WHAT, _WHERE))
        starts = (np.cumsum(words.counts) - words.counts).tolist()
        wanted = words.wanted(self.p, keys, _COUNT)
        for text, places in words.chosen(able, wanted, keys, _WHICH):
            chunks, pieces, first = words.chunks[text], words.pieces[text], starts[text]
            gaps = open_places(chunks)
            for place in places:
                word = pick(options[chunks[place]], what[first + place])
                _insert(pieces, word, gaps[int(len(gaps) * where[first + place])])
        return words.join()

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return one with the shipped table, one with a mapping, and one that inserts all it can."""
        return [
            cls(),
            cls(0.3, source={"good": "fine", "film": ["movie"]}, protect=["film"]),
            cls(1.0, labels=["car"]),
        ]


def open_places(chunks: list[str]) -> list[int]:
    """Return the chunks before which a word may be put; their number stands for the end.

    >>> open_places(["not", "good", "a", "film"])
    [0, 2, 4]
    """
    closed = {
        place + 1 for place, chunk in enumerate(chunks) if negates(chunk) or chunk.lower() in ("a", "an")
    }
    places = [place for place, chunk in enumerate(chunks) if chunk and place not in closed]
    end = max(place for place, chunk in enumerate(chunks) if chunk) + 1
    return places if end in closed else [*places, len(chunks)]


def _insert(pieces: list[str], word: str, place: int) -> None:
    """Put a word before a chunk, or behind the last one."""
    if 2 * place < len(pieces):
        pieces[2 * place] = f"{word} {pieces[2 * place]}"
    else:
        last = max(at for at in range(0, len(pieces), 2) if pieces[at])
        pieces[last] = f"{pieces[last]} {word}"
