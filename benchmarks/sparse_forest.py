"""How few trees of a forest are enough: sparse forests on the regression sets, against the forest that they thin.

    python benchmarks/sparse_forest.py              # everything; writes results/sparse_forest.md
    python benchmarks/sparse_forest.py -s concrete  # only sets with this word; nothing is written

Tables are cut to ROWS random rows; of these, 30 % are test rows, in SPLITS random splits. The forest has 100 trees and
the same seed everywhere, so all contenders have the same trees. Losses are differences of test MSE to the whole forest,
as a share of it, averaged over the splits. Target: at most 25 % of the trees at a loss of at most 5 % on 60 % of the
sets.

- quarter: ``SparseForestRegressor(most=0.25)``.
- min, 1se: as many trees as held-out rows say; with ``--free`` only, since they take three times as long.
- first 25: the forest's first 25 trees, not chosen and not weighted: what anybody has for nothing.
- LassoCV: scikit-learn's non-negative lasso over the trees, with the mean of the others where a row was in a tree's
  bag, without a refit, at the strength of its own cross-validation.

Classes have a part of their own: ``sparse_forest_classes.py`` says how. Times are of one thread: the forest, and the
sparse forest with its five folds. The data lie in ``tabular_reg`` and ``tabular_clf`` of the folder that
REGULARFIT_DATA names, else of ``shared/data`` beside or above this file.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV
from sklearn.model_selection import train_test_split
from sparse_forest_classes import of_classes
from tree_tables import folder

from regularfit.trees import SparseForestRegressor
from regularfit.trees.columns import TreeColumns

RESULTS = Path(__file__).parent / "results" / "sparse_forest.md"
ROWS, SPLITS, TREES = 1000, 2, 100
OURS: dict[str, dict[str, Any]] = {"quarter": {"most": 0.25}}
FREE: dict[str, dict[str, Any]] = {"min": {}, "1se": {"select": "1se"}}


def table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return X with indicators of categories, and y; at most ROWS rows."""
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    if len(frame) > ROWS:
        frame = frame.sample(ROWS, random_state=0)
    y = frame.pop("target").to_numpy(np.float64)
    return TreeColumns.learn(frame, indicators=True).encode(frame), y


def error(predicted: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error."""
    return float(np.mean((predicted - y) ** 2))


def lasso(forest: Any, X: np.ndarray, y: np.ndarray, rows: np.ndarray) -> tuple[int, np.ndarray]:
    """The usual way: trees kept, and predictions of rows."""
    outputs = np.column_stack([tree.predict(X) for tree in forest.estimators_])
    for t, drawn in enumerate(forest.estimators_samples_):
        outputs[drawn, t] = np.nan
    outputs = np.where(np.isnan(outputs), np.nanmean(outputs, axis=1, keepdims=True), outputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence
        model = LassoCV(positive=True, cv=5).fit(outputs, y)
    held = np.column_stack([tree.predict(rows) for tree in forest.estimators_])
    return int(np.count_nonzero(model.coef_)), model.predict(held)


def one_split(X: np.ndarray, y: np.ndarray, seed: int, ours: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return trees, losses and times of all contenders."""
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed)
    start = time.process_time()
    forest = RandomForestRegressor(TREES, random_state=seed).fit(train, y_train)
    found = {"forest s": time.process_time() - start}
    whole = error(forest.predict(test), y_test)
    first = np.mean([tree.predict(test) for tree in forest.estimators_[:25]], axis=0)
    found["first 25"] = error(first, y_test) / whole - 1
    for name, how in ours.items():
        start = time.process_time()
        model = SparseForestRegressor(RandomForestRegressor(TREES, random_state=seed), n_jobs=1, **how)
        model.fit(train, y_train)
        found[f"{name} s"] = time.process_time() - start
        found[f"{name} trees"] = model.trees_kept_
        found[name] = error(model.predict(test), y_test) / whole - 1
        found[f"{name} held"] = model.loss_to_forest_
    found["lasso trees"], predicted = lasso(forest, train, y_train, test)
    found["lasso"] = error(predicted, y_test) / whole - 1
    return found


def head(ours: dict[str, Any]) -> list[str]:
    """The head of the table."""
    names = ["set", "rows", *(name for who in ours for name in (f"{who}: trees", "loss")), "first 25: loss"]
    names += ["LassoCV: trees", "loss", "held-out loss of quarter", "forest s", "quarter s"]
    return [f"| {' | '.join(names)} |", "|---" + "|--:" * (len(names) - 1) + "|"]


def row(name: str, n: int, found: dict[str, float], ours: dict[str, Any]) -> str:
    """One line of the table."""
    cells = [name, str(n)]
    for who in ours:
        cells += [f"{found[f'{who} trees']:.0f}", f"{100 * found[who]:+.1f} %"]
    cells += [
        f"{100 * found['first 25']:+.1f} %",
        f"{found['lasso trees']:.0f}",
        f"{100 * found['lasso']:+.1f} %",
    ]
    cells += [
        f"{100 * found['quarter held']:+.1f} %",
        f"{found['forest s']:.2g}",
        f"{found['quarter s']:.2g}",
    ]
    return f"| {' | '.join(cells)} |"


def verdict(every: list[dict[str, float]], ours: dict[str, Any]) -> list[str]:
    """How often the target is met."""
    lines: list[str] = []
    for who, trees in (
        *((who, f"{who} trees") for who in ours),
        ("first 25", None),
        ("lasso", "lasso trees"),
    ):
        good = [f for f in every if (trees is None or f[trees] <= 0.25 * TREES) and f[who] <= 0.05]
        median = 100 * float(np.median([f[who] for f in every]))
        lines.append(
            f"- {'LassoCV' if who == 'lasso' else who}: at most 25 % of the trees at a loss of at most 5 % on "
            f"{len(good)} of {len(every)} sets ({100 * len(good) / len(every):.0f} %); median loss {median:+.1f} %."
        )
    return lines


def of_numbers(word: str = "", free: bool = False) -> list[str]:
    """Return the verdicts and the table over all regression sets with this word."""
    ours = OURS | FREE if free else OURS
    lines: list[str] = []
    every: list[dict[str, float]] = []
    for path in sorted(folder("tabular_reg").glob(f"*{word}*.csv.gz")):
        X, y = table(path)
        splits = [one_split(X, y, seed, ours) for seed in range(SPLITS)]
        every.append({key: float(np.mean([split[key] for split in splits])) for key in splits[0]})
        lines.append(row(path.name.removesuffix(".csv.gz"), len(y), every[-1], ours))
        print(lines[-1], flush=True)
    return [*verdict(every, ours), "", *head(ours), *lines] if every else []


def main() -> None:
    """Print the tables, and keep the parts that were made in full; others stay as they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-s", "--sets", default="", help="only sets with this word; nothing is written")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--free", action="store_true", help="also without a limit of the trees")
    options = parser.parse_args()
    sections = _sections(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in options.parts:
        of = of_numbers(options.sets, options.free) if part == "numbers" else of_classes(options.sets)
        sections[PARTS[part]] = "\n".join(of)
        if not options.sets:
            write(sections)


def write(sections: dict[str, str]) -> None:
    """Write the page from its parts."""
    how = (
        f"Numbers: {ROWS} rows at most, {SPLITS} splits; classes: one split. {TREES} trees, 5 folds, one thread; "
        f"scikit-learn {sklearn.__version__}."
    )
    text = "# How few trees of a forest are enough\n\n"
    text += f"Made by `sparse_forest.py` and `sparse_forest_classes.py`, which say how.\n{how}\n"
    for title in PARTS.values():
        if title in sections:
            text += f"\n## {title}\n\n{sections[title]}\n"
    RESULTS.write_text(text)


def _sections(text: str) -> dict[str, str]:
    found = [part.partition("\n\n") for part in text.split("\n## ")[1:]]
    return {title: body.strip() for title, _, body in found}


PARTS = {"numbers": "Numbers", "classes": "Classes"}


if __name__ == "__main__":
    main()
