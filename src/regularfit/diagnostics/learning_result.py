"""Training and held-out scores over the number of rows: the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .._typing import Indices, Vector

if TYPE_CHECKING:
    import pandas as pd

    from .plots import LearningCurveDisplay

__all__ = ["LearningCurve"]


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """What more rows bring.

    Parameters
    ----------
    sizes : (S,) rows in a training set, increasing.
    train_scores, test_scores : (S, T, K) of the T partitions into K folds: score on the rows that were trained on, and
        on the fold held out, which is the same at every size.
    fold_weights : (T, K) weight of the held-out rows.
    fits : how many models were fitted.
    score_name, greater_is_better : what is scored, and which way it goes.
    """

    sizes: Indices
    train_scores: np.ndarray
    test_scores: np.ndarray
    fold_weights: np.ndarray
    fits: int
    score_name: str
    greater_is_better: bool

    def __len__(self) -> int:
        """Return the number of sizes."""
        return len(self.sizes)

    @property
    def train(self) -> Vector:
        """Mean training score, (S,)."""
        return self._mean(self.train_scores)

    @property
    def test(self) -> Vector:
        """Mean held-out score, (S,)."""
        return self._mean(self.test_scores)

    @property
    def gap(self) -> Vector:
        """How much better the training score is, (S,): positive where it is better, whichever way the score goes."""
        return self._mean(self._gaps)

    @property
    def train_se(self) -> Vector:
        """Standard error of ``train``, (S,), from the spread over the folds of a partition."""
        return self._se(self.train_scores)

    @property
    def test_se(self) -> Vector:
        """Standard error of ``test``, (S,)."""
        return self._se(self.test_scores)

    @property
    def gap_se(self) -> Vector:
        """Standard error of ``gap``, (S,), paired by fold."""
        return self._se(self._gaps)

    @property
    def last_gain(self) -> tuple[float, float]:
        """What the rows from the last size but one to the last brought on held-out rows, and its paired error.

        Positive where the score became better; nan for one size.
        """
        if len(self) < 2:
            return float("nan"), float("nan")
        sign = 1.0 if self.greater_is_better else -1.0
        steps = sign * (self.test_scores[-1:] - self.test_scores[-2:-1])
        return float(self._mean(steps)[0]), float(self._se(steps)[0])

    @property
    def finding(self) -> str:
        """One sentence: whether more rows still help."""
        gain, se = self.last_gain
        end = f"{self.score_name} {self.test[-1]:.3g} held out, {self.train[-1]:.3g} on training rows"
        if np.isnan(gain):
            return f"With {self.sizes[-1]} rows: {end}."
        rows = f"from {self.sizes[-2]} to {self.sizes[-1]} rows"
        step = f"{rows} the held-out score gained {gain:.2g} ± {se:.2g} ({end})"
        if gain > 2 * se:
            return f"More rows still help: {step}."
        return f"More rows bring nothing measurable any more: {step}."

    def to_frame(self) -> pd.DataFrame:
        """Return one row a size."""
        import pandas as pd

        facts = {"size": self.sizes}
        for name in ("train", "test", "gap"):
            facts |= {name: getattr(self, name), f"{name}_se": getattr(self, f"{name}_se")}
        return pd.DataFrame(facts)

    def plot(self, ax: object = None, **options: bool) -> LearningCurveDisplay:
        """Draw both scores over the sizes; see :class:`regularfit.diagnostics.LearningCurveDisplay`."""
        from .plots import LearningCurveDisplay

        return LearningCurveDisplay(self).plot(ax, **options)  # type: ignore[arg-type]

    # --- means over folds ------------------------------------------------------------------------

    @property
    def _gaps(self) -> np.ndarray:
        difference = self.test_scores - self.train_scores
        return -difference if self.greater_is_better else difference

    @property
    def _share(self) -> np.ndarray:
        return self.fold_weights / self.fold_weights.sum(axis=1, keepdims=True)

    def _mean(self, scores: np.ndarray) -> Vector:
        return (scores * self._share).sum(axis=2).mean(axis=1)

    def _se(self, scores: np.ndarray) -> Vector:
        """That of one partition, mean over the partitions: they share their rows, so more add no information."""
        K = scores.shape[2]
        mean = (scores * self._share).sum(axis=2, keepdims=True)
        squares = (np.square(self._share) * np.square(scores - mean)).sum(axis=2) * K / (K - 1)
        return np.sqrt(squares.mean(axis=1))
