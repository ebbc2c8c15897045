"""What a search over the knobs of boosting brings over the default, on rows that nothing else saw, and what it costs.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python benchmarks/trees_tune.py  # writes results/trees_tune.md
    python benchmarks/trees_tune.py -s concrete                                # only sets with this word, not written

ROWS random rows of a table (two thirds at most) are for training, up to TEST of the others for testing, once for every
seed, which also is that of the folds and of the search. ``BoostingRegressor()`` and ``BoostingClassifier()`` with
LightGBM are fitted as they are, and with ``tune=30``. Losses are the mean squared error, or the log-loss.

- claimed: by how much the best trial's held-out loss is below the default's on the folds that the search compared.
- on other folds: the same for the best of the finals, on folds that the search did not see, with the standard error of
  the paired differences. Where it is not below zero by one such error the default is taken.
- search: the test loss of ``tune=30`` over that of the default, minus one, with the standard error of the paired
  differences over the test rows. Below zero the search helped.
- unconfirmed: the same for the trial with the best loss on the folds of the search, which a search without finals would
  have taken.
- time: processor seconds of one thread with the search over those of the default.

The seeds are not those with which the rule was found.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import optuna
from tree_tables import Split, split

from regularfit.trees import BoostingClassifier, BoostingRegressor

RESULTS = Path(__file__).parent / "results" / "trees_tune.md"
ROWS, TEST, SEEDS, TRIALS = 700, 5000, (2, 3), 30
SETS = {
    "tabular_reg": ("concrete", "abalone", "wine_quality", "california_housing"),
    "tabular_clf": ("credit_g", "phoneme", "kc1", "cmc"),
}
HEAD = (
    "| set | seed | claimed | on other folds | taken | search | unconfirmed | finished trials | default s | search s "
    "| time |",
    "|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|",
)


def row_losses(model: Any, cut: Split) -> np.ndarray:
    """Return the loss of every test row."""
    if not hasattr(model, "predict_proba"):
        return (model.predict(cut.test) - cut.y_test) ** 2
    shares = model.predict_proba(cut.test)[np.arange(len(cut.y_test)), cut.y_test]
    return -np.log(np.clip(shares, np.finfo(float).eps, 1))


def change(new: np.ndarray, old: np.ndarray) -> tuple[float, float]:
    """Return the relative change of the mean loss, and its standard error from the paired differences."""
    apart = (new - old) / old.mean()
    return float(apart.mean()), float(apart.std(ddof=1) / np.sqrt(len(apart)))


def one_run(kind: str, name: str, seed: int) -> dict[str, Any]:
    """Return what came of one set and one seed."""
    cut = split(kind, name, ROWS, TEST, seed)
    estimator = BoostingRegressor if kind == "tabular_reg" else BoostingClassifier
    how = {"n_jobs": 1, "random_state": seed}
    models, spent = [], []
    for tune in (None, TRIALS):
        start = time.process_time()
        models.append(estimator(tune=tune, **how).fit(cut.train, cut.y_train))
        spent.append(time.process_time() - start)
    plain, tuned = (row_losses(model, cut) for model in models)
    found = models[1].tune_
    first = min((trial for trial in found.trials if trial.finished), key=lambda trial: trial.score)
    knobs = first.regularisation.with_(rounds=first.rounds)
    unconfirmed = row_losses(estimator(knobs, select=None, **how).fit(cut.train, cut.y_train), cut)
    start_of, *others = found.finals
    best = min(others, key=lambda trial: trial.score)
    return {
        "claimed": first.score / found.trials[0].score - 1,
        "other": change(np.array(best.folds), np.array(start_of.folds)),
        "taken": found.best != start_of,
        "search": change(tuned, plain),
        "unconfirmed": change(unconfirmed, plain),
        "finished": sum(trial.finished for trial in found.trials),
        "spent": spent,
    }


def line(name: str, seed: int, run: dict[str, Any]) -> str:
    """One line of the table."""
    told = {
        key: "{:+.1f} ± {:.1f} %".format(*(100 * v for v in run[key]))
        for key in ("other", "search", "unconfirmed")
    }
    plain, tuned = run["spent"]
    cells = [
        name,
        str(seed),
        f"{100 * run['claimed']:+.1f} %",
        told["other"],
        "trial" if run["taken"] else "default",
    ]
    cells += [told["search"], told["unconfirmed"], str(run["finished"])]
    return f"| {' | '.join(cells)} | {plain:.2g} | {tuned:.2g} | {tuned / plain:.0f} |"


def verdict(runs: list[dict[str, Any]]) -> list[str]:
    """Return what all runs say together."""
    lines: list[str] = []
    for key, word in (
        ("search", f"tune={TRIALS}"),
        ("unconfirmed", "the best trial of the same search, unconfirmed"),
    ):
        values = [run[key][0] for run in runs]
        better = sum(value < -se for value, se in (run[key] for run in runs))
        worse = sum(value > se for value, se in (run[key] for run in runs))
        ends = f"from {100 * min(values):+.1f} to {100 * max(values):+.1f} %"
        lines.append(
            f"- Test loss of {word} over the default's, {len(runs)} runs: mean "
            f"{100 * statistics.fmean(values):+.2f} %, median {100 * statistics.median(values):+.2f} %, {ends}; "
            f"better by over one standard error in {better}, worse in {worse}."
        )
    claimed = statistics.fmean(run["claimed"] for run in runs)
    ratio = statistics.median(run["spent"][1] / run["spent"][0] for run in runs)
    lines.append(
        f"- The search's own folds claim {100 * claimed:+.1f} % in the mean. The default was kept in "
        f"{sum(not run['taken'] for run in runs)} runs. The search took {ratio:.0f} times as long in the median."
    )
    return lines


def main() -> None:
    """Print the table, and keep it when all of it was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-s", "--sets", default="", help="only sets with this word; nothing is written")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("\n".join(HEAD), flush=True)
    lines: list[str] = []
    runs: list[dict[str, Any]] = []
    for seed in SEEDS:
        for kind, sets in SETS.items():
            for name in sets:
                if options.sets not in name:
                    continue
                runs.append(one_run(kind, name, seed))
                lines.append(line(name, seed, runs[-1]))
                print(lines[-1], flush=True)
                if not options.sets:
                    write(lines, runs)


def write(lines: list[str], runs: list[dict[str, Any]]) -> None:
    """Write the page of the runs that are done."""
    how = (
        f"{ROWS} training rows at most, 5 folds, {TRIALS} trials, one thread; LightGBM {lgb.__version__}, "
        f"Optuna {optuna.__version__}."
    )
    text = ["# What a search over the knobs brings", "", "Made by `trees_tune.py`, which says how.", how, ""]
    RESULTS.write_text("\n".join([*text, *verdict(runs), "", *HEAD, *sorted(lines)]) + "\n")


if __name__ == "__main__":
    main()
