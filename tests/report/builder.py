"""Realistic facts without regularfit's own estimators: scikit-learn's lasso path on the diabetes data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import enet_path
from sklearn.model_selection import KFold

from regularfit.report.by_class import ByClass, ClassCoefficients
from regularfit.report.data import (
    CandidateFacts,
    CertificateFacts,
    Choice,
    Coefficient,
    ColumnPath,
    CurveFacts,
    DroppedColumn,
    HonestFacts,
    PathFacts,
    ReportData,
    RunFacts,
    TableFacts,
    TargetFacts,
)

LENGTH = 60


def diabetes(ratios=(1.0, 0.9, 0.5, 0.1)) -> ReportData:
    bunch = load_diabetes(scaled=False)
    names = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
    return from_arrays(bunch.data, bunch.target, names, ratios)


def from_arrays(X, y, names, ratios=(1.0, 0.5)) -> ReportData:
    scale = X.std(0)
    Z, centred = (X - X.mean(0)) / scale, y - y.mean()
    found = [_candidate(Z, centred, ratio) for ratio in ratios]
    best = min(range(len(found)), key=lambda i: found[i][0].error)
    base = np.asarray(found[best][2])
    candidates = tuple(_compared(c, errors, base) for c, _, errors in found)
    coefs = found[best][1]
    chosen = candidates[best]
    c = chosen.curve
    order = np.argsort(-abs(coefs[:, c.best]))
    kept = [j for j in order if coefs[j, c.best]]
    return ReportData(
        table=_table(X),
        target=_target(y),
        candidates=candidates,
        chosen=Choice(best, chosen.strength, chosen.error, chosen.kept, "lowest held-out error"),
        simplest=Choice(best, c.strengths[c.one_se], c.mean[c.one_se], c.kept[c.one_se], "fewest columns")
        if c.one_se != c.best
        else None,
        honest=chosen.honest,
        path=PathFacts(
            c.strengths,
            tuple(ColumnPath(names[j], tuple(coefs[j].tolist())) for j in order[:60]),
            c.kept,
            len(names),
        ),
        coefficients=tuple(
            Coefficient(names[j], float(coefs[j, c.best] / scale[j]), float(coefs[j, c.best]))
            for j in kept[:60]
        ),
        intercept=float(y.mean() - X.mean(0) @ (coefs[:, c.best] / scale)),
        run=_run(),
    )


def _candidate(Z, y, ratio):
    largest = abs(Z.T @ y).max() / len(y) / ratio
    strengths, coefs, _ = enet_path(
        Z, y, l1_ratio=ratio, alphas=np.geomspace(largest, largest / 1000, LENGTH)
    )
    folds, weights = [], []
    for train, test in KFold(10, shuffle=True, random_state=0).split(Z):
        there = y[train].mean()
        _, b, _ = enet_path(Z[train], y[train] - there, l1_ratio=ratio, alphas=strengths)
        folds.append(((y[test, None] - there - Z[test] @ b) ** 2).mean(0))
        weights.append(len(test))
    held = np.average(folds, axis=0, weights=weights)
    se = np.std(folds, axis=0, ddof=1) / np.sqrt(len(folds))
    best = int(held.argmin())
    apart = np.asarray(folds) - np.asarray(folds)[:, [best]]
    allowed = apart.mean(0) <= apart.std(0, ddof=1) / np.sqrt(len(folds)) + 1e-12
    train_error = ((y[:, None] - Z @ coefs) ** 2).mean(0)
    kept = (coefs != 0).sum(0)
    curve = CurveFacts(
        tuple(strengths.tolist()), tuple(held.tolist()), tuple(se.tolist()),
        tuple(tuple(f.tolist()) for f in folds), best, int(np.flatnonzero(allowed[: best + 1])[0]),
        tuple(train_error.tolist()), tuple(kept.tolist()),
    )  # fmt: skip
    error, spread = float(held[best]), float(se[best])
    gaps = 10.0 ** np.random.default_rng(0).uniform(-14, -9, len(strengths))
    facts = CandidateFacts(
        name="Lasso" if ratio == 1 else f"Elastic net {ratio:g}",
        strength=float(strengths[best]), error=error, se=spread, difference=0.0, difference_se=0.0,
        train_error=float(train_error[best]), gap=float(error / train_error[best] - 1), kept=int(kept[best]),
        honest=HonestFacts(error + 12, error + 12 - 1.7 * spread, error + 12 + 1.7 * spread, 0.9, 12.0, "nested"),
        curve=curve,
        certificate=CertificateFacts(float(gaps[best]), 2e-9, True, "duality gap within tolerance", curve.strengths,
                                     tuple(gaps.tolist()), 0, 1e-7),
    )  # fmt: skip
    return facts, coefs, np.asarray(folds)[:, best]


def _compared(c: CandidateFacts, errors, base) -> CandidateFacts:
    apart = np.asarray(errors) - base
    return replace(
        c, difference=float(apart.mean()), difference_se=float(apart.std(ddof=1) / np.sqrt(len(apart)))
    )


def _target(y) -> TargetFacts:
    rows, edges = np.histogram(y, 24)
    return TargetFacts(
        "progression", "regression", "guessed, since the target holds numbers (214 different ones)",
        "mean squared error", float(y.var()), quantiles=tuple(np.quantile(y, [0, 0.25, 0.5, 0.75, 1]).tolist()),
        mean=float(y.mean()), sd=float(y.std()), edges=tuple(edges.tolist()), histogram=tuple(rows.tolist()),
    )  # fmt: skip


def _table(X) -> TableFacts:
    return TableFacts(
        "diabetes.csv", X.shape[0], X.shape[1] + 2, X.shape[1], 3, {"number": X.shape[1], "category": 2},
        {"bmi": 12, "s4": 3}, (DroppedColumn("patient", "is like an id (a different value in every row)"),
                               DroppedColumn("site", "is constant (always a)")),
    )  # fmt: skip


def _run() -> RunFacts:
    return RunFacts(
        "regularfit fit diabetes.csv --target progression", "0.1.0", {"numpy": "2.4.6", "scipy": "1.17.1"}, 0,
        "0" * 64, "2026-11-21 05:00:00 UTC", 1.234, {"target": "progression", "folds": "10"},
        'import regularfit as rf\n\nmodel = rf.PenalizedRegressor(rf.L1()).fit(X, y)',
    )  # fmt: skip


def three_classes(names=("low", "middle", "high")) -> ReportData:
    """Facts of several classes: the numbers of the diabetes data with coefficients of every class."""
    data, rng = diabetes((1.0, 0.5)), np.random.default_rng(0)
    found = [
        ClassCoefficients(c.name, tuple(row.tolist()), tuple((row * 2).tolist()))
        for c, row in zip(
            data.coefficients, rng.normal(size=(len(data.coefficients), len(names))), strict=True
        )
    ]
    target = TargetFacts(
        "progression", "classification", "guessed, since the target holds text", "mean log-loss",
        data.target.null_error, tuple(names), tuple(range(100, 100 + len(names))),
    )  # fmt: skip
    by_class = ByClass(
        tuple(rng.normal(size=len(names)).tolist()), tuple(sorted(found, key=lambda c: -c.spread))
    )
    return replace(data, target=target, coefficients=(), intercept=float("nan"), by_class=by_class)
