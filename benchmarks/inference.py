"""Do knockoffs keep their false discovery rate, and do debiased intervals cover? ``python benchmarks/inference.py``.

Normal columns with correlation rho^|i - j|, a few effects of one size, normal errors. Writes results/inference.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

import regularfit as rf

PAGE = Path(__file__).parent / "results" / "inference.md"
FDR = 0.2
# kind, n, p, effects, their size, rho, whether the covariance is known
KNOCKOFFS = [
    ("gaussian", 300, 100, 20, 0.3, 0.5, False),
    ("gaussian", 200, 300, 20, 0.5, 0.3, False),
    ("gaussian", 200, 300, 20, 0.5, 0.3, True),
    ("fixed", 400, 100, 20, 0.3, 0.3, False),
]
# n, p, effects, their size, rho
INTERVALS = [(100, 200, 3, 1.0, 0.5), (200, 100, 10, 0.5, 0.3), (100, 200, 6, 0.5, 0.8)]


def covariance(p: int, rho: float) -> np.ndarray:
    return rho ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))).astype(float)


def draw(seed: int, n: int, p: int, effects: int, size: float, rho: float):
    """Data set -> X, y, coefficients."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ np.linalg.cholesky(covariance(p, rho)).T
    b = np.zeros(p)
    b[rng.choice(p, effects, replace=False)] = size * rng.choice([-1, 1], effects)
    return X, X @ b + rng.standard_normal(n), b


def knockoff_rates(seed: int, kind: str, n: int, p: int, effects: int, size: float, rho: float, known: bool):
    """Share of false ones among the selected, share of the effects found."""
    X, y, b = draw(seed, n, p, effects, size, rho)
    given = covariance(p, rho) if known else None
    found = rf.knockoffs(
        X, y, fdr=FDR, kind=kind, covariance=given, cv=5, random_state=seed, n_jobs=1
    ).selected()
    true = np.count_nonzero(b[found])
    return (len(found) - true) / max(len(found), 1), true / effects


def coverage(seed: int, n: int, p: int, effects: int, size: float, rho: float):
    """Share of intervals of nominal 95 % that cover: of effects, of columns without."""
    X, y, b = draw(seed, n, p, effects, size, rho)
    ends = rf.debiased_lasso(X, y, n_jobs=1).interval(0.95)
    covers = (ends[:, 0] <= b) & (b <= ends[:, 1])
    return covers[b != 0].mean(), covers[b == 0].mean()


def repeated(measure: Callable[..., tuple[float, float]], repeats: int, *setting) -> list[str]:
    """Means with standard errors over data sets."""
    found = np.array([measure(seed, *setting) for seed in range(repeats)])
    spread = found.std(axis=0, ddof=1) / np.sqrt(repeats)
    return [f"{100 * m:.1f} ± {100 * s:.1f} %" for m, s in zip(found.mean(axis=0), spread, strict=True)]


def page(repeats: int) -> str:
    lines = [
        "# Knockoffs and debiased intervals, simulated",
        "",
        f"Written by `benchmarks/inference.py` from {repeats} data sets a row; ± is a standard error.",
        "",
        f"Knockoffs with fdr = {FDR:g}; Gaussian copies from an estimated covariance unless it is said to be known.",
        "",
        "| copies | n | p | effects | size | rho | covariance | false discovery rate | effects found |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, n, p, effects, size, rho, known in KNOCKOFFS:
        rates = repeated(knockoff_rates, repeats, kind, n, p, effects, size, rho, known)
        source = "not needed" if kind == "fixed" else "known" if known else "estimated"
        lines.append(
            f"| {kind} | {n} | {p} | {effects} | {size:g} | {rho:g} | {source} | {rates[0]} | {rates[1]} |"
        )
    lines += ["", "Intervals of nominal 95 % from the debiased lasso.", ""]
    lines += [
        "| n | p | effects | size | rho | covers an effect | covers a zero |",
        "|---|---|---|---|---|---|---|",
    ]
    for n, p, effects, size, rho in INTERVALS:
        rates = repeated(coverage, repeats, n, p, effects, size, rho)
        lines.append(f"| {n} | {p} | {effects} | {size:g} | {rho:g} | {rates[0]} | {rates[1]} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    PAGE.write_text(page(parser.parse_args().repeats), encoding="utf-8")
