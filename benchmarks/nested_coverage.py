"""How often does a nominal 90% interval for the prediction error hold the truth?

The question behind ``honest_score``. What its interval claims to hold is the error, on endless new rows, of the very
model that was fitted on the data at hand (``Err_XY`` in Bates, Hastie & Tibshirani): that is the model the user will
deploy. Cross-validation as a point estimate tracks the average over data sets (``Err``) at least as well, so the
coverage of that is shown beside it. Each replication draws a data set, tunes and fits the model, computes its true
error, and asks three intervals whether they hold it:

- nested: ``HonestScore.interval``
- naive: plain K-fold cross-validation of the whole procedure, tuning included, with the standard error of
  independent rows
- tuned: the bottom of the tuning curve with that same standard error, the number that most software reports

Settings follow Bates, Hastie & Tibshirani (2023): small n, many columns, four that matter. For squared
error the columns are independent standard normal, so the true error is known in closed form: noise + |coef
- beta|^2 + (intercept)^2. For logistic loss it is measured on 20,000 fresh rows. Settings named "x" average over many
partitions, as ``honest_score`` does by itself for log-losses on few rows (50 held-out folds at n = 90, 25 at n = 200).

    python benchmarks/nested_coverage.py                          # all settings, about an hour
    python benchmarks/nested_coverage.py lasso-10 --seconds 60    # one of them; replaces its row of the results
    python benchmarks/nested_coverage.py --report                 # the table again from the numbers
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from regularfit.lockstep import Lane, Problem, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1
from regularfit.selection import HonestScore, NestedPlan, honest_scores

LEVEL = 0.9
FRESH = 20_000
RESULTS = Path(__file__).parent / "results"
INTERVALS = ("nested", "naive", "tuned")


@dataclass(frozen=True)
class Setting:
    """A way to draw data, and the scheme that scores the lasso tuned on them."""

    n: int
    p: int
    loss: str
    folds: int
    repeats: int = 1
    strengths: int = 50
    min_ratio: float = 1e-2
    size: float = 1.0  # of the four coefficients that matter


SETTINGS = {
    "lasso-10": Setting(100, 40, "squared", 10),
    "lasso-5": Setting(100, 40, "squared", 5),
    "lasso-5x5": Setting(100, 40, "squared", 5, repeats=5),
    "lasso-small-10": Setting(50, 20, "squared", 10),
    "lasso-wide-10": Setting(100, 200, "squared", 10),
    "lasso-wide-5": Setting(100, 200, "squared", 5),
    "logistic-10": Setting(90, 20, "logistic", 10, strengths=25, min_ratio=3e-2),
    "logistic-10x2": Setting(90, 20, "logistic", 10, repeats=2, strengths=25, min_ratio=3e-2),
    "logistic-10x5": Setting(90, 20, "logistic", 10, repeats=5, strengths=25, min_ratio=3e-2),
    "logistic-5": Setting(90, 20, "logistic", 5, strengths=25, min_ratio=3e-2),
    "logistic-5x10": Setting(90, 20, "logistic", 5, repeats=10, strengths=25, min_ratio=3e-2),
    "logistic-40-5": Setting(90, 40, "logistic", 5, strengths=25),
    "logistic-40-5x10": Setting(90, 40, "logistic", 5, repeats=10, strengths=25),
    "logistic-200-10": Setting(200, 20, "logistic", 10, strengths=25, min_ratio=3e-2),
    "logistic-200-10x3": Setting(200, 20, "logistic", 10, repeats=3, strengths=25, min_ratio=3e-2),
    "logistic-200-5": Setting(200, 20, "logistic", 5, strengths=25, min_ratio=3e-2),
    "logistic-200-5x5": Setting(200, 20, "logistic", 5, repeats=5, strengths=25, min_ratio=3e-2),
}


def draw(setting: Setting, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of X and their targets."""
    X = rng.normal(size=(n, setting.p))
    eta = setting.size * X[:, :4].sum(axis=1)
    if setting.loss == "squared":
        return X, eta + rng.normal(size=n)
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)


def true_error(
    setting: Setting, coef: np.ndarray, intercept: float, fresh: tuple[np.ndarray, np.ndarray]
) -> float:
    """The error of a model on endless new rows."""
    if setting.loss == "squared":
        beta = np.zeros(setting.p)
        beta[:4] = setting.size
        return 1.0 + float(np.square(coef - beta).sum()) + intercept**2
    X, y = fresh
    eta = X @ coef + intercept
    return float(np.mean(np.logaddexp(0.0, eta) - y * eta))


def chosen_model(problem: Problem, grid: np.ndarray, index: int) -> tuple[np.ndarray, float]:
    """The model that the procedure ends with on all rows."""
    [[full]] = fit_lanes(problem, [L1()], [grid], [Lane(np.arange(problem.n), keep=True)], threads=1)
    assert full.path is not None
    at = min(index, len(full.path) - 1)
    return full.path.coefs[at], float(full.path.intercepts[at])


def replicate(setting: Setting, seed: int, fresh: tuple[np.ndarray, np.ndarray]) -> tuple[HonestScore, float]:
    """The honest score on one data set, and the true error of the model fitted on it."""
    X, y = draw(setting, setting.n, np.random.default_rng([seed, 7]))
    problem = make_problem(X, y, setting.loss)
    grid = strength_grid(problem, L1(), setting.strengths, setting.min_ratio)
    [score] = honest_scores(
        NestedPlan(problem, [L1()], [grid], threads=1),
        setting.folds,
        repeats=setting.repeats,
        classifier=setting.loss == "logistic",
        random_state=seed,
    )
    coef, intercept = chosen_model(problem, grid, int(np.flatnonzero(grid == score.strength)[0]))
    return score, true_error(setting, coef, intercept, fresh)


def numbers(score: HonestScore, truth: float) -> dict[str, float]:
    """One replication, as it is kept."""
    low, high = score.interval(LEVEL)
    return {
        "truth": truth,
        "nested": score.mean,
        "nested_se": score.se,
        "nested_low": low,
        "nested_high": high,
        "naive": score.naive_mean,
        "naive_se": score.naive_se,
        "tuned": score.tuned_mean,
        "tuned_se": score.naive_se,
    }


def run(setting: Setting, seeds: range, seconds: float) -> list[dict[str, float]]:
    """Replications until the seeds or the seconds are used up."""
    fresh = draw(setting, FRESH, np.random.default_rng(555))
    found, start = [], time.perf_counter()
    for seed in seeds:
        found.append(numbers(*replicate(setting, seed, fresh)))
        if time.perf_counter() - start > seconds:
            break
    return found


def summarise(setting: Setting, replications: list[dict[str, float]]) -> dict:
    """Coverage with its binomial standard error, and means, of many replications."""
    kept = {name: np.array([one[name] for one in replications]) for name in replications[0]}
    truth, count = kept["truth"], len(replications)
    z = 1.6448536269514722  # of a nominal 90% interval
    row = {"setting": asdict(setting), "replications": count, "level": LEVEL, "true_error": truth.mean()}
    for name in INTERVALS:
        reach = z * kept[f"{name}_se"]
        low = kept.get(f"{name}_low", kept[name] - reach)
        high = kept.get(f"{name}_high", kept[name] + reach)
        inside = (low <= truth) & (truth <= high)
        row[name] = {
            "coverage": inside.mean(),
            "coverage_se": np.sqrt(inside.mean() * (1 - inside.mean()) / count),
            "truth_below": (truth < low).mean(),
            "truth_above": (truth > high).mean(),
            "coverage_of_the_average": ((low <= truth.mean()) & (truth.mean() <= high)).mean(),
            "mean": kept[name].mean(),
            "error_sd": (kept[name] - truth).std(),
        }
    row["width_ratio"] = (kept["nested_se"] / kept["naive_se"]).mean()
    row["optimism"] = (truth - kept["tuned"]).mean()
    row["estimated_optimism"] = (kept["nested"] - kept["tuned"]).mean()
    return json.loads(json.dumps(row, default=float))


def table(rows: dict[str, dict]) -> str:
    """The results as Markdown."""
    lines = [
        "# Coverage of the nested interval",
        "",
        "Nominal 90%; the truth is the error of the fitted model itself on endless new rows. Coverage is given with "
        "its binomial standard error; *width* is the nested interval's mean width over the naive one's; *of the "
        "average* is the nested interval's coverage of the error averaged over data sets. Optimism is what the tuned "
        "score promises too much, on average, and what `honest_score` says of it. Made by `nested_coverage.py`, which "
        "says more.",
        "",
        "| loss | n x p | folds x repeats | replications | nested | naive | tuned | width | of the average | optimism, "
        "true / estimated |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name in SETTINGS:
        if name in rows:
            row, s = rows[name], rows[name]["setting"]
            shown = [f"{row[kind]['coverage']:.1%} +- {row[kind]['coverage_se']:.1%}" for kind in INTERVALS]
            cells = [
                s["loss"],
                f"{s['n']} x {s['p']}",
                f"{s['folds']} x {s['repeats']}",
                str(row["replications"]),
                f"**{shown[0]}**",
                *shown[1:],
                f"{row['width_ratio']:.2f}",
                f"{row['nested']['coverage_of_the_average']:.1%}",
                f"{row['optimism']:.4f} / {row['estimated_optimism']:.4f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def save(rows: dict[str, dict]) -> None:
    """Write the numbers and the table."""
    (RESULTS / "nested_coverage.json").write_text(json.dumps(rows, indent=1) + "\n")
    (RESULTS / "nested_coverage.md").write_text(table(rows))


def load() -> dict[str, dict]:
    """The numbers of the last runs."""
    path = RESULTS / "nested_coverage.json"
    return json.loads(path.read_text()) if path.exists() else {}


def main() -> None:
    """Run settings and keep what they say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("settings", nargs="*", help=", ".join(SETTINGS))
    parser.add_argument("--replications", type=int, default=400)
    parser.add_argument("--first", type=int, default=0, help="seed of the first replication")
    parser.add_argument("--seconds", type=float, default=1200.0, help="at most this long for each setting")
    parser.add_argument("--report", action="store_true", help="only write the table again")
    given = parser.parse_args()
    for name in [] if given.report else given.settings or SETTINGS:
        seeds = range(given.first, given.first + given.replications)
        found = summarise(SETTINGS[name], run(SETTINGS[name], seeds, given.seconds))
        save({**load(), name: found})
        kinds = ", ".join(f"{kind} {found[kind]['coverage']:.1%}" for kind in INTERVALS)
        print(f"{name}: {kinds}; {found['replications']} replications", flush=True)
    print(table(load()))


if __name__ == "__main__":
    main()
