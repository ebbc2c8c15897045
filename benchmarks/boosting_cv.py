"""What the rounds curve costs: our cross-validation against lgb.cv and xgb.cv, same folds, rounds and parameters.

    python benchmarks/boosting_cv.py              # everything; writes results/boosting_cv.md
    python benchmarks/boosting_cv.py --rounds 3   # fewer turns

All calls take turns; times are processor times of one thread, over the turns after one that does not count: medians,
and the smallest, which feels least of what else runs on the machine. Each call has everything from the matrix in memory
to the held-out curve. Target: at most 1.1 times the engine's own.
Both curves are compared: with LightGBM they must be equal, since both share bins over the folds; XGBoost's own
function finds cuts anew in every fold, ours once, so that curves agree only about.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb

from regularfit.selection import fold_weights, make_folds
from regularfit.trees import Regularisation
from regularfit.trees.boosting.rounds_cv import curve_of, grow_side_by_side, start_folds
from regularfit.trees.boosting.scores import make_score
from regularfit.trees.boosting.workshop import Workshop
from regularfit.trees.engines import Task, TreeData, get_engine

RESULTS = Path(__file__).parent / "results" / "boosting_cv.md"
KNOBS = Regularisation(learning_rate=0.05, leaves=31, min_rows=20, row_sampling=0.8, column_sampling=0.8)
PROBLEMS = {  # rows, columns, rounds, loss
    "1000 x 10": (1_000, 10, 300, "squared"),
    "10000 x 20": (10_000, 20, 200, "squared"),
    "50000 x 30": (50_000, 30, 100, "squared"),
    "10000 x 20, two classes": (10_000, 20, 200, "two_classes"),
    "5000 x 20, three classes": (5_000, 20, 100, "classes"),
}
HEAD = (
    "| engine | problem | rounds | engine's own s | ours s | ratio of medians | ratio of smallest | curves differ by |",
    "|---|---|--:|--:|--:|--:|--:|--:|",
)
METRICS = {"squared": ("l2", "rmse"), "two_classes": ("binary_logloss", "logloss")}
METRICS["classes"] = ("multi_logloss", "mlogloss")


def problem(name: str) -> tuple[TreeData, Task, int]:
    """Bends, an interaction and noise."""
    n, p, rounds, loss = PROBLEMS[name]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    signal = 2 * X[:, 0] + np.sin(3 * X[:, 1]) + 2 * (X[:, 2] > 0) * X[:, 3]
    y = signal + rng.normal(size=n)
    if loss == "two_classes":
        return TreeData(X, (y > 0).astype(float)), Task(loss, classes=2, threads=1), rounds
    if loss == "classes":
        codes = np.digitize(y, [-1, 1]).astype(float)
        return TreeData(X, codes), Task(loss, classes=3, threads=1), rounds
    return TreeData(X, y), Task(loss, threads=1), rounds


def ours(engine: str, data: TreeData, task: Task, rounds: int, folds: Any) -> np.ndarray:
    """The mean curve of our own cross-validation."""
    workshop = Workshop.of(get_engine(engine), data, task)
    score = make_score(None, task, None, False)
    weights = fold_weights(folds)
    growths = start_folds(workshop, KNOBS, folds, score)
    grow_side_by_side(growths, weights, rounds, None)
    cv = curve_of(growths, weights)
    assert cv is not None
    return cv.mean


def theirs(engine: str, data: TreeData, task: Task, rounds: int, folds: Any) -> np.ndarray:
    """The mean curve of the engine's own cross-validation."""
    params = _their_params(engine, data, task)
    if engine == "lightgbm":
        found = lgb.cv(params, lgb.Dataset(data.X, data.y, params=params), rounds, folds=folds)
        return np.array(found[f"valid {METRICS[task.loss][0]}-mean"])
    metric = METRICS[task.loss][1]
    found = xgb.cv(params, xgb.DMatrix(data.X, data.y, nthread=1), rounds, folds=folds, as_pandas=False)
    return np.array(found[f"test-{metric}-mean"])


def _their_params(engine: str, data: TreeData, task: Task) -> dict[str, Any]:
    """The parameters that our adapter uses, with the metric that our score is."""
    workshop = Workshop.of(get_engine(engine), data, task)
    params = workshop.params(KNOBS, np.arange(data.n)) | dict(workshop.rows.params)  # type: ignore[attr-defined]
    params.pop("disable_default_eval_metric", None)
    # min_child_weight follows the curvature, which differs by a hair between folds: here all take that of all rows
    return params | {
        "metric" if engine == "lightgbm" else "eval_metric": METRICS[task.loss][engine == "xgboost"]
    }


def turns(
    calls: dict[str, Callable[[], np.ndarray]], rounds: int
) -> tuple[dict[str, list[float]], dict[str, np.ndarray]]:
    """Times of calls that take turns, and what they returned."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    answers: dict[str, np.ndarray] = {}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            answers[name] = call()
            if turn > 0:
                times[name].append(time.process_time() - start)
    return times, answers


def row(engine: str, name: str, rounds_of_turns: int) -> str:
    """One line of the table."""
    data, task, rounds = problem(name)
    folds = make_folds(5, data.n, data.y, classifier=bool(task.classes), random_state=0)
    how = (engine, data, task, rounds, folds)
    times, curves = turns({"theirs": lambda: theirs(*how), "ours": lambda: ours(*how)}, rounds_of_turns)
    own, other = curves["ours"], curves["theirs"]
    if engine == "xgboost" and task.loss == "squared":
        own = np.sqrt(own)  # xgb.cv averages roots, we take the root of an average: compared only about
    apart = float(np.max(np.abs(own - other) / other))
    middle = {name: statistics.median(found) for name, found in times.items()}
    least = min(times["ours"]) / min(times["theirs"])
    return (
        f"| {engine} | {name} | {rounds} | {middle['theirs']:.3g} | {middle['ours']:.3g} | "
        f"{middle['ours'] / middle['theirs']:.2f} | {least:.2f} | {apart:.1e} |"
    )


def main() -> None:
    """Print the table, and keep it when all of it was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns that count")
    parser.add_argument(
        "-p", "--problems", default="", help="only problems with this word; nothing is written"
    )
    options = parser.parse_args()
    print("\n".join(HEAD), flush=True)
    lines: list[str] = []
    for engine in ("lightgbm", "xgboost"):
        for name in PROBLEMS:
            if options.problems in name:
                lines.append(row(engine, name, options.rounds))
                print(lines[-1], flush=True)
    if options.problems:
        return
    versions = (
        f"LightGBM {lgb.__version__}, XGBoost {xgb.__version__}; 5 folds, one thread, {options.rounds} turns."
    )
    text = [
        "# What the rounds curve costs",
        "",
        "Made by `boosting_cv.py`, which says how.",
        versions,
        "",
        *HEAD,
        *lines,
    ]
    RESULTS.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
