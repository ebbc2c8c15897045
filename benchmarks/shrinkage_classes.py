"""Shrunk and pruned trees for classes, and how large pruned trees are: two parts of the page of ``shrinkage.py``.

TRAIN rows (two thirds at most) of each set are for training, up to TEST of the others for testing, SPLITS times;
forests of 30 and LightGBM once. A class has 15 rows at least, others are left out. Models have their engines' defaults;
the strength and the size are chosen by 5 folds of the training rows: the strength by the log-loss, the size by the
misclassification rate. Probabilities below 2e-16 count as that, so every row that a pure leaf gets wrong costs 36.
"""

from __future__ import annotations

import statistics
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from tree_tables import Split, balanced_accuracy, brier, log_loss, names, split

from regularfit.trees import PrunedTreeClassifier, PrunedTreeRegressor, Shrunk
from regularfit.trees.columns import TreeColumns

__all__ = ["accuracy_of_classes", "sizes"]

SPLITS, TRAIN, TEST = 2, 1000, 3000
WORK = (
    1500  # classes times columns above which forests and LightGBM are left out: they would take minutes a set
)
TREES = ("tree", "pruned", "shrunk")


def accuracy_of_classes() -> list[str]:
    """Return the table over the classification sets: single trees by three measures, ensembles by the log-loss."""
    head = ["set", "classes"]
    for measure in ("log-loss", "Brier", "balanced accuracy"):
        head += [f"{measure}: unpruned", *TREES[1:]]
    head += ["forest: log-loss", "shrunk", "LightGBM: log-loss", "shrunk"]
    lines = [f"| {' | '.join(head)} |", "|---" + "|--:" * (len(head) - 1) + "|"]
    every: list[dict[str, float]] = []
    for name in names("tabular_clf"):
        found = [_one_split(name, seed) for seed in range(SPLITS)]
        mean = {key: float(np.mean([one[key] for one in found if key in one])) for key in found[0]}
        every.append(mean)
        lines.append(_row(name, mean))
        print(lines[-1], flush=True)
    return [*_verdict(every), "", *lines]


def _one_split(name: str, seed: int) -> dict[str, float]:
    cut = split("tabular_clf", name, TRAIN, TEST, seed)
    columns = TreeColumns.learn(cut.train, indicators=True)
    rows, held = columns.encode(cut.train), columns.encode(cut.test)
    classes = int(cut.y_train.max()) + 1
    found: dict[str, float] = {"classes": classes}
    models: dict[str, Any] = {
        "tree": DecisionTreeClassifier(random_state=0),
        "pruned": PrunedTreeClassifier(cv=5),
        "shrunk": Shrunk(DecisionTreeClassifier(random_state=0)),
    }
    if seed == 0 and classes * rows.shape[1] <= WORK:
        forest = RandomForestClassifier(30, random_state=0, n_jobs=1)
        boosting = lgb.LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)
        models |= {"forest": clone(forest), "forest shrunk": Shrunk(forest)}
        models |= {"lightgbm": clone(boosting), "lightgbm shrunk": Shrunk(boosting)}
    for which, model in models.items():
        shares = model.fit(rows, cut.y_train).predict_proba(held)
        found[f"{which} log-loss"] = log_loss(shares, cut.y_test)
        if which in TREES:
            found[f"{which} brier"] = brier(shares, cut.y_test)
            found[f"{which} right"] = balanced_accuracy(shares, cut.y_test)
    return found


def _row(name: str, mean: dict[str, float]) -> str:
    cells = [name, f"{mean['classes']:.0f}"]
    cells += [f"{mean[f'{which} log-loss']:.2f}" for which in TREES]
    cells += [f"{mean[f'{which} brier']:.3f}" for which in TREES]
    cells += [f"{100 * mean[f'{which} right']:.1f} %" for which in TREES]
    for which in ("forest", "lightgbm"):
        plain, shrunk = (mean.get(f"{key} log-loss") for key in (which, f"{which} shrunk"))
        cells += ["", ""] if plain is None or shrunk is None else [f"{plain:.3f}", _share(shrunk, plain)]
    return f"| {' | '.join(cells)} |"


def _share(new: float, old: float) -> str:
    return f"{100 * (new / old - 1):+.1f} %"


def _verdict(every: list[dict[str, float]]) -> list[str]:
    lines: list[str] = []
    for better, worse in (("shrunk", "tree"), ("shrunk", "pruned"), ("pruned", "tree")):
        change = {}
        for key in ("log-loss", "brier"):
            pairs = [(one[f"{better} {key}"], one[f"{worse} {key}"]) for one in every]
            pairs = [(a, b) for a, b in pairs if b > 0]
            change[key] = statistics.median(a / b - 1 for a, b in pairs)
        points = [100 * (one[f"{better} right"] - one[f"{worse} right"]) for one in every]
        wins = sum(one[f"{better} brier"] < one[f"{worse} brier"] for one in every)
        lines.append(
            f"- A {better} tree against {'an unpruned' if worse == 'tree' else f'a {worse}'} one, medians over "
            f"{len(every)} sets: log-loss {100 * change['log-loss']:+.0f} %, Brier score "
            f"{100 * change['brier']:+.0f} % (lower on {wins}), balanced accuracy "
            f"{statistics.median(points):+.1f} points (worst {min(points):+.1f})."
        )
    for which, word in (("forest", "A forest of 30"), ("lightgbm", "LightGBM")):
        changes = [
            one[f"{which} shrunk log-loss"] / one[f"{which} log-loss"] - 1
            for one in every
            if one.get(f"{which} log-loss", 0) > 0
        ]
        lines.append(
            f"- {word}, shrunk against plain: log-loss {100 * statistics.median(changes):+.1f} % in the median over "
            f"{len(changes)} sets, from {100 * min(changes):+.0f} to {100 * max(changes):+.0f} %; worse by over 1 % on "
            f"{sum(change > 0.01 for change in changes)}."
        )
    return lines


# --- sizes of pruned trees


def sizes() -> list[str]:
    """Return the table of the leaves at the minimum and at one standard error, and of their losses."""
    lines = [
        "| set | leaves: full | min | 1se | test loss: full | min | 1se |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    larger, all_sets, apart = 0, 0, []
    for kind in ("tabular_reg", "tabular_clf"):
        for name in names(kind):
            full, least, sparse, losses = _pruned(kind, split(kind, name, TRAIN, TEST, 0))
            larger += sparse > least
            all_sets += 1
            apart.append(sparse / least)
            lines.append(
                f"| {name} | {full} | {least} | {sparse} | "
                + " | ".join(f"{loss:.4g}" for loss in losses)
                + " |"
            )
            print(lines[-1], flush=True)
    told = (
        f"The tree of one standard error is larger than that of the minimum on {larger} of {all_sets} sets; in the "
        f"median it has {100 * statistics.median(apart):.0f} % of its leaves. Losses: mean squared error, or share of "
        "wrong labels."
    )
    return [told, "", *lines]


def _pruned(kind: str, cut: Split) -> tuple[int, int, int, list[float]]:
    estimator = PrunedTreeRegressor if kind == "tabular_reg" else PrunedTreeClassifier
    models = [estimator(ccp_alpha=0.0), estimator(cv=10), estimator(cv=10, select="1se")]
    losses = []
    for model in models:
        answer = model.fit(cut.train, cut.y_train).predict(cut.test)
        wrong = (answer - cut.y_test) ** 2 if kind == "tabular_reg" else answer != cut.y_test
        losses.append(float(np.mean(wrong)))
    full, least, sparse = (model.leaves_ for model in models)
    return full, least, sparse, losses
