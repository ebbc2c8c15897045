"""Nets on tables: a plain net, the default recipe and AutoNet against boosted trees, by balanced accuracy on test rows.

    python benchmarks/net_tables.py [--budget 120] [--threads 2] [--seeds 1] [--first 23] [--contenders ...]

Stratified splits of 75 % and 25 %, one a seed; larger tables are cut to a stratified sample first. Nobody is tuned by
hand, and nobody sees the test rows. All classes weigh the same, in training as in the score:

- plain: ``NetClassifier`` without any regulariser, as wide and for as many epochs as the recipe.
- bins: the plain net, with bins of numbers beside them (``scaling="piecewise"``), as AutoNet's nets may have; the
  difference to plain is that of the encoding alone.
- recipe: ``NetClassifier`` as it comes.
- AutoNet: ``AutoNetClassifier`` with a budget of seconds.
- XGBoost and scikit-learn's histogram gradient boosting, as they come. XGBoost is left out where it is not installed.

Every result is put into results/net_tables.json when it is there, with the budget, threads, seeds and versions of the
run, so that a run can be ended and goes on where it was; with another budget, other threads or versions ``--fresh``
begins anew. results/net_tables.md is written from that file (``--report`` writes it only). The data lie in
``tabular_clf`` of the folder that REGULARFIT_DATA names, else of ``shared/data`` beside or above this file.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from regularfit import nets

RESULTS = Path(__file__).parent / "results"
STORE, REPORT = RESULTS / "net_tables.json", RESULTS / "net_tables.md"
ROWS = 4000  # larger tables are cut to so many rows
# First those of Kadra et al. (2021), in a mixed order so that a run that is ended has all kinds; then others.
SETS = (
    "blood_transfusion", "vehicle", "kr_vs_kp", "credit_g", "segment", "phoneme", "australian", "car", "mfeat_factors",
    "kc1", "balance_scale", "adult", "credit_approval", "jasmine", "bank_marketing", "cnae_9", "higgs_7500",
    "jungle_chess", "anneal", "arrhythmia",
    "cmc", "ionosphere", "sonar", "wdbc", "vowel", "electricity", "magic_telescope",
)  # fmt: skip
CODES = {
    "australian": ("A1", "A4", "A5", "A6", "A8", "A9", "A11", "A12")
}  # categories that are written as numbers
NETS, TREES = ("plain", "bins", "recipe", "AutoNet"), ("XGBoost", "HistGB")
Table = tuple[pd.DataFrame, np.ndarray]


def data_folder() -> Path:
    """Return where the tables are."""
    named = os.environ.get("REGULARFIT_DATA")
    folders = [Path(named)] if named else [up / "shared" / "data" for up in Path(__file__).resolve().parents]
    found = next((folder / "tabular_clf" for folder in folders if (folder / "tabular_clf").is_dir()), None)
    if found is None:
        raise SystemExit("There are no tables: set REGULARFIT_DATA to the folder that holds tabular_clf.")
    return found


def table(name: str) -> Table:
    """Return X, with categories as such, and the codes of the classes; at most ROWS rows."""
    frame = pd.read_csv(data_folder() / f"{name}.csv.gz", keep_default_na=False, na_values=[""])
    y = pd.factorize(frame.pop("target"), sort=True)[0]
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]) or column in CODES.get(name, ()):
            frame[column] = frame[column].astype(str).where(frame[column].notna()).astype("category")
    if len(frame) > ROWS:
        frame, _, y, _ = train_test_split(frame, y, train_size=ROWS, stratify=y, random_state=0)
    return frame.reset_index(drop=True), y


# ------------------------------------------------------------ contenders


def _plain(X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> Any:
    net = nets.NetClassifier(regularisers=[], validation=None, class_weight="balanced", random_state=seed)
    return net.fit(X, y)


def _bins(X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> Any:
    net = nets.NetClassifier(
        regularisers=[], validation=None, scaling="piecewise", class_weight="balanced", random_state=seed
    )
    return net.fit(X, y)


def _recipe(X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> Any:
    return nets.NetClassifier(class_weight="balanced", random_state=seed).fit(X, y)


def _auto(X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> Any:
    return nets.AutoNetClassifier(budget, class_weight="balanced", random_state=seed).fit(X, y)


def _xgboost(X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> Any:
    from xgboost import XGBClassifier

    model = XGBClassifier(enable_categorical=True, random_state=seed, n_jobs=torch.get_num_threads())
    return model.fit(X, y, sample_weight=compute_sample_weight("balanced", y))


def _hist(X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> Any:
    return HistGradientBoostingClassifier(class_weight="balanced", random_state=seed).fit(X, y)


CONTENDERS: dict[str, Callable[[pd.DataFrame, np.ndarray, int, float], Any]] = {
    "plain": _plain,
    "bins": _bins,
    "recipe": _recipe,
    "AutoNet": _auto,
    "XGBoost": _xgboost,
    "HistGB": _hist,
}


def compete(name: str, X: pd.DataFrame, y: np.ndarray, seed: int, budget: float) -> dict[str, Any]:
    """Return what a contender reached on a split, in percent, and what it took."""
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=seed)
    known = train.columns[train.notna().any()]  # HistGB refuses a column without values
    train, test = train[known], test[known]
    wall, cpu = time.perf_counter(), time.process_time()
    model = CONTENDERS[name](train, y_train, seed, budget)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = {"score": 100 * balanced_accuracy_score(y_test, model.predict(test)), "wall": wall, "cpu": cpu}
    if name == "AutoNet":
        result = model.search_
        found |= {
            "settings": len(result.points),
            "picked": int((model.ensemble_.counts > 0).sum()),
        }
    return found


# ------------------------------------------------------------ running


def conditions(budget: float, threads: int) -> dict[str, Any]:
    """Return what has to be the same for all results of a file."""
    names = ("regularfit", "torch", "numpy", "sklearn", "xgboost")
    return {
        "budget": budget,
        "threads": threads,
        "rows": ROWS,
        "versions": {name: _version(name) for name in names},
    }


def _version(name: str) -> str | None:
    try:
        return import_module(name).__version__
    except ImportError:
        return None


def begun(fresh: bool, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the results there are, if they were got under the same conditions."""
    if fresh or not STORE.exists():
        return {"run": asked}
    store: dict[str, Any] = json.loads(STORE.read_text())
    known = {name: value for name, value in store.get("run", {}).items() if name != "seeds"}
    if known != asked:
        raise SystemExit(
            f"{STORE.name} holds results of another run ({known or 'without a record of it'}); asked is {asked}. "
            "--fresh begins anew."
        )
    return store


def run(sets: list[str], contenders: list[str], seeds: int, store: dict[str, Any], budget: float) -> None:
    """Do what is not in the file yet, and write both files after every result."""
    for seed in range(seeds):
        for name in sets:
            X, y = table(name)
            for contender in contenders:
                key = f"{name}/{seed}/{contender}"
                if key in store:
                    continue
                store[key] = compete(contender, X, y, seed, budget)
                store[f"{name}/shape"] = [len(X), X.shape[1], int(y.max()) + 1]
                store["run"]["seeds"] = sorted({*store["run"].get("seeds", []), seed})
                STORE.write_text(json.dumps(store, indent=1, sort_keys=True) + "\n")
                print(key, {k: round(v, 2) for k, v in store[key].items()}, flush=True)
            REPORT.write_text(report(store))


# ------------------------------------------------------------ the report


def frame_of(store: dict[str, Any], what: str) -> pd.DataFrame:
    """Return a table, sets by contenders, means over seeds; sets that not every contender has done are left out."""
    rows = [
        (*key.split("/"), entry[what])
        for key, entry in store.items()
        if key.count("/") == 2 and what in entry
    ]
    long = pd.DataFrame(rows, columns=["set", "seed", "contender", what])
    wide = long.pivot_table(index="set", columns="contender", values=what)
    wide = wide[[name for name in CONTENDERS if name in wide]].dropna()
    return wide.loc[[name for name in SETS if name in wide.index]]


def versus(scores: pd.DataFrame, one: str, other: str) -> str:
    """Return a line: mean difference over sets, its standard error, wins, ties and losses."""
    difference = scores[one] - scores[other]
    se = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else float("nan")
    won, lost = int((difference > 0).sum()), int((difference < 0).sum())
    ties = len(difference) - won - lost
    return f"| {one} - {other} | {difference.mean():+.2f} | {se:.2f} | {won} | {ties} | {lost} |"


def report(store: dict[str, Any]) -> str:
    """Return the page."""
    scores, wall, cpu = (frame_of(store, what) for what in ("score", "wall", "cpu"))
    seeds = len({key.split("/")[1] for key in store if key.count("/") == 2})
    how = store["run"]
    versions = ", ".join(f"{name} {number}" for name, number in how["versions"].items() if number)
    settings = frame_of(store, "settings").get("AutoNet", pd.Series(dtype=float))
    lines = [
        "# Nets on tables",
        "",
        "Written by `benchmarks/net_tables.py`, whose head says who competes and how. Balanced accuracy on test rows",
        f"in percent, {len(scores)} tables, {seeds} split(s) of each; the best of a row is bold. AutoNet had a budget",
        f"of {how['budget']:g} seconds (its default is 300); everything ran on {how['threads']} thread(s). Larger",
        f"tables were cut to {how['rows']} rows. Versions: {versions}.",
        "",
        f"| table | rows | columns | classes | {' | '.join(scores)} | settings tried |",
        "|---|" + "---|" * (len(scores.columns) + 4),
    ]
    for name, row in scores.iterrows():
        shape = " | ".join(map(str, store[f"{name}/shape"]))
        cells = " | ".join(f"**{v:.2f}**" if v == row.max() else f"{v:.2f}" for v in row)
        lines.append(f"| {name} | {shape} | {cells} | {settings.get(name, float('nan')):.0f} |")
    for label, values in (
        ("mean", scores.mean()),
        ("mean rank", scores.rank(axis=1, ascending=False).mean()),
        ("mean CPU seconds of fit", cpu.mean()),
        ("mean wall seconds of fit", wall.mean()),
    ):
        lines.append(f"| {label} | | | | {' | '.join(f'{v:.2f}' for v in values)} | |")
    lines += [
        "",
        "Differences set by set, in points; the standard error is that of their mean over sets.",
        "",
    ]
    lines += ["| | mean | standard error | won | ties | lost |", "|---|---|---|---|---|---|"]
    pairs = [("bins", "plain"), ("recipe", "plain"), *(("AutoNet", net) for net in NETS[:-1])]
    pairs += [(net, tree) for net in ("AutoNet", "recipe") for tree in TREES]
    lines += [versus(scores, a, b) for a, b in pairs if a in scores and b in scores]
    return "\n".join([*lines, "", *against_trees(scores)]) + "\n"


def against_trees(scores: pd.DataFrame) -> list[str]:
    """Return where AutoNet is at least as good as the better of the boosters, and where it lost to a simpler net."""
    trees = [name for name in TREES if name in scores]
    if "AutoNet" not in scores or not trees or scores.empty:
        return []
    level = scores["AutoNet"] >= scores[trees].max(axis=1)
    lost = {
        other: [str(name) for name in scores.index[scores["AutoNet"] < scores[other]]]
        for other in NETS[:-1]
        if other in scores
    }
    lines = [f"AutoNet reaches or beats the better booster on {int(level.sum())} of {len(level)} tables."]
    lines += [f"It loses to the {name} net on: {', '.join(names) or 'none'}." for name, names in lost.items()]
    return lines


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=300.0, help="seconds of AutoNet")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS, metavar="SET")
    parser.add_argument("--first", type=int, default=len(SETS), help="so many of the sets, in their order")
    parser.add_argument("--fresh", action="store_true", help="forget the results there are")
    parser.add_argument("--contenders", nargs="*", default=None, choices=list(CONTENDERS))
    parser.add_argument("--report", action="store_true", help="write the page from the file only")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    contenders = list(CONTENDERS) if given.contenders is None else given.contenders
    try:
        import xgboost  # noqa: F401
    except ImportError:
        contenders = [name for name in contenders if name != "XGBoost"]
    if not given.report:
        store = begun(given.fresh, conditions(given.budget, given.threads))
        run(given.sets[: given.first], contenders, given.seeds, store, given.budget)
    REPORT.write_text(report(json.loads(STORE.read_text())))


if __name__ == "__main__":
    main()
