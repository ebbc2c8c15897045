"""What does each regulariser do on its own, on small tables, and what does a step of it cost?

Sets: ten small tables, 208 to 2,310 rows; 70 % to train on, 30 % to test on, split anew for every seed, in the same
way for everybody. A perceptron of two layers of 64 units, AdamW, a cosine from 3e-3, 400 steps of 64 rows,
``class_weight="balanced"``, other settings the estimator's defaults. 400 steps are few for some sets (a constant rate
beats the cosine there), and regularisers want longer training, so some are measured after 1,600 steps as well.
Every regulariser stands alone in the list, at one usual strength, and nothing is tuned. Early stopping watches a fifth
of the training rows and trains anew on all. SWA wants weights that move to the end: it is there with the cosine, and
with a constant rate beside that rate alone.

Measures: balanced accuracy in points, and log-loss with classes weighted alike, both on the test rows. A gain is the
difference from the net without regularisers of the same set and seed (positive is better in both: log-loss gains are
falls). Seeds are averaged within a set; mean, standard error, median, wins and losses are over sets.

Cost: 2,000 rows of 20 numbers, batches of 128, ``Trainer``, two hidden layers of the width. A step is the difference
between fits of 20 and of 120 steps over 100, so that the start of a run is not in it, in processor time; the
least of three interleaved rounds, since other work on the machine only ever adds. Tenths mean little.

    python benchmarks/net_regularisers.py                     # about ten minutes of an idle core
    python benchmarks/net_regularisers.py --seeds 3           # more; runs that are there are kept
    python benchmarks/net_regularisers.py --cost --report     # the cost of a step and the page

The tables lie in ``tabular_clf`` of the folder that REGULARFIT_DATA names, else of ``shared/data`` beside or above
this file.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight
from torch import nn

from regularfit import L1, nets

RESULTS = Path(__file__).parent / "results"
NUMBERS = RESULTS / "net_regularisers.json"
SETS = (
    "balance_scale",
    "blood_transfusion",
    "car",
    "cmc",
    "credit_g",
    "ionosphere",
    "segment",
    "sonar",
    "vehicle",
    "vowel",
)
SEEDS, BATCH, LR, HIDDEN = 1, 64, 3e-3, (64, 64)
NONE, CONSTANT = "nothing", "constant rate"
BEST = '"Best alone" is picked on the test rows from all of the above: it flatters itself.'
COST_STEPS, COST_ROUNDS, WIDTHS = (20, 120), 3, (64, 256)


SHORT = "400 steps"
LENGTHS = {SHORT: 400, "1,600 steps": 1600}
IN_BOTH = (
    NONE,
    "FeatureSwap 0.15",
    "Dropout 0.2",
    "Mixup 0.2",
    "LabelSmoothing 0.1",
    "WeightDecay 1",
    "EarlyStopping 20",
    "default recipe",
)


def table_folder() -> Path | None:
    """Where the tables are, or None."""
    named = os.environ.get("REGULARFIT_DATA")
    folders = [Path(named)] if named else [up / "shared" / "data" for up in Path(__file__).resolve().parents]
    return next((folder / "tabular_clf" for folder in folders if (folder / "tabular_clf").is_dir()), None)


def arms() -> dict[str, list[Any]]:
    """The regularisers by name; "constant rate" in a name sets the schedule."""
    anywhere = nets.Domain.standardised()
    return {
        NONE: [],
        "FeatureSwap 0.15": [nets.FeatureSwap(0.15)],
        "Dropout 0.2": [nets.Dropout(0.2)],
        "InputNoise 0.1": [nets.InputNoise(0.1)],
        "Mixup 0.2": [nets.Mixup(0.2)],
        "LabelSmoothing 0.1": [nets.LabelSmoothing(0.1)],
        "WeightDecay 0.01": [nets.WeightDecay(0.01)],
        "WeightDecay 1": [nets.WeightDecay(1.0)],
        "EMA 0.99": [nets.EMA(0.99)],
        "SWA": [nets.SWA()],
        "Adversarial FGSM 0.1, numbers only": [nets.Adversarial(nets.FGSM(0.1))],
        "Adversarial FGSM 0.1, all inputs": [nets.Adversarial(nets.FGSM(0.1, anywhere))],
        "EarlyStopping 20": [nets.EarlyStopping(20)],
        "default recipe": list(nets.recipe()),
        CONSTANT: [],
        f"SWA, {CONSTANT}": [nets.SWA()],
    }


# --- quality


def split(folder: Path, name: str, seed: int) -> tuple[Any, Any, Any, Any]:
    """X to train on and to test on, y to train on and to test on."""
    table = pd.read_csv(folder / f"{name}.csv.gz", keep_default_na=False, na_values=[""])
    y = table.pop("target").to_numpy()
    return train_test_split(table, y, test_size=0.3, random_state=seed, stratify=y)


def fit(arm: str, seed: int, rows: tuple[Any, Any, Any, Any], steps: int) -> dict[str, float]:
    """Return the scores of one run."""
    X, test, y, y_test = rows
    model = nets.NetClassifier(
        HIDDEN,
        regularisers=arms()[arm],
        class_weight="balanced",
        lr=LR,
        schedule="constant" if CONSTANT in arm else "cosine",
        batch_size=BATCH,
        steps=steps,
        random_state=seed,
    )
    begin = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - begin
    chances = model.predict_proba(test)
    accuracy = 100 * balanced_accuracy_score(y_test, model.classes_[chances.argmax(axis=1)])
    weights = compute_sample_weight("balanced", y_test)
    loss = log_loss(y_test, chances, labels=model.classes_, sample_weight=weights)
    return {"accuracy": round(accuracy, 4), "log_loss": round(float(loss), 5), "seconds": round(seconds, 3)}


def measure(folder: Path, length: str, seeds: int, results: dict[str, Any]) -> None:
    """Run what is not there yet, seed by seed; every set is written as soon as it is done."""
    scores = results.setdefault(length, {})
    names = arms() if length == SHORT else IN_BOTH
    for seed in range(seeds):
        for name in SETS:
            known = scores.setdefault(name, {})
            todo = [arm for arm in names if str(seed) not in known.get(arm, {})]
            rows = split(folder, name, seed)
            for arm in todo:
                known.setdefault(arm, {})[str(seed)] = fit(arm, seed, rows, LENGTHS[length])
            if todo:
                print(length, seed, name, known[NONE][str(seed)], flush=True)
                save(results)


def gains(scores: dict[str, Any], arm: str, measure: str) -> np.ndarray:
    """The gain on every set that is done, the mean over its seeds."""
    sign = 1.0 if measure == "accuracy" else -1.0
    found = []
    for known in scores.values():
        seeds = [seed for seed in known.get(arm, {}) if seed in known[NONE]]
        if seeds:
            found.append(
                sign * np.mean([known[arm][seed][measure] - known[NONE][seed][measure] for seed in seeds])
            )
    return np.array(found)


def summary(gain: np.ndarray, digits: int) -> list[str]:
    """Mean with its standard error, median, wins and losses, and the worst and the best set."""
    if len(gain) < 2:
        return ["-"] * 4
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return [
        f"{gain.mean():+.{digits}f} ± {error:.{digits}f}",
        f"{np.median(gain):+.{digits}f}",
        f"{(gain > 1e-9).sum()}-{(gain < -1e-9).sum()}",
        f"{gain.min():+.{digits}f} to {gain.max():+.{digits}f}",
    ]


def seconds_over_none(scores: dict[str, Any], arm: str) -> float:
    """Processor seconds of a fit over those without regularisers, the median over sets and seeds."""
    pairs = [
        known[arm][seed]["seconds"] / known[NONE][seed]["seconds"]
        for known in scores.values()
        for seed in known.get(arm, {})
    ]
    return statistics.median(pairs) if pairs else float("nan")


def quality(scores: dict[str, Any]) -> Iterator[str]:
    yield (
        "| alone | balanced accuracy, gain | median | wins-losses | sets from to | log-loss, gain | median | "
        "wins-losses | sets from to | fit / plain fit |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for arm in arms():
        if arm == NONE or not len(gains(scores, arm, "accuracy")):
            continue
        cells = [
            *summary(gains(scores, arm, "accuracy"), 2),
            *summary(gains(scores, arm, "log_loss"), 3),
            f"{seconds_over_none(scores, arm):.2f}",
        ]
        yield f"| {arm} | " + " | ".join(cells) + " |"


def levels(scores: dict[str, Any]) -> Iterator[str]:
    """Every set without regularisers, and where each measure was best."""
    yield "| set | balanced accuracy, nothing | best alone | log-loss, nothing | best alone | seeds |"
    yield "|---|--:|---|--:|---|--:|"
    for name, known in scores.items():
        cells = []
        for measure, best, digits in (("accuracy", max, 2), ("log_loss", min, 3)):
            means = {
                arm: float(np.mean([run[measure] for run in runs.values()])) for arm, runs in known.items()
            }
            first = best(means, key=lambda arm, means=means: means[arm])
            cells += [f"{means[NONE]:.{digits}f}", f"{first}: {means[first]:.{digits}f}"]
        yield f"| {name} | " + " | ".join(cells) + f" | {len(known[NONE])} |"


# --- cost


def perceptron(width: int) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(20, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 5)
    )


def fit_seconds(values: Sequence[Any], width: int, steps: int) -> float:
    """Processor seconds of a run of so many steps."""
    torch.manual_seed(1)
    X, y = torch.randn(2000, 20), torch.randint(0, 5, (2000,))
    blocks = [nets.Block(f"x{j}", j, j + 1) for j in range(20)]
    watched = any(isinstance(value, nets.EarlyStopping) for value in values)
    trainer = nets.Trainer(perceptron(width), values, steps=steps, batch_size=128, verbose=None)
    begin = time.process_time()
    trainer.fit(X, y, validation=(X[:400], y[:400]) if watched else None, blocks=blocks)
    return time.process_time() - begin


def costs() -> dict[str, dict[str, dict[str, float]]]:
    """Return microseconds of a step and their ratio to no regulariser, by width and name."""
    cases = {arm: values for arm, values in arms().items() if CONSTANT not in arm}
    cases |= {
        "GaussianDropout 0.2": [nets.GaussianDropout(0.2)],
        "L1 1e-4": [nets.Penalise(L1(1e-4))],
        "SAM": [nets.SAM()],
        "GradClip": [nets.GradClip()],
    }
    found: dict[str, dict[str, dict[str, float]]] = {}
    for width in WIDTHS:
        least = {arm: [float("inf")] * len(COST_STEPS) for arm in cases}
        for _ in range(COST_ROUNDS):
            for arm, values in cases.items():
                now = [fit_seconds(values, width, steps) for steps in COST_STEPS]
                least[arm] = [min(pair) for pair in zip(least[arm], now, strict=True)]
        few, many = COST_STEPS
        step = {arm: 1e6 * (end - start) / (many - few) for arm, (start, end) in least.items()}
        found[str(width)] = {
            arm: {"microseconds": round(each, 1), "ratio": round(each / step[NONE], 3)}
            for arm, each in step.items()
        }
    return found


def prices(found: dict[str, dict[str, dict[str, float]]]) -> Iterator[str]:
    yield "| alone | " + " | ".join(f"width {width}, µs a step | of plain" for width in found) + " |"
    yield "|---|" + "--:|--:|" * len(found)
    for arm in next(iter(found.values())):
        cells = [f"{at[arm]['microseconds']:.0f} | {at[arm]['ratio']:.2f}" for at in found.values()]
        yield f"| {arm} | " + " | ".join(cells) + " |"


# --- the page


def save(results: dict[str, Any]) -> None:
    """Write the numbers, and the page from what is there."""
    NUMBERS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    about = (__doc__ or "").split("\n\n")
    page = [
        "# Every regulariser alone, on small tables",
        f"Made by `net_regularisers.py`; torch {torch.__version__}, one thread.",
        *about[1:3],
    ]
    for length in LENGTHS:
        scores = results.get(length, {})
        if scores:
            page += [f"## Gains after {length}", "\n".join(quality(scores))]
            page += [f"## The sets after {length}", BEST, "\n".join(levels(scores))]
    if results.get("cost"):
        page += ["## What a step costs", about[3], "\n".join(prices(results["cost"]))]
    (RESULTS / "net_regularisers.md").write_text("\n\n".join(page) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lengths", nargs="*", choices=[[], *LENGTHS], help="of training; all without")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--cost", action="store_true", help="measure the cost of a step anew")
    parser.add_argument("--report", action="store_true", help="fit nothing on the sets")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("once")
    results = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    folder = table_folder()
    if folder is None and not given.report:
        print("not run: no folder data/tabular_clf with car.csv.gz; name its parent in REGULARFIT_DATA")
        return
    if folder is not None and not given.report:
        for length in given.lengths or LENGTHS:
            measure(folder, length, given.seeds, results)
    if given.cost or "cost" not in results:
        results["cost"] = costs()
    save(results)


if __name__ == "__main__":
    main()
