"""Changing one import: scikit-learn's estimators against regularfit.sklearn's, in one run, at equal verified accuracy.

    OMP_NUM_THREADS=1 python -m benchmarks.dialects [--quick]

Accuracy is verified, not assumed: the objective at the chosen parameters may be at most 1e-6 above the best that is
known, and the cross-validation curve at most 1e-4 (relative) away from that of our fit at its sharpest. scikit-learn
gets the loosest ``tol`` of a ladder that reaches both (its default first); where none does, the row says so and the
time is that of the sharpest. Times are CPU seconds (``time.process_time``) of ``fit``, the least of two runs.
Writes benchmarks/results/dialects.json and prints a table. Losses stay in it.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sklearn
import sklearn.linear_model as theirs
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes

import regularfit.sklearn as ours

NO_TOL = ("RidgeCV", "QuantileRegressor")
LADDER = (None, 1e-6, 1e-8, 1e-10)
OBJECTIVE, CURVE = 1e-6, 1e-4
PATIENCE = 60.0  # seconds; a fit that took longer is not repeated, nor made sharper
RESULTS = Path(__file__).parent / "results" / "dialects.json"


@dataclass
class Workload:
    label: str
    name: str
    data: str
    params: dict = field(default_factory=dict)
    peer: dict = field(default_factory=dict)


def gaussian(n, p, seed=0, rho=0.5, noise=3.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    beta = np.zeros(p)
    beta[:: max(p // 20, 1)] = rng.normal(size=len(beta[:: max(p // 20, 1)]))
    return np.asfortranarray(X), X @ beta + noise * rng.normal(size=n)


def labels(n, p, seed=0):
    X, eta = gaussian(n, p, seed, noise=2.0)
    return X, (eta > 0).astype(int)


def counts(n, p):
    X, eta = gaussian(n, p, noise=0.5)
    return X, 1.0 + np.random.default_rng(1).poisson(np.exp(eta / np.abs(eta).max()))


def wild(n, p):
    X, eta = gaussian(n, p, noise=0.0)
    return X, eta + np.random.default_rng(1).standard_t(2, size=n)


def tasks(n, p, k):
    X, _ = gaussian(n, p)
    rng = np.random.default_rng(1)
    return X, X[:, :10] @ rng.normal(size=(10, k)) + 3 * rng.normal(size=(n, k))


def three(n, p):
    X, eta = gaussian(n, p, noise=2.0)
    return X, np.digitize(eta, np.quantile(eta, [0.3, 0.6]))


def words(n=3000, p=8000, seed=0):
    rng = np.random.default_rng(seed)
    X = sparse.random(n, p, 0.005, format="csc", random_state=rng)
    return X, X[:, :50] @ rng.normal(size=50) * 10 + rng.normal(size=n)


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


DATA = {
    "diabetes 442 x 10": lambda: load_diabetes(return_X_y=True),
    "20,000 x 200": lambda: gaussian(20_000, 200),
    "2,000 x 300": lambda: gaussian(2_000, 300),
    "200 x 5,000": lambda: gaussian(200, 5_000),
    "300 x 3,000": lambda: gaussian(300, 3_000),
    "sparse 3,000 x 8,000": words,
    "breast cancer 569 x 30": cancer,
    "10,000 x 100, two classes": lambda: labels(10_000, 100),
    "1,000 x 50, two classes": lambda: labels(1_000, 50),
    "counts 20,000 x 50": lambda: counts(20_000, 50),
    "20,000 x 50, wild errors": lambda: wild(20_000, 50),
    "1,000 x 30, wild errors": lambda: wild(1_000, 30),
    "1,000 x 100, 5 targets": lambda: tasks(1_000, 100, 5),
    "5,000 x 50, three classes": lambda: three(5_000, 50),
}
LOGISTIC = {"scoring": "neg_log_loss", "use_legacy_attributes": False, "cv": 5}
ALPHAS = tuple(np.geomspace(1e-2, 1e4, 30))
CAPS = {"max_iter": 100_000}
WORK = [
    Workload("LassoCV", "LassoCV", "diabetes 442 x 10", {}, CAPS),
    Workload("LassoCV", "LassoCV", "20,000 x 200", {}, CAPS),
    Workload("LassoCV, eps=0.05", "LassoCV", "200 x 5,000", {"eps": 0.05}, CAPS),
    Workload("LassoCV, eps=0.05", "LassoCV", "sparse 3,000 x 8,000", {"eps": 0.05}, CAPS),
    Workload(
        "ElasticNetCV, 3 ratios", "ElasticNetCV", "diabetes 442 x 10", {"l1_ratio": [0.1, 0.5, 0.9]}, CAPS
    ),
    Workload("ElasticNetCV, 3 ratios", "ElasticNetCV", "2,000 x 300", {"l1_ratio": [0.1, 0.5, 0.9]}, CAPS),
    Workload("RidgeCV, leave-one-out", "RidgeCV", "diabetes 442 x 10", {"alphas": ALPHAS}),
    Workload("RidgeCV, leave-one-out", "RidgeCV", "20,000 x 200", {"alphas": ALPHAS}),
    Workload("RidgeCV, leave-one-out", "RidgeCV", "300 x 3,000", {"alphas": ALPHAS}),
    Workload("RidgeCV, cv=5", "RidgeCV", "20,000 x 200", {"alphas": ALPHAS, "cv": 5}),
    Workload(
        "LogisticRegressionCV, l2",
        "LogisticRegressionCV",
        "breast cancer 569 x 30",
        {**LOGISTIC, "l1_ratios": (0,)},
        CAPS,
    ),
    Workload(
        "LogisticRegressionCV, l2",
        "LogisticRegressionCV",
        "10,000 x 100, two classes",
        {**LOGISTIC, "l1_ratios": (0,)},
        CAPS,
    ),
    Workload(
        "LogisticRegressionCV, l1",
        "LogisticRegressionCV",
        "1,000 x 50, two classes",
        {**LOGISTIC, "l1_ratios": (1,), "solver": "saga", "Cs": list(np.geomspace(1e-3, 10, 10))},
        {"max_iter": 20_000},
    ),
    Workload("LogisticRegression, l2", "LogisticRegression", "10,000 x 100, two classes", {}, CAPS),
    Workload("Lasso", "Lasso", "20,000 x 200", {"alpha": 0.05}, CAPS),
    Workload("Ridge", "Ridge", "20,000 x 200", {"alpha": 10.0}),
    Workload("PoissonRegressor", "PoissonRegressor", "counts 20,000 x 50", {"alpha": 1e-3}, CAPS),
    Workload("GammaRegressor", "GammaRegressor", "counts 20,000 x 50", {"alpha": 1e-3}, CAPS),
    Workload("HuberRegressor", "HuberRegressor", "20,000 x 50, wild errors", {}, CAPS),
    Workload("QuantileRegressor", "QuantileRegressor", "1,000 x 30, wild errors", {"alpha": 0.01}),
    Workload("MultiTaskLassoCV", "MultiTaskLassoCV", "1,000 x 100, 5 targets", {}, CAPS),
    Workload("LogisticRegression, 3 classes", "LogisticRegression", "5,000 x 50, three classes", {}, CAPS),
]


def timed(home, work, X, y, extra, runs=2):
    best, model = np.inf, None
    for _ in range(runs):
        model = getattr(home, work.name)(**{**work.params, **extra})
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        best = min(best, time.process_time() - start)
        if best > PATIENCE:
            break
    return best, model


def poisson_objective(model, X, y):
    eta = X @ model.coef_ + model.intercept_
    return np.mean(y * (np.log(y) - eta) - y + np.exp(eta)) + 0.5 * model.alpha * model.coef_ @ model.coef_


def gamma_objective(model, X, y):
    eta = X @ model.coef_ + model.intercept_
    return np.mean(y * np.exp(-eta) + eta - np.log(y) - 1) + 0.5 * model.alpha * model.coef_ @ model.coef_


def huber_objective(model, X, y):
    size = np.abs(y - X @ model.coef_ - model.intercept_)
    near = np.minimum(size, model.epsilon * model.scale_)
    fit = np.sum(model.scale_ + near * (2 * size - near) / model.scale_)
    return fit + model.alpha * model.coef_ @ model.coef_


def pinball_objective(model, X, y):
    r = y - X @ model.coef_ - model.intercept_
    return np.mean(np.maximum(0.5 * r, -0.5 * r)) + model.alpha * np.abs(model.coef_).sum()


def rows_objective(model, X, y):
    r = y - X @ model.coef_.T - model.intercept_
    return 0.5 * np.mean((r**2).sum(axis=1)) + model.alpha_ * np.linalg.norm(model.coef_, axis=0).sum()


def joint_objective(model, X, y):
    eta = X @ model.coef_.T + model.intercept_
    away = eta - eta.max(axis=1, keepdims=True)
    loss = np.log(np.exp(away).sum(axis=1)) - away[np.arange(len(y)), y]
    return model.C * loss.sum() + 0.5 * np.sum(model.coef_**2)


OWN = {
    "PoissonRegressor": poisson_objective,
    "GammaRegressor": gamma_objective,
    "HuberRegressor": huber_objective,
    "QuantileRegressor": pinball_objective,
    "MultiTaskLassoCV": rows_objective,
}


def objective(model, work, X, y):
    if work.name in OWN:
        return OWN[work.name](model, X, y)
    if "classes" in work.label:
        return joint_objective(model, X, y)
    coef, level = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
    eta = np.asarray(X @ coef).ravel() + level
    size, square = np.abs(coef).sum(), coef @ coef
    if work.name.startswith("Logistic"):
        C = float(getattr(model, "C_", getattr(model, "C", 1.0)))
        ratio = float(np.ravel(getattr(model, "l1_ratio_", 0.0))[0])
        return C * np.sum(np.logaddexp(0, eta) - y * eta) + ratio * size + (1 - ratio) / 2 * square
    alpha = float(getattr(model, "alpha_", getattr(model, "alpha", 0.0)))
    if work.name.startswith("Ridge"):
        return np.sum((y - eta) ** 2) + alpha * square
    ratio = float(getattr(model, "l1_ratio_", 1.0))
    return np.mean((y - eta) ** 2) / 2 + alpha * (ratio * size + (1 - ratio) / 2 * square)


def curve(model):
    for name in ("mse_path_", "scores_"):
        if hasattr(model, name):
            return np.asarray(getattr(model, name))
    return None


def chosen(model):
    return tuple(
        float(np.ravel(getattr(model, n))[0]) for n in ("alpha_", "C_", "l1_ratio_") if hasattr(model, n)
    )


def off(model, judge, work, X, y):
    """How far a model is from the judge: objective (where both chose alike) and curve."""
    curves = curve(model), curve(judge)
    away = 0.0 if curves[0] is None else float(np.max(np.abs(curves[0] - curves[1]) / np.abs(curves[1])))
    if not np.allclose(chosen(model), chosen(judge), rtol=1e-9):
        return np.inf, away
    best = min(objective(model, work, X, y), objective(judge, work, X, y))
    return float(objective(model, work, X, y) / best - 1), away


def run(work):
    X, y = DATA[work.data]()
    sharpest = {} if work.name in NO_TOL else {"tol": 1e-12}
    _, judge = timed(ours, work, X, y, sharpest, runs=1)
    mine, model = timed(ours, work, X, y, {})
    row = {"what": work.label, "data": work.data, "ours": mine, "ours_off": off(model, judge, work, X, y)}
    for tol in LADDER:
        extra = dict(work.peer) | ({} if tol is None or work.name in NO_TOL else {"tol": tol})
        spent, peer = timed(theirs, work, X, y, extra)
        row |= {"theirs": spent, "tol": tol, "theirs_off": off(peer, judge, work, X, y)}
        row.setdefault("theirs_default", spent)
        row["reached"] = row["theirs_off"][0] <= OBJECTIVE and row["theirs_off"][1] <= CURVE
        if row["reached"] or spent > PATIENCE or work.name in NO_TOL:
            break
    row["ratio"] = row["theirs"] / row["ours"]
    row["ratio_default"] = row["theirs_default"] / row["ours"]
    return row


def shown(row):
    tol = "default" if row["tol"] is None else f"{row['tol']:g}"
    reached = tol if row["reached"] else f"not reached at {tol}"
    return (
        f"| {row['what']} | {row['data']} | {row['theirs']:.3g} | {reached} | {row['ours']:.3g} "
        f"| **{row['ratio']:.2g}** | {row['ratio_default']:.2g} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the smallest data")
    parser.add_argument("-p", default="", help="only estimators whose names begin so; replaces their rows")
    options = parser.parse_args()
    quick, only = options.quick, options.p
    rows = []
    print(
        "| estimator | data | scikit-learn, s | its tol | ours, s | ratio | ratio at its default tol |\n"
        "|---|---|---|---|---|---|---|"
    )
    for work in WORK:
        if not work.label.startswith(only):
            continue
        if quick and "diabetes" not in work.data and "cancer" not in work.data:
            continue
        rows.append(run(work))
        print(shown(rows[-1]), flush=True)
    if only and RESULTS.exists():
        kept = [row for row in json.loads(RESULTS.read_text())["rows"] if not row["what"].startswith(only)]
        order = [(work.label, work.data) for work in WORK]
        rows = sorted(rows + kept, key=lambda row: order.index((row["what"], row["data"])))
    ratios = [row["ratio"] for row in rows]
    print(
        f"\ngeometric mean {np.exp(np.mean(np.log(ratios))):.2g}, least {min(ratios):.2g}; "
        f"scikit-learn {sklearn.__version__}"
    )
    if not quick:
        RESULTS.write_text(json.dumps({"sklearn": sklearn.__version__, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
