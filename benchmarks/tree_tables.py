"""The tables that the benchmarks of trees read, and what they are judged by.

The data lie in ``tabular_reg`` and ``tabular_clf`` of the folder that REGULARFIT_DATA names, else of ``shared/data``
beside or above this file: ``.csv.gz`` with a column ``target``, or ``.svmlight.gz``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_svmlight_file
from sklearn.model_selection import train_test_split

__all__ = ["Split", "balanced_accuracy", "brier", "loss_of", "names", "split", "table"]

_SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as in scikit-learn's log_loss
FEWEST = 15  # rows of a class, so that every fold of the training rows has one


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows; targets are numbers, or codes of classes."""

    train: pd.DataFrame
    y_train: np.ndarray
    test: pd.DataFrame
    y_test: np.ndarray


def folder(kind: str) -> Path:
    """Return where the tables of a kind ("tabular_reg" or "tabular_clf") are."""
    named = os.environ.get("REGULARFIT_DATA")
    above = [Path(named)] if named else [up / "shared" / "data" for up in Path(__file__).resolve().parents]
    found = next((place / kind for place in above if (place / kind).is_dir()), None)
    if found is None:
        raise SystemExit(f"There are no tables: set REGULARFIT_DATA to the folder that holds {kind}.")
    return found


def names(kind: str, word: str = "") -> list[str]:
    """Return all sets of a kind with this word in their names."""
    return [
        path.name.removesuffix(".gz").rpartition(".")[0]
        for path in sorted(folder(kind).glob("*.gz"))
        if word in path.name
    ]


def table(kind: str, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return X, and y as numbers or as codes of the classes that have FEWEST rows at least."""
    path = folder(kind) / f"{name}.csv.gz"
    if path.exists():
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
        target = frame.pop("target")
    else:
        X, labels = load_svmlight_file(str(path).replace(".csv.gz", ".svmlight.gz"))
        frame = pd.DataFrame(X.toarray(), columns=[f"x{j}" for j in range(X.shape[1])])
        target = pd.Series(labels)
    if kind == "tabular_reg":
        return frame, target.to_numpy(np.float64)
    counts = target.map(target.value_counts())
    kept = (counts >= FEWEST).to_numpy()
    return frame[kept].reset_index(drop=True), pd.factorize(target[kept], sort=True)[0]


def split(kind: str, name: str, rows: int, held: int, seed: int) -> Split:
    """Return ``rows`` random rows (two thirds at most) for training, and up to ``held`` of the others for testing."""
    X, y = table(kind, name)
    count = min(rows, 2 * len(y) // 3)
    train, test = train_test_split(
        np.arange(len(y)),
        train_size=count,
        test_size=min(held, len(y) - count),
        random_state=seed,
        stratify=None if kind == "tabular_reg" else y,
    )
    if (
        kind == "tabular_clf"
    ):  # of a class with few rows a cut may leave too few for folds, or none to learn from
        seen = np.flatnonzero(np.bincount(y[train]) >= FEWEST // 2)
        train, test = train[np.isin(y[train], seen)], test[np.isin(y[test], seen)]
        y = np.searchsorted(seen, y)
    return Split(X.iloc[train], y[train], X.iloc[test], y[test])


def loss_of(model: object, X: object, y: np.ndarray) -> float:
    """Return the log-loss of a classifier, the mean squared error of a regressor."""
    if hasattr(model, "predict_proba"):
        return log_loss(model.predict_proba(X), y)
    return float(np.mean((model.predict(X) - y) ** 2))  # type: ignore[attr-defined]


def log_loss(shares: np.ndarray, codes: np.ndarray) -> float:
    """Return the mean log-loss, with probabilities below 2e-16 as that."""
    return float(np.mean(-np.log(np.clip(shares[np.arange(len(codes)), codes], _SMALLEST, 1.0))))


def brier(shares: np.ndarray, codes: np.ndarray) -> float:
    """Return the mean squared error of probabilities, summed over the classes."""
    return float(np.mean(((shares - np.eye(shares.shape[1])[codes]) ** 2).sum(axis=1)))


def balanced_accuracy(shares: np.ndarray, codes: np.ndarray) -> float:
    """Return the share of right labels, averaged over the classes that occur."""
    right = shares.argmax(axis=1) == codes
    return float(np.mean([right[codes == code].mean() for code in np.unique(codes)]))
