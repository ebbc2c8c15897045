"""What do augmentation, smoothing and averaging do for small image nets, and how sparse can L1 make a perceptron?

Images: 4,000 digits of MNIST to train on and 1,000 to test on; 5,000 and 4,000 of Fashion-MNIST. The net that
``NetClassifier`` makes for 28 x 28 pixels (two 3 x 3 convolutions of 16 and 32 channels, each with pooling and batch
norm, and a linear output on the 7 x 7 map), trained on batches of 64 by AdamW with a cosine from 3e-3, for the same
epochs whatever the regularisers; nothing is tuned. The split is fixed; seeds change the initial weights, the order of
the rows and all random numbers.

Zeros: a perceptron 784-256-128-10 on the digits (pixels from 0 to 1, batches of 128, rate 1e-2 as zeros come with
the way that steps add up to), ``Penalise(L1(k))`` on all weights, biases apart; without a penalty a lower rate too.

Gains are taken from the net without regularisers and with the same seed, on the same test rows, and averaged over
seeds. Their standard error is that of a mean over test rows of one seed (root mean square over seeds), so more seeds
do not make it look smaller than the test set allows. Seconds are those of the processor, in ``fit``; one thread.

    python benchmarks/net_images.py                        # all: about a quarter of an hour of an idle core
    python benchmarks/net_images.py mnist zeros --seeds 1  # parts; runs that are in results/net_images.json are kept
    python benchmarks/net_images.py --report               # the page anew from what is there

The images lie in ``images`` of the folder that REGULARFIT_DATA names, else of ``shared/data`` beside or above this
file.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import regularfit as rf
from regularfit import nets

RESULTS = Path(__file__).parent / "results"
NUMBERS = RESULTS / "net_images.json"
SEEDS = 3
BATCH, LR = {"mnist": 64, "fashion": 64, "zeros": 128}, {"mnist": 3e-3, "fashion": 3e-3, "zeros": 1e-2}
EPOCHS = {"mnist": 12, "fashion": 10, "zeros": 25}
PATH = (3e-5, 1e-4, 2e-4, 3e-4, 5e-4)
NONE, SLOWER = "nothing", "nothing, rate 3e-3"

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # X, y to train on; X, y to test on
Values = Sequence[Any]


# --- data


def image_folder() -> Path | None:
    """Where the images are, or None."""
    named = os.environ.get("REGULARFIT_DATA")
    folders = [Path(named)] if named else [up / "shared" / "data" for up in Path(__file__).resolve().parents]
    return next((folder / "images" for folder in folders if (folder / "images").is_dir()), None)


def mnist(folder: Path) -> Rows:
    """4,000 digits to train on and 1,000 to test on, always the same ones."""
    stored = np.load(folder / "mnist_5k.npz")
    order = np.random.default_rng(0).permutation(len(stored["y"]))
    train, test = order[:4000], order[4000:]
    return stored["X"][train], stored["y"][train], stored["X"][test], stored["y"][test]


def fashion(folder: Path) -> Rows:
    """5,000 pieces of clothing to train on, and the 4,000 of the file to test on."""
    stored = np.load(folder / "fashion_mnist_14k.npz")
    train = np.random.default_rng(0).permutation(len(stored["y_train"]))[:5000]
    return stored["X_train"][train], stored["y_train"][train], stored["X_test"], stored["y_test"]


# --- what is compared


def arms(part: str) -> dict[str, Values]:
    """The regularisers by name."""
    if part == "zeros":
        return {NONE: [], SLOWER: [], **{f"L1({k:g})": [nets.Penalise(rf.L1(k))] for k in PATH}}
    digits = [nets.Affine(10.0, 0.07, (0.9, 1.1))]
    clothes = [nets.Flip(), nets.PadCrop(2)]
    augmentation = nets.ImageAugmentation(digits if part == "mnist" else clothes)
    smoothing, average = nets.LabelSmoothing(0.1), nets.EMA(0.99)
    return {
        NONE: [],
        "augmentation": [augmentation],
        "label smoothing 0.1": [smoothing],
        "EMA 0.99": [average],
        "all three": [augmentation, smoothing, average],
    }


def estimator(part: str, values: Values, seed: int, lr: float) -> nets.NetClassifier:
    """What is fitted."""
    table: dict[str, Any] = {"hidden": (256, 128), "kind": "table", "scaling": "none"}
    return nets.NetClassifier(
        **(table if part == "zeros" else {}),
        regularisers=list(values),
        lr=lr,
        batch_size=BATCH[part],
        epochs=EPOCHS[part],
        validation=None,
        random_state=seed,
    )


def as_table(rows: Rows) -> Rows:
    """Pixels as columns from 0 to 1: one that is 0 in every training image stays without a gradient."""
    X, y, test, y_test = rows
    return (
        X.reshape(len(X), -1).astype(np.float32) / 255,
        y,
        test.reshape(len(test), -1).astype(np.float32) / 255,
        y_test,
    )


# --- measuring


def fit(part: str, name: str, seed: int, rows: Rows) -> tuple[dict[str, float], np.ndarray]:
    """Return what is known of one run, and of every test row (100 if right, log-loss)."""
    X, y, test, y_test = rows
    model = estimator(part, arms(part)[name], seed, 3e-3 if name == SLOWER else LR[part])
    begin = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - begin
    chances = model.predict_proba(test)
    right = 100.0 * (model.classes_[chances.argmax(axis=1)] == y_test)
    place = np.searchsorted(model.classes_, y_test)
    loss = -np.log(np.maximum(chances[np.arange(len(place)), place], 1e-12))
    each = np.stack([right, loss])
    record = {"accuracy": right.mean(), "log_loss": loss.mean(), "seconds": seconds}
    if part == "zeros":
        record |= zeros(model.module_, X)
    return {name: round(float(value), 5) for name, value in record.items()}, each


def zeros(net: nn.Module, X: np.ndarray) -> dict[str, float]:
    """Shares of exact zeros: of all weights, and of those behind pixels that are ever on."""
    layers = [layer.weight.detach() for layer in net.modules() if isinstance(layer, nn.Linear)]
    live = torch.from_numpy((X != 0).any(axis=0))
    seen = [layers[0][:, live], *layers[1:]]
    share = [
        100 * sum(int((w == 0).sum()) for w in some) / sum(w.numel() for w in some) for some in (layers, seen)
    ]
    return {"zeros": share[0], "zeros_live": share[1], "weights": sum(int((w != 0).sum()) for w in layers)}


def paired(each: np.ndarray, plain: np.ndarray) -> dict[str, float]:
    """The gain in both measures over the plain net on the same rows, and its standard error."""
    change = each - plain
    error = change.std(axis=1, ddof=1) / np.sqrt(change.shape[1])
    names = ("accuracy_gain", "log_loss_gain", "accuracy_error", "log_loss_error")
    values = (*change.mean(axis=1), *error)
    return {name: round(float(value), 5) for name, value in zip(names, values, strict=True)}


def measure(part: str, seeds: int, rows: Rows, results: dict[str, Any]) -> None:
    """Run what is not there yet, seed by seed; every run is written at once."""
    for seed in range(seeds):
        plain = None
        for name in arms(part):
            known = results.setdefault(part, {}).setdefault(name, {})
            if str(seed) in known:
                continue
            if plain is None and name != NONE:
                _, plain = fit(part, NONE, seed, rows)
            record, each = fit(part, name, seed, rows)
            plain = each if plain is None else plain
            known[str(seed)] = record | (paired(each, plain) if name != NONE else {})
            print(part, seed, name, known[str(seed)], flush=True)
            NUMBERS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            write_report(results)


# --- the page


def mean(runs: Sequence[dict[str, float]], name: str) -> float:
    return float(np.mean([run[name] for run in runs]))


def gain(runs: Sequence[dict[str, float]], measure: str, digits: int) -> str:
    """The mean over seeds, with the error of one of them."""
    if f"{measure}_gain" not in runs[0]:
        return "-"
    error = float(np.sqrt(np.mean([run[f"{measure}_error"] ** 2 for run in runs])))
    return f"{mean(runs, f'{measure}_gain'):+.{digits}f} ± {error:.{digits}f}"


def lines(part: str, found: dict[str, Any]) -> Iterator[str]:
    sparse = part == "zeros"
    extra = " zeros, all weights % | zeros, live pixels % | weights left |" if sparse else ""
    yield f"| regularisers | accuracy % | gain, points | log-loss | change |{extra} seconds a fit | seeds |"
    yield "|---|--:|--:|--:|--:|" + ("--:|--:|--:|" if sparse else "") + "--:|--:|"
    for name, by_seed in found.items():
        runs = list(by_seed.values())
        if not runs:
            continue
        cells = [
            name,
            f"{mean(runs, 'accuracy'):.2f}",
            gain(runs, "accuracy", 2),
            f"{mean(runs, 'log_loss'):.4f}",
            gain(runs, "log_loss", 4),
        ]
        if sparse:
            cells += [
                f"{mean(runs, 'zeros'):.1f}",
                f"{mean(runs, 'zeros_live'):.1f}",
                f"{mean(runs, 'weights'):,.0f}",
            ]
        yield "| " + " | ".join([*cells, f"{mean(runs, 'seconds'):.1f}", str(len(runs))]) + " |"


def titles() -> dict[str, str]:
    return {
        "mnist": f"MNIST, 4,000 digits, {EPOCHS['mnist']} epochs, 1,000 to test (Affine: 10°, 7 %, 0.9 to 1.1)",
        "fashion": f"Fashion-MNIST, 5,000 images, {EPOCHS['fashion']} epochs, 4,000 to test (Flip, PadCrop of 2)",
        "zeros": f"Exact zeros on the 4,000 digits: L1 on all weights, {EPOCHS['zeros']} epochs",
    }


def write_report(results: dict[str, Any]) -> None:
    """Write the page from what is there."""
    about = (__doc__ or "").split("\n\n")
    page = [
        "# Small image nets: augmentation, smoothing, averaging; and zeros",
        f"Made by `net_images.py`; torch {torch.__version__}, one thread. Lower log-loss is better.",
        *about[1:4],
    ]
    for part, title in titles().items():
        if results.get(part):
            page += [f"## {title}", "\n".join(lines(part, results[part]))]
    (RESULTS / "net_images.md").write_text("\n\n".join(page) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *EPOCHS], help="parts; all without")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", UserWarning)
    results = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    folder = image_folder()
    if folder is None:
        print("not run: no folder data/images with mnist_5k.npz; name its parent in REGULARFIT_DATA")
        return
    load: dict[str, Callable[[Path], Rows]] = {
        "mnist": mnist,
        "fashion": fashion,
        "zeros": lambda folder: as_table(mnist(folder)),
    }
    for part in [] if given.report else given.parts or EPOCHS:
        measure(part, given.seeds, load[part](folder), results)
    write_report(results)


if __name__ == "__main__":
    main()
