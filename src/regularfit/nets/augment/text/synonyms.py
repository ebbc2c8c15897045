"""Replace words by synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ._draws import Keys, uniforms
from ._guard import Guard
from ._sources import Lookup, Source
from ._step import TextStep, Words, WordStep
from ._words import in_case_of, is_name, parts

__all__ = ["Synonyms"]

_COUNT, _WHICH, _WHAT = 1, 2, 3  # what random numbers are drawn for


@final
@dataclass(frozen=True, slots=True)
class Synonyms(WordStep):
    """Replace some words of each text by synonyms in the same form.

    Of the words of a text that have synonyms, the share ``p`` is replaced, rounded at random so that the mean is exact;
    the first synonym is the likeliest. Capitals, punctuation and white space stay. With the table that comes with
    regularfit about one word in eight has synonyms, so of 100 words ``p`` = 0.2 changes two or three.

    Negations, numbers, links, stop words, names (capitalised inside a sentence), ``protect`` and the words in the names
    of the ``labels`` are never touched, and never put in either: a text must not gain the name of a class. After "a"
    and "an" only synonyms are used that agree with it.

    Prefer it for short labelled texts in English and models that see words. It does little for a pretrained language
    model, which knows synonyms, and harm where single words are the signal (spam, names of products): protect these.

    Parameters
    ----------
    p : the share of the replaceable words to replace, 0 to 1; 0.1 to 0.4 is usual. Where most are replaced, the words
        that a model lives by are gone: that costs points rather than gaining them.
    source : None for the table that comes with regularfit, made from WordNet 3.0 (54 000 forms of English words; one
        meaning, one part of speech, see ``tools/synonyms/make.py``); or a mapping from a word in lower case to its
        synonyms, or a function that returns them (neighbours among word vectors, terms of a domain).
    protect : more words to leave alone, in any case.
    labels : the labels or their names; their words are left alone.

    Raises
    ------
    InputError
        If ``p`` is not within 0 and 1, or another argument cannot be used.

    Examples
    --------
    >>> Synonyms(p=1.0)(["She bought the movie, not the car."])
    ['She purchased the film, not the automobile.']
    >>> Synonyms(p=1.0, labels=["movie", "music"])(["She bought the movie, not the car."])
    ['She purchased the movie, not the automobile.']
    >>> Synonyms(p=1.0, source={"cheap": ["inexpensive", "reasonable"]})(["CHEAP flights"])
    ['INEXPENSIVE flights']

    References
    ----------
    Zhang, X., Zhao, J. & LeCun, Y. (2015). Character-level convolutional networks for text classification. NeurIPS.
    Fellbaum, C. (1998). WordNet: An electronic lexical database. MIT Press. The table is derived from WordNet 3.0,
    Copyright 2006 by Princeton University; its licence is ``data/WORDNET-LICENCE.txt``.
    """

    p: float = 0.2
    source: Source = None
    protect: Sequence[str] = ()
    labels: Sequence[Any] = ()

    @classmethod
    def for_labels(cls, labels: Sequence[Any], p: float = 0.2, **settings: Any) -> Synonyms:
        """Return one that knows the labels, such as ``y``: each is taken once."""
        return cls(p, labels=sorted({str(label) for label in labels}), **settings)

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts with words replaced."""
        words, options = Words(texts), Lookup.of(self.source, Guard.of(self.protect, self.labels))
        able = with_synonyms(words, options)
        what = uniforms(keys, words.counts, _WHAT).tolist()
        starts = (np.cumsum(words.counts) - words.counts).tolist()
        wanted = words.share_of(able, self.p, keys, _COUNT)
        for text, places in words.chosen(able, wanted, keys, _WHICH):
            chunks, pieces, first = words.chunks[text], words.pieces[text], starts[text]
            for place in places:
                agreeing = fitting(options[chunks[place]], chunks[place - 1] if place else "")
                if agreeing:
                    pieces[2 * place] = replaced(chunks[place], pick(agreeing, what[first + place]))
        return words.join()

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return one with the shipped table, one with a mapping, one with a function, and some that protect words."""
        thesaurus = {"good": ["fine", "great"], "film": "movie picture", "happy": ("glad",)}
        return [
            cls(),
            cls(0.3, source=thesaurus, protect=["film"]),
            cls(0.5, source="re{}".format, labels=["car"]),
            cls(1.0),
        ]


def with_synonyms(words: Words, options: Lookup) -> np.ndarray:
    """Return which chunks have synonyms and are no names, over all texts."""
    flat: list[bool] = []
    for chunks in words.chunks:
        flat += [
            bool(options[chunk]) and not (chunk.lower() != chunk and is_name(chunks, place))
            for place, chunk in enumerate(chunks)
        ]
    return np.array(flat, bool)


def fitting(options: tuple[str, ...], before: str) -> tuple[str, ...]:
    """Return the options that go with the word before them, which matters for a and an.

    >>> fitting(("auto", "motorcar"), "a"), fitting(("auto", "motorcar"), "the")
    (('motorcar',), ('auto', 'motorcar'))
    """
    article = before.lower()
    if article not in ("a", "an"):
        return options
    return tuple(word for word in options if (word[0].lower() in "aeiou") == (article == "an"))


def pick(options: tuple[str, ...], u: float) -> str:
    """Return one option, the first likeliest: of two in 71 % of cases, of five in 45 %."""
    return options[int(len(options) * u * u)]


def replaced(chunk: str, word: str) -> str:
    """Return a chunk with another word between its punctuation, in the case of its own."""
    found = parts(chunk)
    if found is None:
        return chunk
    before, old, after = found
    return before + in_case_of(old, word) + after
