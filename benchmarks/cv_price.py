"""What choosing costs: cross-validation in paths, and the honest score in cross-validations.

    python benchmarks/cv_price.py                    # everything; writes results/cv_price.md
    python benchmarks/cv_price.py -p lasso,tiny      # problems with these words in their names; replaces their rows
    python benchmarks/cv_price.py --nested           # only the honest scores

Targets: cross-validation and refit at most 2 paths where n >= p, at most 4 where p >> n; the honest score
(nested cross-validation) of a squared loss with n >= p at most 3 cross-validations with as many folds.

With one thread all times are processor times, so that what else runs on the machine counts little; calls take turns,
and the smallest of several rounds counts after one that does not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from problems import RECIPES, Problem, ensure

import regularfit as rf

RESULTS = Path(__file__).parent / "results" / "cv_price.md"
SHAPES = [(100_000, 200), (20_000, 100), (5_000, 50)]
PENALTIES = {"lasso": rf.L1(), "elastic net": rf.ElasticNet(0.5)}
PATHS = (
    "| problem | path s | CV and refit s | in paths | target |",
    "|---|--:|--:|--:|--:|",
)
NESTED = (
    "| problem | folds | CV and refit s | honest score s | in CVs | target |",
    "|---|--:|--:|--:|--:|--:|",
)


def _penalty(problem: Problem):  # type: ignore[no-untyped-def]
    a = problem.l1_ratio
    return rf.L1() if a == 1 else rf.L2() if a == 0 else rf.ElasticNet(a)


def _turns(calls: dict[str, Callable[[], object]], rounds: int, threads: int) -> dict[str, float]:
    """Smallest times of calls that take turns, after one turn that does not count."""
    clock = time.process_time if threads == 1 else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = clock()
            call()
            if turn > 0:
                times[name].append(clock() - start)
    return {name: min(values) for name, values in times.items()}


def price_in_paths(name: str, rounds: int, threads: int) -> str:
    """One row of the first table: a problem of the benchmarks."""
    ensure(name)
    problem = Problem(name)
    common = {"strengths": problem.strengths, "standardize": False, "n_jobs": threads}
    estimator = rf.PenalizedRegressor if problem.loss == "squared" else rf.PenalizedClassifier
    model = estimator(_penalty(problem), cv=problem.splits, **common)
    calls: dict[str, Callable[[], object]] = {
        "path": lambda: rf.fit_path(problem.X, problem.y, _penalty(problem), loss=problem.loss, **common),
        "cv": lambda: model.fit(problem.X, problem.y),
    }
    found = _turns(calls, rounds, threads)
    target = 2 if problem.n >= problem.p else 4
    ratio = found["cv"] / found["path"]
    return f"| {name} | {found['path']:.3g} | {found['cv']:.3g} | {ratio:.2f} | {target} |"


def _data(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns that share a factor, a tenth of them with an effect, noise of standard deviation 3."""
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(n, p)))
    X += 0.5 * rng.normal(size=(n, 1))
    beta = np.zeros(p)
    beta[: p // 10] = rng.normal(size=p // 10)
    return X, X @ beta + 3 * rng.normal(size=n)


def price_in_cvs(n: int, p: int, rounds: int, threads: int) -> Iterator[str]:
    """Rows of the second table: the honest score and the cross-validation that it nests, grids and all."""
    X, y = _data(n, p)
    for name, penalty in PENALTIES.items():
        for folds in (10, 5):
            model = rf.PenalizedRegressor(penalty, cv=folds, random_state=0, n_jobs=threads)
            found = _turns(
                {
                    "cv": lambda model=model: model.fit(X, y),
                    "honest": lambda model=model, folds=folds: rf.honest_score(
                        model, X, y, cv=folds, random_state=0
                    ),
                },
                rounds,
                threads,
            )
            ratio = found["honest"] / found["cv"]
            yield f"| {name} {n} x {p} | {folds} | {found['cv']:.3g} | {found['honest']:.3g} | {ratio:.2f} | 3 |"


def main() -> None:
    """Print the tables, and keep them when all of them were made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "-p", "--problems", default="", help="comma-separated words; problems whose name has one"
    )
    parser.add_argument("--nested", action="store_true", help="only the honest scores")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-t", "--threads", type=int, default=1)
    options = parser.parse_args()
    words = options.problems.split(",") if options.problems else [""]
    names = [name for name in RECIPES if any(word in name for word in words)]
    names = [name for name in names if options.problems or not name.startswith("smoke")]
    if not options.nested:
        _run(PATHS, (price_in_paths(name, options.rounds, options.threads) for name in names))
    if options.nested or not options.problems:
        rows = (row for shape in SHAPES for row in price_in_cvs(*shape, options.rounds, options.threads))
        _run(NESTED, rows)


def _run(head: tuple[str, str], rows: Iterator[str]) -> None:
    """Print rows as they come, and keep each."""
    print("\n".join(head), flush=True)
    for row in rows:
        print(row, flush=True)
        _keep(head, row)


def _keep(head: tuple[str, str], row: str) -> None:
    """Write one row of the results; those of other problems stay."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    cells = 3 if head is NESTED else 2  # these name a row
    tables: dict[tuple[str, str], list[str]] = {
        kind: [line for line in lines if line.startswith("| ") and line.count("|") == kind[0].count("|")]
        for kind in (PATHS, NESTED)
    }
    name = row.split("|")[:cells]
    kept = [line for line in tables[head] if line not in head]
    at = next((k for k, line in enumerate(kept) if line.split("|")[:cells] == name), len(kept))
    kept[at : at + 1] = [row]
    tables[head] = kept
    text = [
        "# What choosing costs",
        "",
        "Made by `cv_price.py`, which says how; one thread unless told otherwise.",
        "",
    ]
    for kind, found in tables.items():
        body = [line for line in found if line not in kind]
        text += [*kind, *body, ""] if body else []
    RESULTS.write_text("\n".join(text).rstrip() + "\n")


if __name__ == "__main__":
    main()
