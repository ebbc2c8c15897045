"""What a fitted rule model says: its terms as a table and in sentences, and what columns contribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..._typing import Vector
from .._estimator import TreeEstimator
from .linear_terms import TYPICAL
from .terms import Terms
from .wording import Wording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReadRules"]


class ReadRules(TreeEstimator):
    """The part of rule models that people read."""

    coef_: np.ndarray
    intercept_: Any
    support_: Vector
    classes_: np.ndarray
    _terms: Terms
    _missing: np.ndarray

    @property
    def rules_(self) -> pd.DataFrame:
        """The kept terms, the most important first.

        Columns: ``term`` (a rule as a sentence, or a column), ``kind`` ("rule" or "linear"), ``coefficient`` (of a rule
        what it adds where it holds, of a column what one unit of it adds between its quantiles; with more than two
        classes one column a class), ``support`` (the share of training rows where the rule holds; 1 for columns),
        ``importance`` (the standard deviation of what the term adds, over the training rows).
        """
        import pandas as pd

        check_is_fitted(self, "_terms")
        coef = np.atleast_2d(self.coef_)
        rules = len(self._terms.rules)
        units = np.concatenate([np.ones(rules), self._terms.linear.scale])
        shown = coef * units
        several = len(coef) > 1
        named = {
            f"coefficient[{c}]" if several else "coefficient": b
            for c, b in zip(self._labels(), shown, strict=True)
        }
        table = pd.DataFrame(
            {
                "term": self._wording().terms(self._terms),
                "kind": ["rule"] * rules + ["linear"] * len(self._terms.linear),
                **named,
                "support": np.concatenate([self.support_, np.ones(len(self._terms.linear))]),
                "importance": self._importances(),
            }
        )
        kept: Any = table[coef.any(axis=0)]
        return kept.sort_values("importance", ascending=False, kind="stable").reset_index(drop=True)

    def explain(self, most: int = 10) -> str:
        """Return the model in sentences, the most important first.

        Parameters
        ----------
        most : how many terms are shown.
        """
        table = self.rules_
        several = np.atleast_2d(self.coef_).shape[0] > 1
        lines = [f"Start from {_joined(np.atleast_1d(self.intercept_), self._labels(), several)}."]
        amounts = table[[name for name in table if str(name).startswith("coefficient")]].to_numpy()
        for at in range(min(most, len(table))):
            row = table.iloc[at]
            added = _joined(amounts[at], self._labels(), several, sign=True)
            if row["kind"] == "rule":
                lines.append(f"{added} where {row['term']} ({100 * row['support']:.0f} % of the rows).")
            else:
                lines.append(f"{added} for every unit of {row['term']}.")
        if len(table) > most:
            lines.append(f"And {len(table) - most} terms of less importance.")
        return "\n".join(lines)

    @property
    def feature_importances_(self) -> Vector:
        """What every column of the table contributes, (p,), summing to one; a rule's part is shared by its columns."""
        check_is_fitted(self, "_terms")
        found = self._importances() @ self._wording().shares(self._terms, self.n_features_in_)
        return found / found.sum() if found.any() else found

    def local_importances(self, X: Any) -> np.ndarray:
        """Return what every column contributes to the prediction of every row, (n, p), in units of the prediction.

        A term counts by how far it moves a row's prediction from where the average of the training rows has it, without
        sign; a rule's part is shared by its columns.
        """
        check_is_fitted(self, "_terms")
        matrix = self._matrix(X)
        centre = np.concatenate([self.support_, np.zeros(len(self._terms.linear))])
        moved = np.abs(self._terms.of(matrix) - centre) * np.abs(np.atleast_2d(self.coef_)).mean(axis=0)
        return moved @ self._wording().shares(self._terms, self.n_features_in_)

    def _importances(self) -> Vector:
        """Standard deviations of what the terms add; a mean over the classes."""
        spread = np.concatenate(
            [np.sqrt(self.support_ * (1 - self.support_)), np.full(len(self._terms.linear), TYPICAL)]
        )
        return np.abs(np.atleast_2d(self.coef_)).mean(axis=0) * spread

    def _labels(self) -> list[Any]:
        return self.classes_.tolist() if np.ndim(self.coef_) > 1 else [""]

    def _wording(self) -> Wording:
        return Wording.of(self.columns_, self._missing)


def _joined(values: np.ndarray, labels: list[Any], several: bool, sign: bool = False) -> str:
    texts = [f"{value:+.4g}" if sign else f"{value:.4g}" for value in values]
    return (
        ", ".join(f"{label}: {text}" for label, text in zip(labels, texts, strict=True))
        if several
        else texts[0]
    )
