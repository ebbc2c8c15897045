"""What choosing costs: cross-validation in paths, and the honest score in cross-validations.

    python benchmarks/cv_price.py [--honest] [-p lasso,enet]

Targets: cross-validation and refit at most 2 paths where n >= p, at most 4 where p >> n; the honest score
(nested cross-validation) of a squared loss with n >= p at most 3 cross-validations.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

from problems import RECIPES, Problem, ensure

import regularfit as rf


def _penalty(problem: Problem):
    a = problem.l1_ratio
    return rf.L1() if a == 1 else rf.L2() if a == 0 else rf.ElasticNet(a)


def _turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Medians of calls that take turns, after one turn that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn > 0:
                times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def measure(name: str, *, honest: bool, rounds: int, threads: int) -> str:
    """One row of the table."""
    ensure(name)
    problem = Problem(name)
    common = {"strengths": problem.strengths, "standardize": False}
    estimator = rf.PenalizedRegressor if problem.loss == "squared" else rf.PenalizedClassifier
    model = estimator(_penalty(problem), cv=problem.splits, n_jobs=threads, **common)
    calls: dict[str, Callable[[], object]] = {
        "path": lambda: rf.fit_path(problem.X, problem.y, _penalty(problem), loss=problem.loss, **common),
        "cv": lambda: model.fit(problem.X, problem.y),
    }
    if honest:
        simple = estimator(_penalty(problem), cv=problem.folds, n_jobs=threads, **common)
        calls["honest"] = lambda: rf.honest_score(simple, problem.X, problem.y, cv=problem.folds)
    found = _turns(calls, rounds)
    target = 2 if problem.n >= problem.p else 4
    cells = [
        name,
        f"{found['path']:.3g}",
        f"{found['cv']:.3g}",
        f"{found['cv'] / found['path']:.2f} (<= {target})",
    ]
    cells += [f"{found['honest']:.3g}", f"{found['honest'] / found['cv']:.2f}"] if honest else ["-", "-"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "-p", "--problems", default="", help="comma-separated words; problems whose name has one"
    )
    parser.add_argument("--honest", action="store_true", help="also the honest score")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-t", "--threads", type=int, default=1)
    options = parser.parse_args()
    words = options.problems.split(",") if options.problems else [""]
    print("| problem | path s | CV s | CV / path | honest score s | honest / CV |\n|---|--:|--:|--:|--:|--:|")
    for name in RECIPES:
        if any(w in name for w in words) and (options.problems or not name.startswith("smoke")):
            print(
                measure(name, honest=options.honest, rounds=options.rounds, threads=options.threads),
                flush=True,
            )


if __name__ == "__main__":
    main()
