"""What hierarchical shrinkage brings and costs, and the same by imodels.

    pip install imodels six
    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python benchmarks/shrinkage.py   # writes results/shrinkage.md

The data lie in ``tabular_reg`` and ``tabular_clf`` of the folder that REGULARFIT_DATA names, else of ``shared/data``
beside or above this file. Questions, each with everything measured in the same run, times in processor seconds of one
thread:

- accuracy: 2,000 rows (at most two thirds) of each set are for training, up to 5,000 of the others for testing, three
  times (forests of 30 and LightGBM once); models with their engines' defaults, the strength chosen by 5 folds of the
  training rows. Target: the mean squared error of an unpruned tree falls by 25 % or more in the median over the sets.
- classes, pruning: the same on classification sets, and the sizes of pruned trees: ``shrinkage_classes.py``. Target:
  the tree of one standard error is never larger than that of the minimum.
- price: time of the folds' fits with all 25 strengths over the time of the same fits alone. Target: at most 2.5.
- imodels: predictions at the same strength, and time. Its cross-validated form tries 7 strengths on 3 folds, ours 25 on
  as many.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb
from shrinkage_classes import accuracy_of_classes, sizes
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tree_tables import folder

from regularfit.selection import make_folds
from regularfit.trees import PrunedTreeRegressor, Shrunk, read_trees, shrink
from regularfit.trees.columns import TreeColumns
from regularfit.trees.shrinkage.intake import Workshop
from regularfit.trees.shrinkage.path import strength_grid

RESULTS = Path(__file__).parent / "results" / "shrinkage.md"
SPLITS, TRAIN, TEST = 3, 2000, 5000
ENGINES = {
    "tree": DecisionTreeRegressor(random_state=0),
    "random forest, 100": RandomForestRegressor(random_state=0, n_jobs=1),
    "extra trees, 100": ExtraTreesRegressor(random_state=0, n_jobs=1),
    "GradientBoosting, 100": GradientBoostingRegressor(random_state=0),
    "HistGradientBoosting, 100": HistGradientBoostingRegressor(random_state=0),
    "LightGBM, 100": lgb.LGBMRegressor(n_jobs=1, verbose=-1, random_state=0),
    "XGBoost, 100": xgb.XGBRegressor(n_jobs=1, random_state=0),
}


def seconds(task: Callable[[], Any], turns: int = 3) -> float:
    """Return the median processor time over some turns after one that does not count."""
    spent = []
    for _ in range(turns + 1):
        start = time.process_time()
        task()
        spent.append(time.process_time() - start)
    return statistics.median(spent[1:])


# --- accuracy


def accuracy() -> list[str]:
    """Return the table of mean squared errors over the sets, each relative to the plain model."""
    lines = [
        "| set | unpruned tree, MSE | pruned | shrunk | strength | forest shrunk | LightGBM shrunk |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    cuts: dict[str, list[float]] = {name: [] for name in ("pruned", "shrunk", "forest", "lightgbm")}
    for file in sorted(folder("tabular_reg").glob("*.csv.gz")):
        found = [_one_split(file, split) for split in range(SPLITS)]
        mean = {name: float(np.mean([one[name] for one in found if name in one])) for name in found[0]}
        change = {
            "pruned": mean["pruned"] / mean["tree"] - 1,
            "shrunk": mean["shrunk"] / mean["tree"] - 1,
            "forest": mean["forest shrunk"] / mean["forest"] - 1,
            "lightgbm": mean["lightgbm shrunk"] / mean["lightgbm"] - 1,
        }
        for name, value in change.items():
            cuts[name].append(value)
        shown = {name: f"{100 * value:+.1f} %" for name, value in change.items()}
        name = file.name.removesuffix(".csv.gz")
        lines.append(
            f"| {name} | {mean['tree']:.4g} | {shown['pruned']} | {shown['shrunk']} | {mean['strength']:.3g} | "
            f"{shown['forest']} | {shown['lightgbm']} |"
        )
        print(lines[-1], flush=True)
    median = {name: f"**{100 * statistics.median(values):+.1f} %**" for name, values in cuts.items()}
    lines.append(
        f"| median | | {median['pruned']} | {median['shrunk']} | | {median['forest']} | {median['lightgbm']} |"
    )
    return lines


def _one_split(file: Path, split: int) -> dict[str, float]:
    table = pd.read_csv(file, keep_default_na=False, na_values=[""])
    order = np.random.default_rng(split).permutation(len(table))
    count = min(TRAIN, 2 * len(table) // 3)
    train, test = table.iloc[order[:count]], table.iloc[order[count : count + TEST]]
    X, y = train.drop(columns="target"), train["target"].to_numpy(dtype=float)
    columns = TreeColumns.learn(X, indicators=True)
    rows, held = columns.encode(X), columns.encode(test.drop(columns="target"))
    truth = test["target"].to_numpy(dtype=float)
    found: dict[str, float] = {}

    def miss(name: str, model: Any) -> Any:
        found[name] = float(np.mean((truth - model.fit(rows, y).predict(held)) ** 2))
        return model

    tree, forest = clone(ENGINES["tree"]), RandomForestRegressor(30, random_state=0, n_jobs=1)
    boosting = clone(ENGINES["LightGBM, 100"])
    miss("tree", clone(tree))
    miss("pruned", PrunedTreeRegressor(cv=5))
    found["strength"] = miss("shrunk", Shrunk(tree)).strength_
    if split:
        return found
    miss("forest", clone(forest))
    miss("forest shrunk", Shrunk(forest))
    miss("lightgbm", clone(boosting))
    miss("lightgbm shrunk", Shrunk(boosting))
    return found


# --- price


def price() -> list[str]:
    """Return the table of times of the folds with all strengths, over those of their fits alone."""
    lines = ["| model | rows | fits of 5 folds, s | with 25 strengths, s | ratio |", "|---|--:|--:|--:|--:|"]
    for n in (442, 2000):
        X, y = make_friedman1(n, 10, noise=2.0, random_state=0)
        folds = make_folds(5, n)
        for name, model in ENGINES.items():
            workshop = Workshop(model, X, y, y, None)
            grid = strength_grid(25, read_trees(clone(model).fit(X, y)))
            fits = seconds(lambda m=model, f=folds, X=X, y=y: [clone(m).fit(X[t], y[t]) for t, _ in f])
            both = seconds(lambda w=workshop, f=folds, g=grid: w.cross_validated(g, f, None, None))
            lines.append(f"| {name} | {n} | {fits:.3f} | {both:.3f} | {both / fits:.2f} |")
            print(lines[-1], flush=True)
    return lines


# --- imodels


def against_imodels() -> list[str]:
    """Return the table of agreement and times with imodels at one strength, and of its choice by folds."""
    from imodels import HSTreeClassifier, HSTreeRegressor, HSTreeRegressorCV

    X, y = make_friedman1(2000, 10, noise=2.0, random_state=0)
    labels = (y > y.mean()).astype(int)
    lines = [
        "| model | largest difference at strength 20 | imodels shrinks, s | ours, s | ratio |",
        "|---|--:|--:|--:|--:|",
    ]
    cases = {name: (ENGINES[name], HSTreeRegressor) for name in list(ENGINES)[:4]}
    cases["classifying tree"] = (DecisionTreeClassifier(random_state=0), HSTreeClassifier)
    for name, (model, peer) in cases.items():
        target = y if peer is HSTreeRegressor else labels
        fitted = clone(model).fit(X, target)
        ask = "predict" if peer is HSTreeRegressor else "predict_proba"
        theirs = getattr(peer(shrink(fitted, 0), reg_param=20.0), ask)(X)
        off = np.abs(theirs - getattr(shrink(fitted, 20.0), ask)(X)).max()
        both = [
            seconds(lambda f=fitted, p=peer: p(shrink(f, 0), reg_param=20.0)),
            seconds(lambda f=fitted: shrink(f, 20.0)),
        ]
        lines.append(f"| {name} | {off:.1e} | {both[0]:.4f} | {both[1]:.4f} | {both[0] / both[1]:.1f} |")
        print(lines[-1], flush=True)
    lines += [
        "",
        "| choice by 3 folds | imodels, 7 strengths, s | ours, 25 strengths, s | ratio |",
        "|---|--:|--:|--:|",
    ]
    for name in ("tree", "random forest, 100"):
        model = ENGINES[name]
        both = [
            seconds(lambda m=model: HSTreeRegressorCV(clone(m), cv=3).fit(X, y), turns=1),
            seconds(lambda m=model: Shrunk(clone(m), cv=3).fit(X, y), turns=1),
        ]
        lines.append(f"| {name} | {both[0]:.3f} | {both[1]:.3f} | {both[0] / both[1]:.1f} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="others stay as they are"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    sections = _sections(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in given.parts:
        title, measure = PARTS[part]
        sections[title] = "\n".join(measure())
        write(sections)


def write(sections: dict[str, str]) -> None:
    """Write the page from its sections."""
    text = "# Hierarchical shrinkage\n\nMade by `shrinkage.py` and `shrinkage_classes.py`, which say how; one thread.\n"
    for title, _ in PARTS.values():
        if title in sections:
            text += f"\n## {title}\n\n{sections[title]}\n"
    RESULTS.write_text(text)


def _sections(text: str) -> dict[str, str]:
    found = [part.partition("\n\n") for part in text.split("\n## ")[1:]]
    return {title: body.strip() for title, _, body in found}


PARTS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "accuracy": ("What it brings", accuracy),
    "classes": ("What it brings for classes", accuracy_of_classes),
    "pruning": ("How large pruned trees are", sizes),
    "price": ("What it costs", price),
    "imodels": ("Against imodels", against_imodels),
}


if __name__ == "__main__":
    main()
