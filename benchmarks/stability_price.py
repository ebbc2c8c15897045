"""What stability selection costs, in paths: 100 halves against one path of all rows.

    python benchmarks/stability_price.py      # writes results/stability_price.md

Target: at most 15 paths. Times are processor times of one thread; calls take turns, and the smallest of several
rounds counts after one that does not. q is what cutoff 0.75 and one allowed false selection give.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from cv_price import _turns
from sklearn.datasets import load_diabetes

import regularfit as rf

RESULTS = Path(__file__).parent / "results" / "stability_price.md"
SHAPES = [(100_000, 200), (20_000, 300), (5_000, 200), (1_000, 100), (500, 5_000), (120, 300), (200, 250)]
HEAD = "| problem | q | path s | 100 halves s | in paths | target |\n|---|--:|--:|--:|--:|--:|"


def _data(n: int, p: int, logistic: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Columns that share a factor, ten with an effect."""
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(n, p)))
    X += 0.5 * rng.normal(size=(n, 1))
    eta = X[:, :10] @ rng.normal(size=10)
    if logistic:
        return X, (eta + np.random.default_rng(1).logistic(size=n) > 0).astype(int)
    return X, eta + 3 * np.random.default_rng(1).normal(size=n)


def problems() -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Name, loss and data."""
    for n, p in SHAPES:
        yield f"lasso {n} x {p}", "squared", *_data(n, p)
    yield "lasso 442 x 10 (diabetes)", "squared", *load_diabetes(return_X_y=True)
    yield "logistic 2000 x 50", "logistic", *_data(2_000, 50, logistic=True)


def row(name: str, loss: str, X: np.ndarray, y: np.ndarray, rounds: int) -> str:
    """One line of the table."""
    make = rf.PenalizedClassifier if loss == "logistic" else rf.PenalizedRegressor
    estimator = make(rf.L1(), n_jobs=1)
    calls: dict[str, Callable[[], object]] = {
        "path": lambda: rf.fit_path(X, y, rf.L1(), loss=loss, n_jobs=1),
        "halves": lambda: rf.stability_selection(estimator, X, y),
    }
    found, q = _turns(calls, rounds, 1), rf.stability_selection(estimator, X, y).bound.q
    ratio = found["halves"] / found["path"]
    return f"| {name} | {q} | {found['path']:.3g} | {found['halves']:.3g} | {ratio:.1f} | 15 |"


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(HEAD)
    rows = []
    for problem in problems():
        rows.append(row(*problem, options.rounds))
        print(rows[-1], flush=True)
    text = [
        "# What stability selection costs",
        "",
        "Made by `stability_price.py`, which says how; one thread.",
        "",
    ]
    RESULTS.write_text("\n".join([*text, HEAD, *rows]) + "\n")


if __name__ == "__main__":
    main()
