"""How often does a nominal 90% interval for the prediction error hold the truth?

The question behind ``honest_score``: the truth is the error, on endless new rows, of the very model that
was fitted on the data at hand. Each replication draws a data set, fits the tuned model, computes its true
error, and asks three intervals whether they hold it:

- nested: ``HonestScore.interval``
- naive: plain K-fold cross-validation of the whole procedure, tuning included, with the standard error of
  independent rows
- tuned: the bottom of the tuning curve with that same standard error, the number that most software reports

Settings follow Bates, Hastie & Tibshirani (2023): small n, many columns, four that matter. For squared
error the columns are independent standard normal, so the true error is known in closed form: noise + |coef
- beta|^2 + (intercept)^2. For logistic loss it is measured on 20,000 fresh rows.

    python benchmarks/nested_coverage.py                       # all settings, 10 folds
    python benchmarks/nested_coverage.py lasso --seconds 60 --cv 5 --repeats 2
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from regularfit.lockstep import Lane, Problem, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1, Penalty
from regularfit.selection import HonestScore, NestedPlan, honest_scores

LEVEL = 0.9
FRESH = 20_000


@dataclass(frozen=True)
class Setting:
    name: str
    n: int
    p: int
    loss: str
    size: float  # of the four coefficients that matter
    penalty: Penalty


SETTINGS = [
    Setting("lasso", 100, 40, "squared", 1.0, L1()),
    Setting("lasso-wide", 100, 200, "squared", 1.0, L1()),
    Setting("lasso-small", 50, 20, "squared", 1.0, L1()),
    Setting("logistic", 90, 40, "logistic", 1.0, L1()),
]


def draw(setting: Setting, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X = rng.normal(size=(n, setting.p))
    eta = setting.size * X[:, :4].sum(axis=1)
    if setting.loss == "squared":
        return X, eta + rng.normal(size=n)
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)


def true_error(
    setting: Setting, coef: np.ndarray, intercept: float, fresh: tuple[np.ndarray, np.ndarray]
) -> float:
    if setting.loss == "squared":
        beta = np.zeros(setting.p)
        beta[:4] = setting.size
        return 1.0 + float(np.square(coef - beta).sum()) + intercept**2
    X, y = fresh
    eta = X @ coef + intercept
    return float(np.mean(np.logaddexp(0.0, eta) - y * eta))


def chosen_model(
    problem: Problem, penalty: Penalty, grid: np.ndarray, index: int
) -> tuple[np.ndarray, float]:
    """The model that the procedure ends with on all rows."""
    [[full]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(problem.n), keep=True)], threads=1)
    assert full.path is not None
    at = min(index, len(full.path) - 1)
    return full.path.coefs[at], float(full.path.intercepts[at])


def replicate(
    setting: Setting, cv: int, repeats: int, seed: int, fresh: tuple[np.ndarray, np.ndarray], strengths: int
) -> tuple[HonestScore, float]:
    rng = np.random.default_rng([seed, 7])
    X, y = draw(setting, setting.n, rng)
    problem = make_problem(X, y, setting.loss)
    grid = strength_grid(problem, setting.penalty, strengths, 1e-2)
    plan = NestedPlan(problem, [setting.penalty], [grid], threads=1)
    [score] = honest_scores(
        plan, cv, repeats=repeats, classifier=setting.loss == "logistic", random_state=seed
    )
    coef, intercept = chosen_model(
        problem, setting.penalty, grid, int(np.flatnonzero(grid == score.strength)[0])
    )
    return score, true_error(setting, coef, intercept, fresh)


def cover(low_high: tuple[float, float], truth: float) -> tuple[bool, bool]:
    """Whether the truth lies below and above the interval."""
    return truth < low_high[0], truth > low_high[1]


def run(setting: Setting, cv: int, repeats: int, seeds: range, seconds: float, strengths: int) -> str:
    fresh = draw(setting, FRESH, np.random.default_rng(555))
    misses: dict[str, list[tuple[bool, bool]]] = {"nested": [], "naive": [], "tuned": []}
    numbers, start = [], time.perf_counter()
    for seed in seeds:
        score, truth = replicate(setting, cv, repeats, seed, fresh, strengths)
        shift = score.tuned_mean - score.naive_mean
        low, high = score.naive_interval(LEVEL)
        misses["nested"].append(cover(score.interval(LEVEL), truth))
        misses["naive"].append(cover((low, high), truth))
        misses["tuned"].append(cover((low + shift, high + shift), truth))
        numbers.append((truth, score.mean, score.naive_mean, score.tuned_mean, score.se / score.naive_se))
        if time.perf_counter() - start > seconds:
            break
    return describe(setting, cv, repeats, misses, np.array(numbers), time.perf_counter() - start)


def describe(setting, cv, repeats, misses, numbers, seconds) -> str:  # type: ignore[no-untyped-def]
    truth, honest, naive, tuned, width = numbers.mean(axis=0)
    count = len(numbers)
    lines = [
        f"{setting.name}: {setting.loss}, n={setting.n}, p={setting.p}, {cv} folds x {repeats}; "
        f"{count} replications, {seconds / count:.2f} s each",
        f"  true error {truth:.4f}; nested {honest:.4f}, naive {naive:.4f}, tuned {tuned:.4f}; "
        f"nested interval {width:.2f} x as wide as the naive one",
    ]
    for name, found in misses.items():
        below, above = np.array(found).mean(axis=0)
        inside = 1 - below - above
        error = np.sqrt(inside * (1 - inside) / count)
        lines.append(
            f"  {name:7s} coverage {inside:.1%} +- {error:.1%}   (truth below {below:.1%}, above {above:.1%})"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("settings", nargs="*", default=[s.name for s in SETTINGS], help="names of settings")
    parser.add_argument("--cv", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first replication")
    parser.add_argument("--seconds", type=float, default=300.0, help="at most this long for each setting")
    parser.add_argument("--strengths", type=int, default=50)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.replications)
    for setting in SETTINGS:
        if setting.name in given.settings:
            print(run(setting, given.cv, given.repeats, seeds, given.seconds, given.strengths), flush=True)


if __name__ == "__main__":
    main()
