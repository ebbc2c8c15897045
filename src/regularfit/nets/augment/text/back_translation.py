"""Say it again by way of another language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ...._checks import check_fraction
from ....errors import InputError
from ..._settings import check_count
from ._cache import TranslationCache
from ._draws import Keys, one_each
from ._guard import Guard, negates
from ._step import TextStep, WordStep, check_texts
from ._words import split, words_of
from .translators import PhraseTable, Translator, check_translated, model_of

__all__ = ["BackTranslation", "Prepared"]

_WHETHER = 1  # what random numbers are drawn for


@final
@dataclass(frozen=True, slots=True)
class Prepared:
    """What :meth:`BackTranslation.prepare` did: distinct texts, how many were translated now, how many can be used."""

    texts: int
    translated: int
    usable: int


@final
@dataclass(frozen=True, slots=True)
class BackTranslation(WordStep):
    """Replace some texts by what is left of them after a translation to another language and back.

    A translation is slow and the same in every epoch, so :meth:`prepare` makes all of them before training and keeps
    them in a file; afterwards a text costs a look-up. Texts that were not prepared are translated when they are met.

    A text stays as it is where its translation says the same words or something else: the F1 score of the words the
    two have in common is below ``min_f1``, a number, a word of ``protect`` or of the ``labels`` was lost, added or
    moved, or one of the two is negated and the other is not.

    Prefer it to :class:`Synonyms` when a translator is at hand: whole sentences are said anew. It needs one; regularfit
    comes with none, but see :class:`ArgosTranslator` and :class:`CTranslate2Translator`, which work without a network.

    Parameters
    ----------
    translate : called with texts, the language they are in and the one they are wanted in, see :class:`Translator`.
    src, pivot : the language of the texts, and the one to go by, as the translator calls them.
    cache : a file to keep the translations in, made where it is missing; None keeps them in memory.
    p : the share of texts to replace in an epoch, 0 to 1.
    min_f1 : how much a translation must have in common with its text, 0 to 1.
    protect, labels : as in :class:`Synonyms`.
    model : the name of the translator's model in the cache; None takes ``translate.model`` or the name of the function.
    batch_size : how many texts are given to the translator at once, >= 1; so many can be lost when a run is killed.

    Raises
    ------
    InputError
        If a setting cannot be used, or the translator returns something else than one text for each.
    ModelFileError
        If ``cache`` is a file of something else, which is left as it is, or a damaged one.

    Examples
    --------
    >>> double = PhraseTable({("en", "de"): {"buy": "kaufen"}, ("de", "en"): {"kaufen": "purchase"}})
    >>> augmentation = BackTranslation(double, p=1.0)
    >>> augmentation.prepare(["Where can I buy it", "Where is it"])
    Prepared(texts=2, translated=2, usable=1)
    >>> augmentation(["Where can I buy it", "Where is it"])
    ['Where can I purchase it', 'Where is it']

    References
    ----------
    Sennrich, R., Haddow, B. & Birch, A. (2016). Improving neural machine translation models with monolingual data. ACL.
    Xie, Q. et al. (2020). Unsupervised data augmentation for consistency training. NeurIPS.
    """

    translate: Translator
    src: str = "en"
    pivot: str = "de"
    cache: str | Path | None = None
    p: float = 0.5
    min_f1: float = 0.3
    protect: Sequence[str] = ()
    labels: Sequence[Any] = ()
    model: str | None = None
    batch_size: int = 64
    _memory: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the settings, and the file of the cache."""
        WordStep.__post_init__(self)  # slots make a class anew, which super() without arguments does not find
        object.__setattr__(self, "min_f1", check_fraction(self.min_f1, "BackTranslation(min_f1)"))
        if not callable(self.translate):
            raise InputError(
                f"BackTranslation(translate) must be callable with (texts, src, tgt); {self.translate!r} was given."
            )
        if self.src == self.pivot:
            raise InputError(f"BackTranslation needs two languages; src and pivot are both {self.src!r}.")
        object.__setattr__(self, "batch_size", check_count(self.batch_size, "BackTranslation(batch_size)"))
        self._file()

    def prepare(self, texts: Sequence[str]) -> Prepared:
        """Translate the texts that are not known yet, batch by batch, and keep them.

        A run that is interrupted or whose translator fails keeps all batches before that; call it again.
        """
        wanted = [text for text in dict.fromkeys(check_texts(texts)) if text.strip()]
        missing = self._missing(wanted)
        self._learn(missing)
        usable = sum(self._usable(text, self._memory[text]) for text in wanted)
        return Prepared(len(wanted), len(missing), usable)

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts, some of them as their back-translations."""
        drawn = one_each(keys, _WHETHER) < self.p
        mine = [i for i, text in enumerate(texts) if drawn[i] and text.strip()]
        self._learn(self._missing(dict.fromkeys(texts[i] for i in mine)))
        out = list(texts)
        for i in mine:
            back = self._memory[texts[i]]
            if self._usable(texts[i], back):
                out[i] = back
        return out

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return two with a phrase table."""
        there = {"good": "gut", "buy": "kaufen", "film": "Film", "terrible car": "schreckliches Auto"}
        back = {"gut": "fine", "kaufen": "purchase", "schreckliches auto": "awful car", "film": "movie"}
        table = PhraseTable({("en", "de"): there, ("de", "en"): back})
        return [cls(table), cls(table, p=1.0, protect=["film"], labels=["car"])]

    def _file(self) -> TranslationCache | None:
        if self.cache is None:
            return None
        name = self.model or model_of(self.translate)
        if name is None:
            raise InputError(
                f"{self.translate!r} has no name under which its translations could be kept in {str(self.cache)!r}; "
                "give one, such as model='opus-mt en-de-en 2024'."
            )
        return TranslationCache(self.cache, name, self.src, self.pivot)

    def _missing(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that neither memory nor file knows; what the file knows is put into memory."""
        missing, file = [text for text in texts if text not in self._memory], self._file()
        if missing and file is not None:
            self._memory.update(file.known(missing))
        return [text for text in missing if text not in self._memory]

    def _learn(self, texts: list[str]) -> None:
        file = self._file() if texts else None
        for first in range(0, len(texts), self.batch_size):
            some = texts[first : first + self.batch_size]
            there = self._translated(some, self.src, self.pivot)
            learnt = dict(zip(some, self._translated(there, self.pivot, self.src), strict=True))
            if file is not None:
                file.keep(learnt)
            self._memory.update(learnt)

    def _translated(self, texts: list[str], src: str, tgt: str) -> list[str]:
        return check_translated(self.translate(list(texts), src, tgt), texts, src, tgt)

    def _usable(self, text: str, back: str) -> bool:
        words, others, guard = words_of(text), words_of(back), Guard.of(self.protect, self.labels)
        return (
            words != others
            and _f1(words, others) >= self.min_f1
            and _kept(words, guard) == _kept(others, guard)
            and any(map(negates, split(text))) == any(map(negates, split(back)))
        )


def _f1(words: list[str], others: list[str]) -> float:
    """Return the harmonic mean of precision and recall of the words that two texts share.

    >>> _f1(["a", "b", "b"], ["b", "c"])
    0.4
    """
    shared = (Counter(words) & Counter(others)).total()
    return 2 * shared / max(len(words) + len(others), 1)


def _kept(words: list[str], guard: Guard) -> list[str]:
    """Return the numbers, the words of the user's and those of the labels."""
    return [word for word in words if guard.names(word) or any(map(str.isdigit, word))]
