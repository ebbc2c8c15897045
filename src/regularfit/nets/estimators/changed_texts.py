"""Augmentation of texts inside training: the words change before they become numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...errors import UnsupportedError
from ..augment.text import TextStep
from ..encoding import Encoding, TextEncoding
from ..encoding.text import PADDING, UNKNOWN
from ..regulariser import Active, Batch, Effect, Regulariser, Run

__all__ = ["ChangedTexts", "with_texts", "with_words"]

_COPIES = 5  # of every text, in which new words are looked for


@dataclass(frozen=True)
class ChangedTexts(Regulariser):
    """Train on changed texts: each epoch a text is changed anew, and encoded again.

    Parameters
    ----------
    step : how texts are changed.
    encoding : of texts, learnt from the training texts as they are.
    texts : the training texts, in the order of the rows.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    step: TextStep
    encoding: TextEncoding
    texts: tuple[str, ...]

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Changing(run, self)

    def __repr__(self) -> str:
        """Return how the texts are changed; the texts themselves are not shown."""
        return repr(self.step)


class _Changing(Active):
    """Changes the texts of every batch."""

    def __init__(self, run: Run, settings: ChangedTexts) -> None:
        super().__init__(run)
        self._settings, self._acted = settings, False

    def batch(self, batch: Batch) -> Batch:
        rows: list[int] = batch.rows.tolist()
        before = [self._settings.texts[row] for row in rows]
        after = self._settings.step(before, self.run.seed, epoch=int(self.run.epoch), rows=rows)
        self._acted = self._acted or before != after
        tokens = self._settings.encoding.encode(after).to(batch.X.device)
        whole = ~(batch.X == UNKNOWN).any(dim=1, keepdim=True)
        # a rare change that made a word without a number must not teach what unknown words tell
        return batch.with_(X=tokens.masked_fill_((tokens == UNKNOWN) & whole, PADDING))

    def effect(self) -> Effect:
        return Effect(acted=self._acted)

    def state_dict(self) -> dict[str, Any]:
        return {"acted": self._acted}

    def load_state_dict(self, state: Any) -> None:
        self._acted = bool(state["acted"])


def with_texts(values: Sequence[Any], encoding: Encoding, X: Any) -> list[Any]:
    """Return the regularisers with augmentations of texts tied to the training texts."""
    if not any(isinstance(value, TextStep) for value in values):
        return list(values)
    if not isinstance(encoding, TextEncoding):
        named = next(value for value in values if isinstance(value, TextStep))
        raise UnsupportedError(
            f"{type(named).__name__} changes words, and X holds no texts. Use FeatureSwap for tables, Flip or "
            "PadCrop for images."
        )
    texts = tuple(X)
    return [ChangedTexts(v, encoding, texts) if isinstance(v, TextStep) else v for v in values]


def with_words(encoding: Encoding, values: Sequence[Any], X: Any, seed: int) -> Encoding:
    """Return the encoding with the words, too, that augmentation puts into the training texts.

    Without a number of its own a synonym would count as an unknown word, and the net would learn what unknown words
    tell from those: on 50 text messages the error rose from 7 to 17 %.
    """
    steps = [value for value in values if isinstance(value, TextStep)]
    if not steps or not isinstance(encoding, TextEncoding):
        return encoding
    texts = tuple(X)
    copies = [text for step in steps for epoch in range(_COPIES) for text in step(texts, seed, epoch=epoch)]
    known = set(encoding.words)
    new = tuple(word for word in TextEncoding.learn(copies).words if word not in known)
    return replace(encoding, words=encoding.words + new)
