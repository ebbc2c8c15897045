"""How few trees of a forest of classes are enough: a part of the page of ``sparse_forest.py``.

TRAIN rows (two thirds at most) of each classification set are for training, up to TEST of the others for testing, once.
Both forests have 100 trees and the same seed; one has pure leaves, as in scikit-learn, the other leaves of 5 rows at
least. ``SparseForestClassifier(most=0.25, scoring="log-loss")`` thins them; "first 25" are the forest's first 25 trees,
neither chosen nor weighted. Losses are differences of the test loss to the whole forest, as a share of it: the log-loss
(probabilities below 2e-16 count as that, so that a row whose class no tree votes for costs 36) and the Brier score.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from tree_tables import brier, log_loss, names, split

from regularfit.trees import SparseForestClassifier
from regularfit.trees.columns import TreeColumns

__all__ = ["HEAD", "of_classes", "one_set"]

TRAIN, TEST, TREES, KEPT = 700, 3000, 100, 0.25
LEAVES = {"pure leaves": 1, "leaves of 5": 5}
MEASURES = {"log-loss": log_loss, "Brier": brier}


def _head() -> list[str]:
    cells = ["set", "classes"]
    for leaves in LEAVES:
        cells += [f"{leaves}: log-loss of all", "trees kept", "log-loss", "Brier"]
        cells += ["first 25: log-loss", "Brier"]
    cells += ["forest s", "sparse s"]
    return [f"| {' | '.join(cells)} |", "|---" + "|--:" * (len(cells) - 1) + "|"]


HEAD = _head()


def of_classes(word: str = "") -> list[str]:
    """Return the verdicts and the table over all classification sets with this word."""
    every: list[dict[str, float]] = []
    lines: list[str] = []
    for name in names("tabular_clf", word):
        every.append(one_set(name))
        lines.append(row(name, every[-1]))
        print(lines[-1], flush=True)
    return [*verdict(every), "", *HEAD, *lines]


def one_set(name: str) -> dict[str, float]:
    """Return trees, losses and times on one set."""
    cut = split("tabular_clf", name, TRAIN, TEST, 0)
    columns = TreeColumns.learn(cut.train, indicators=True)
    rows, held = columns.encode(cut.train), columns.encode(cut.test)
    found: dict[str, float] = {"classes": float(cut.y_train.max() + 1)}
    for leaves, least in LEAVES.items():
        unfitted = RandomForestClassifier(TREES, min_samples_leaf=least, random_state=0, n_jobs=1)
        start = time.process_time()
        forest = RandomForestClassifier(**unfitted.get_params()).fit(rows, cut.y_train)
        found["forest s"] = time.process_time() - start
        start = time.process_time()
        sparse: Any = SparseForestClassifier(unfitted, most=KEPT, scoring="log-loss", n_jobs=1)
        sparse.fit(rows, cut.y_train)
        found["sparse s"] = time.process_time() - start
        found[f"{leaves} trees"] = sparse.trees_kept_
        every = np.stack([tree.predict_proba(held) for tree in forest.estimators_[:25]])
        for measure, loss in MEASURES.items():
            whole = loss(forest.predict_proba(held), cut.y_test)
            found[f"{leaves} {measure} all"] = whole
            answers = {"sparse": sparse.predict_proba(held), "first": every.mean(axis=0)}
            for who, shares in answers.items():
                new = loss(shares, cut.y_test)
                found[f"{leaves} {measure} {who}"] = new / whole - 1 if whole > 0 else float(new > 0)
    return found


def row(name: str, found: dict[str, float]) -> str:
    """One line of the table."""
    cells = [name, f"{found['classes']:.0f}"]
    for leaves in LEAVES:
        cells += [f"{found[f'{leaves} log-loss all']:.3f}", f"{found[f'{leaves} trees']:.0f}"]
        for who in ("sparse", "first"):
            cells += [f"{100 * found[f'{leaves} {measure} {who}']:+.1f} %" for measure in MEASURES]
    return f"| {' | '.join(cells)} | {found['forest s']:.2g} | {found['sparse s']:.2g} |"


def verdict(every: list[dict[str, float]]) -> list[str]:
    """How often at most a quarter of the trees lose at most 5 %."""
    lines: list[str] = []
    for leaves in LEAVES:
        for measure in MEASURES:
            told: list[str] = []
            for who, word in (("sparse", "sparse forest"), ("first", "first 25")):
                changes = [one[f"{leaves} {measure} {who}"] for one in every]
                good = sum(
                    change <= 0.05 and (who == "first" or one[f"{leaves} trees"] <= KEPT * TREES)
                    for change, one in zip(changes, every, strict=True)
                )
                told.append(
                    f"{word} {good} of {len(every)} sets ({100 * good / len(every):.0f} %), median loss "
                    f"{100 * float(np.median(changes)):+.1f} %"
                )
            lines.append(
                f"- {leaves}, {measure}: a quarter of the trees at a loss of at most 5 %: {'; '.join(told)}."
            )
    return lines
