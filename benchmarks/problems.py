"""The benchmark problems: data with fixed seeds, strength grids, folds, and who is left out of what.

Every problem is written once to a cache folder and loaded from there, so making data is never timed.
The columns of dense X have mean 0 and variance 1 (divisor n), and y of a regression has variance 1: nobody
standardises inside, and libraries that rescale y (glmnet) solve the same elastic net as those that do not.
y keeps a mean of 0.5, so that the intercept matters. Sparse X is left as it comes.

    objective = (1/n) sum loss(y_i, eta_i) + strength * (a sum|b| + (1 - a)/2 sum b^2),   a = l1_ratio
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import signal, sparse

N_STRENGTHS = 100


def cache_folder() -> Path:
    """Where the data go: REGULARFIT_BENCH_CACHE, or the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "regularfit-bench" / "data"
    return Path(os.environ.get("REGULARFIT_BENCH_CACHE", default))


# ---- making data
def _standardise(X: np.ndarray) -> np.ndarray:
    X = np.asfortranarray(X)
    for column in X.T:
        column -= column.mean()
        column /= np.sqrt(np.mean(column**2))
    return X


def _correlated(n: int, p: int, rng: np.random.Generator, rho: float = 0.5) -> np.ndarray:
    """Gaussian columns in a first-order autoregression: neighbours correlate with rho."""
    noise = rng.standard_normal((n, p))
    scale = np.sqrt(1 - rho**2)
    start = (1 - scale) * noise[:, :1]
    return _standardise(signal.lfilter([scale], [1.0, -rho], noise, axis=1, zi=start)[0])


def _sparse_truth(p: int, k: int, rng: np.random.Generator) -> np.ndarray:
    beta = np.zeros(p)
    beta[rng.choice(p, k, replace=False)] = rng.choice([-1.0, 1.0], k) * rng.uniform(0.5, 1.5, k)
    return beta


def _target(eta: np.ndarray, loss: str, rng: np.random.Generator) -> np.ndarray:
    """Signal to noise 3 for a regression; log-odds of standard deviation 2 for a classification."""
    if loss == "logistic":
        odds = 0.3 + 2.0 * (eta - eta.mean()) / eta.std()
        return (rng.random(eta.size) < 1 / (1 + np.exp(-odds))).astype(float)
    y = eta + rng.standard_normal(eta.size) * eta.std() / np.sqrt(3.0)
    return (y - y.mean()) / y.std() + 0.5


def _dense(n: int, p: int, k: int, seed: int, loss: str = "squared") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = _correlated(n, p, rng)
    return X, _target(X @ _sparse_truth(p, k, rng), loss, rng)


def _text(
    n: int, p: int, words: int, seed: int, loss: str = "squared"
) -> tuple[sparse.csc_matrix, np.ndarray]:
    """A document-term matrix with tf-idf weights: words follow Zipf's law, rows have unit length."""
    rng = np.random.default_rng(seed)
    law = np.cumsum(1.0 / (np.arange(p) + 3.0))
    length = 10 + rng.poisson(words, n)
    term = np.searchsorted(law, rng.random(length.sum()) * law[-1])
    document = np.repeat(np.arange(n), length)
    unseen = np.setdiff1d(np.arange(p), term)  # a vocabulary has no word that never occurs
    document = np.append(document, rng.integers(0, n, unseen.size))
    term = np.append(term, unseen)
    counts = sparse.csc_matrix((np.ones(term.size), (document, term)), shape=(n, p))
    counts.sum_duplicates()
    frequency = np.diff(counts.indptr)
    counts.data = (1 + np.log(counts.data)) * np.repeat(1 + np.log((1 + n) / (1 + frequency)), frequency)
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    X = (sparse.diags(1 / lengths) @ counts).tocsc()
    X.sort_indices()
    beta = np.zeros(p)
    beta[rng.choice(min(p, 5000), 100, replace=False)] = rng.standard_normal(100)
    return X, _target(np.asarray(X @ beta).ravel(), loss, rng)


def _diabetes() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return _standardise(X), (y - y.mean()) / y.std() + 0.5


def _breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return _standardise(X), y.astype(float)


# ---- the list
@dataclass(frozen=True)
class Recipe:
    """How to make one problem, and who (library, tolerance) computes its reference solution."""

    make: Callable[[], tuple]
    loss: str = "squared"
    l1_ratio: float = 1.0
    min_ratio: float = 1e-2
    folds: int = 10
    reference: tuple[str, float] = ("adelie", 1e-12)


RIDGE = {"l1_ratio": 0.0, "reference": ("textbook ridge", 0.0)}
LOGISTIC = {"loss": "logistic", "folds": 5, "reference": ("adelie", 1e-10)}
RECIPES = {
    "lasso-100000x200": Recipe(
        lambda: _dense(100_000, 200, 20, 101), min_ratio=1e-3, reference=("scikit-learn", 1e-10)
    ),
    "lasso-500x20000": Recipe(lambda: _dense(500, 20_000, 20, 102), reference=("celer", 1e-8)),
    "lasso-200x200000": Recipe(lambda: _dense(200, 200_000, 10, 103), reference=("celer", 1e-8)),
    "enet-5000x1000": Recipe(
        lambda: _dense(5_000, 1_000, 50, 104), l1_ratio=0.5, min_ratio=1e-3, reference=("scikit-learn", 1e-8)
    ),
    "logit-20000x200": Recipe(lambda: _dense(20_000, 200, 20, 105, "logistic"), min_ratio=1e-3, **LOGISTIC),
    "logit-500x10000": Recipe(lambda: _dense(500, 10_000, 20, 106, "logistic"), **LOGISTIC),
    "text-lasso-20000x100000": Recipe(lambda: _text(20_000, 100_000, 160, 107), reference=("adelie", 1e-10)),
    "text-logit-20000x100000": Recipe(lambda: _text(20_000, 100_000, 160, 107, "logistic"), **LOGISTIC),
    "ridge-20000x500": Recipe(lambda: _dense(20_000, 500, 100, 108), **RIDGE),
    "ridge-500x5000": Recipe(lambda: _dense(500, 5_000, 100, 109), **RIDGE),
    "tiny-lasso-442x10": Recipe(_diabetes, min_ratio=1e-3, reference=("scikit-learn", 1e-12)),
    "tiny-logit-569x30": Recipe(_breast_cancer, **LOGISTIC),
    # small ones of every shape, to check the harness in seconds
    "smoke-lasso-300x40": Recipe(lambda: _dense(300, 40, 5, 113), min_ratio=1e-3, folds=5),
    "smoke-lasso-60x200": Recipe(lambda: _dense(60, 200, 5, 114), folds=5, reference=("scikit-learn", 1e-10)),
    "smoke-enet-300x40": Recipe(lambda: _dense(300, 40, 5, 115), l1_ratio=0.5, min_ratio=1e-3, folds=5),
    "smoke-logit-400x40": Recipe(lambda: _dense(400, 40, 5, 116, "logistic"), **LOGISTIC),
    "smoke-text-lasso-500x6000": Recipe(lambda: _text(500, 6_000, 30, 117), folds=5),
    "smoke-text-logit-500x6000": Recipe(lambda: _text(500, 6_000, 30, 117, "logistic"), **LOGISTIC),
    "smoke-ridge-300x40": Recipe(lambda: _dense(300, 40, 5, 118), folds=5, **RIDGE),
    "smoke-ridge-60x200": Recipe(lambda: _dense(60, 200, 5, 119), folds=5, **RIDGE),
}


def workloads() -> dict[str, tuple[str, str]]:
    """Every workload by name: (problem, "path" | "cv" | "loo"); leave-one-out is asked of ridge only."""
    return {
        f"{problem} {kind}": (problem, kind)
        for problem, recipe in RECIPES.items()
        for kind in ("path", "cv", "loo")
        if kind != "loo" or recipe.l1_ratio == 0
    }


SLOW = "not run: more than 20 times slower than the fastest peer in the November 2026 baseline"
MEMORY = "not run: out of memory (18 GiB) in the November 2026 baseline"
LONG = "not run: over a minute a run in the November 2026 baseline"
NOT_RUN = {
    ("celer", "lasso-100000x200"): SLOW,
    ("glum", "lasso-100000x200"): SLOW,
    ("skglm", "lasso-100000x200"): SLOW,
    ("glum", "lasso-500x20000 cv"): LONG,
    ("scikit-learn", "lasso-500x20000 cv"): LONG,
    ("glum", "lasso-200x200000"): MEMORY,
    ("scikit-learn", "lasso-200x200000 cv"): LONG,
    ("glum", "enet-5000x1000"): SLOW,
    ("skglm", "enet-5000x1000"): SLOW,
    ("glum", "logit-500x10000"): SLOW,
    ("scikit-learn", "text-lasso-20000x100000"): LONG,
    ("glum", "text-lasso-20000x100000"): MEMORY,
    ("glum", "text-logit-20000x100000"): MEMORY,
    ("glum", "smoke-text-lasso-500x6000 cv"): LONG,
    ("glum", "smoke-text-logit-500x6000 cv"): LONG,
    ("scikit-learn", "ridge-20000x500 cv"): LONG,
    ("glmnet (R)", "ridge-500x5000"): LONG + ", without reaching 1e-6",
    ("adelie", "ridge-500x5000"): LONG + ", without reaching 1e-6",
}


def why_not(contender: str, problem: str, kind: str) -> str | None:
    """The recorded reason for leaving a contender out of a workload, or None."""
    return NOT_RUN.get((contender, problem)) or NOT_RUN.get((contender, f"{problem} {kind}"))


# ---- caching and loading
def _strengths(X, y: np.ndarray, recipe: Recipe) -> np.ndarray:
    if recipe.l1_ratio == 0:
        return np.logspace(3, -3, N_STRENGTHS)
    gradient = np.asarray(X.T @ (y - y.mean())).ravel() / y.size
    top = np.abs(gradient).max() / recipe.l1_ratio
    return top * np.logspace(0, np.log10(recipe.min_ratio), N_STRENGTHS)


def _folds(n: int, k: int) -> np.ndarray:
    """Shuffled folds of near-equal size, drawn as adelie 1.1.52 draws them (it takes none)."""
    order = np.random.RandomState(0).choice(n, n, replace=False)
    fold = np.empty(n, dtype=np.int64)
    for number, rows in enumerate(np.array_split(order, k)):
        fold[rows] = number
    return fold


def ensure(name: str) -> Path:
    """Write the problem to the cache unless it is there; return its folder."""
    folder = cache_folder() / name
    if (folder / "meta.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    recipe = RECIPES[name]
    X, y = recipe.make()
    is_sparse = sparse.issparse(X)
    arrays = {"y": y, "strengths": _strengths(X, y, recipe), "fold": _folds(y.size, recipe.folds)}
    if is_sparse:
        arrays |= {"data": X.data, "indices": X.indices.astype(np.int32), "indptr": X.indptr.astype(np.int32)}
    else:
        arrays["X"] = X
    for key, array in arrays.items():
        np.save(folder / f"{key}.npy", array)
    check = [float(y @ np.cos(np.arange(y.size))), float(arrays["strengths"][0]), float(abs(X[:, :50]).sum())]
    meta = {
        "n": X.shape[0],
        "p": X.shape[1],
        "sparse": is_sparse,
        "loss": recipe.loss,
        "check": check,
        "l1_ratio": recipe.l1_ratio,
        "folds": recipe.folds,
    }
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder


class Problem:
    """One problem, loaded: X (Fortran order or CSC; `order="C"`: C order or CSR), y, ..."""

    def __init__(self, name: str, order: str = "F") -> None:
        self.name, self.folder = name, ensure(name)
        meta = json.loads((self.folder / "meta.json").read_text())
        self.n, self.p, self.sparse, self.check = meta["n"], meta["p"], meta["sparse"], meta["check"]
        self.loss, self.l1_ratio, self.folds = meta["loss"], meta["l1_ratio"], meta["folds"]
        self.y, self.strengths, self.fold = self._load("y"), self._load("strengths"), self._load("fold")
        if self.sparse:
            parts = (self._load("data"), self._load("indices"), self._load("indptr"))
            self.X = sparse.csc_matrix(parts, shape=(self.n, self.p))
            self.X = self.X.tocsr() if order == "C" else self.X
        else:
            self.X = np.asarray(self._load("X"), order="C" if order == "C" else "F")

    def _load(self, key: str) -> np.ndarray:
        return np.load(self.folder / f"{key}.npy")

    @cached_property
    def splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(training rows, held-out rows) of each fold."""
        return [(np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)) for k in range(self.folds)]

    @property
    def megabytes(self) -> float:
        """The size of X in memory."""
        parts = (self.X.data, self.X.indices, self.X.indptr) if self.sparse else (self.X,)
        return sum(part.nbytes for part in parts) / 2**20
