"""Several augmentations of texts, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from ...._checks import check_fraction
from ....errors import InputError
from ._draws import Keys, further, one_each
from ._step import TextStep
from .back_translation import BackTranslation
from .eda import EDA
from .random_delete import RandomDelete
from .synonyms import Synonyms

__all__ = ["TextAugmentation"]

_WHETHER = 0  # what random numbers are drawn for; the steps have 1, 2, ...


@final
@dataclass(frozen=True, slots=True)
class TextAugmentation(TextStep):
    """Change texts in several ways, one after the other.

    Each step has random numbers of its own. Two steps change a text more than one: a step with ``p`` = 0.05 and another
    with 0.05 are like one with 0.1. It belongs to training texts only: call it after the split, never on
    what a model is judged by.

    Parameters
    ----------
    steps : augmentations of texts, at least one. Back-translation comes first, so that its cache is of your texts.
    share : the share of the texts that is changed in an epoch, 0 to 1; the others are trained on as they are.

    Raises
    ------
    InputError
        If a step is no augmentation of texts, or back-translation is not the first, or ``share`` is not within 0 and 1.

    Examples
    --------
    >>> augmentation = TextAugmentation([Synonyms(0.5), RandomDelete(0.1)])
    >>> augmentation(["The children bought a terrible old car in the city"], seed=3)
    ['The kids bought a old car in the metropolis']
    >>> augmentation(["The children bought a terrible old car in the city"], seed=3, epoch=1)
    ['The bought a dreadful old car in the metropolis']
    """

    steps: Sequence[TextStep]
    share: float = 1.0

    def __post_init__(self) -> None:
        """Check the steps and their order."""
        steps = tuple(self.steps) if isinstance(self.steps, Sequence) else (self.steps,)
        if not steps:
            raise InputError("TextAugmentation(steps) is empty; give at least one, such as [Synonyms(0.1)].")
        for number, step in enumerate(steps):
            if not isinstance(step, TextStep):
                raise InputError(
                    f"TextAugmentation(steps) takes augmentations of texts such as Synonyms(0.1); {step!r} was given."
                )
            if number and isinstance(step, BackTranslation):
                raise InputError(
                    "BackTranslation must be the first step: behind another one it would have to translate texts that "
                    "are new in every epoch, and its cache would never serve."
                )
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "share", check_fraction(self.share, "TextAugmentation(share)"))

    def change(self, texts: list[str], keys: Keys) -> list[str]:
        """Return the texts, each through all steps or through none."""
        mine = np.flatnonzero(one_each(keys, _WHETHER) < self.share)
        changed, out = [texts[i] for i in mine], list(texts)
        for number, step in enumerate(self.steps, start=1):
            changed = step.change(changed, further(keys[mine], number))
        for i, text in zip(mine.tolist(), changed, strict=True):
            out[i] = text
        return out

    @classmethod
    def examples(cls) -> Sequence[TextStep]:
        """Return one of two steps, and one that leaves half of the texts alone."""
        return [
            cls([Synonyms(0.3), RandomDelete(0.2, protect=["film"])]),
            cls([EDA(0.5, labels=["car"])], share=0.5),
        ]
