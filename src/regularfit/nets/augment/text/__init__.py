"""Augmentation of texts: synonyms, words inserted, swapped or left out, translations there and back; without torch."""

from ._step import TextStep
from .adapters import ArgosTranslator, CTranslate2Translator
from .back_translation import BackTranslation, Prepared
from .chain import TextAugmentation
from .eda import EDA
from .random_delete import RandomDelete
from .random_insert import RandomInsert
from .random_swap import RandomSwap
from .synonyms import Synonyms
from .translators import PhraseTable, Translator

__all__ = [
    "EDA",
    "ArgosTranslator",
    "BackTranslation",
    "CTranslate2Translator",
    "PhraseTable",
    "Prepared",
    "RandomDelete",
    "RandomInsert",
    "RandomSwap",
    "Synonyms",
    "TextAugmentation",
    "TextStep",
    "Translator",
]
