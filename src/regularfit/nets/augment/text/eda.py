"""Easy data augmentation: one of four changes to each text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ._draws import Keys, further, one_each
from ._sources import Source
from ._step import TextStep, WordStep
from .random_delete import RandomDelete
from .random_insert import RandomInsert
from .random_swap import RandomSwap
from .synonyms import Synonyms

__all__ = ["EDA"]

_WHICH, _HOW = 1, 2  # what random numbers are drawn for


@final
@dataclass(frozen=True, slots=True)
class EDA(WordStep):
    """Change each text in one of four ways, drawn at random: synonyms, words inserted, swapped or left out.

    This is the easy data augmentation of Wei & Zou, who add 4 to 16 changed copies of each text to a few hundred of
    them (an epoch is a copy, see the example). Unlike there, negations, numbers, stop words, ``protect`` and the
    words of ``labels`` are left alone in all four ways, and p times the number of words is met in the mean rather than
    rounded down.

    Prefer it for a few hundred short texts. The paper found about 3 points of accuracy with 500 texts and less than
    1 with all of its data; nothing is to be expected for a pretrained language model. For one way only take that
    class, for several after another :class:`TextAugmentation`.

    Parameters
    ----------
    p : the share of the words that change, 0 to 1; the paper's alpha, which advises 0.05 to 0.1. Of the words that
        have synonyms twice that share is replaced, because few have some.
    source, protect, labels : as in :class:`Synonyms`.

    Raises
    ------
    InputError
        If ``p`` is not within 0 and 1, or another argument cannot be used.

    Examples
    --------
    >>> texts, labels = ["A terrible film", "The best teacher"], ["bad", "good"]
    >>> eda = EDA(p=0.4, labels=labels)
    >>> [text for copy in range(2) for text in eda(texts, seed=1, epoch=copy)]
    ['A dreadful movie', 'The teacher best', 'movie A terrible film', 'The teacher best']

    References
    ----------
    Wei, J. & Zou, K. (2019). EDA: Easy data augmentation techniques for boosting performance on text classification
    tasks. EMNLP-IJCNLP.
    """

    p: float = 0.1
    source: Source = None
    protect: Sequence[str] = ()
    labels: Sequence[Any] = ()

    @property
    def ways(self) -> tuple[Synonyms, RandomInsert, RandomSwap, RandomDelete]:
        """The four changes."""
        own = {"protect": self.protect, "labels": self.labels}
        return (
            Synonyms(min(2 * self.p, 1.0), self.source, **own),
            RandomInsert(self.p, self.source, **own),
            RandomSwap(self.p, **own),
            RandomDelete(self.p, **own),
        )

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts, each changed in its way."""
        which = (4 * one_each(keys, _WHICH)).astype(int)
        out, inner = list(texts), further(keys, _HOW)
        for number, way in enumerate(self.ways):
            mine = np.flatnonzero(which == number)
            changed = way.change([texts[i] for i in mine], inner[mine])
            for i, text in zip(mine.tolist(), changed, strict=True):
                out[i] = text
        return out

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return a mild one, and one that changes all it can."""
        return [cls(), cls(1.0, protect=["film"], labels=["car"])]
