"""Several linear predictors: paths against R's glmnet at equal, verified accuracy.

    python benchmarks/several.py iris digits wide5 targets        (needs Rscript and the package glmnet)

Every contender fits one grid from one thread. glmnet is given the loosest thresh at which its worst relative
suboptimality along the grid is 1e-6 or less (or its sharpest); times are CPU seconds of the fit alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_iris

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid

ACCURATE = 1e-6
SCRIPT = """
suppressPackageStartupMessages(library(glmnet)); glmnet.control(fdev = 0, devmax = 1)
a <- commandArgs(TRUE); folder <- a[1]; n <- as.integer(a[2]); p <- as.integer(a[3]); q <- as.integer(a[4])
read <- function(name, count) readBin(file.path(folder, name), "double", count)
x <- matrix(read("x", n * p), n, p); y <- read("y", n * q); s <- read("s", as.integer(a[5]))
if (q > 1) y <- matrix(y, n, q)
fit <- function(thresh) glmnet(x, y, family = a[6], alpha = as.numeric(a[7]), lambda = s, thresh = thresh, maxit = 1e9,
                               type.multinomial = a[8])
invisible(fit(0.1))
for (thresh in as.numeric(strsplit(a[9], ",")[[1]])) {
  t <- sum(system.time(f <- fit(thresh))[1:2])
  writeBin(c(t, length(f$lambda), unlist(lapply(f$beta, as.matrix)), f$a0), file.path(folder, paste0("out", thresh)))
}
"""


def data(name):
    """Return X and y of a workload."""
    rng = np.random.default_rng(0)
    if name == "iris":
        return load_iris(return_X_y=True)
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X[:, X.std(axis=0) > 0], y
    n, p, K = 5000, 100, 5
    X = rng.normal(size=(n, p))
    B = rng.normal(size=(p, K)) * (rng.random((p, K)) < 0.2)
    if name == "targets":
        return X, X @ B + 3 * rng.normal(size=(n, K))
    return X, (0.7 * X @ B + rng.gumbel(size=(n, K))).argmax(axis=1)


def objectives(problem, penalty, strengths, coefs, intercepts):
    """Return the objective of every strength, (L,); ``coefs`` (L, K, p)."""
    pi, out = problem.sample_weight / problem.n, []
    scale = problem.design.moments(pi[None])[1][0]
    for s, B, a in zip(strengths, coefs, intercepts, strict=True):
        W = B * scale
        size = penalty.value(W.T) if "across" in repr(penalty) else sum(penalty.value(row) for row in W)
        out.append(float(pi @ problem.loss.value(problem.y, problem.design.X @ B.T + a)) + s * size)
    return np.array(out)


def ours(problem, penalty, grid, folds=0, tol=1e-6):
    """Return CPU seconds, and the path on all rows."""
    part = np.random.default_rng(0).permutation(problem.n) % max(folds, 1)
    lanes = [Lane(np.arange(problem.n), keep=True)]
    lanes += [Lane(np.flatnonzero(part != k), (np.flatnonzero(part == k),)) for k in range(folds)]
    start = time.process_time()
    found = fit_lanes(problem, [penalty], [grid], lanes, tol=tol, threads=1)
    return time.process_time() - start, found[0][0].path


def glmnet(X, y, grid, family, alpha, kind, ladder):
    """Yield (thresh, CPU seconds, coefs, intercepts)."""
    n, p = X.shape
    K = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
    q = y.shape[1] if y.ndim == 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        for name, array in (("x", X.T), ("y", y.T if y.ndim == 2 else y), ("s", grid)):
            np.ascontiguousarray(array, dtype=float).tofile(Path(folder, name))
        script = Path(folder, "fit.R")
        script.write_text(SCRIPT)
        numbers = [folder, n, p, q, len(grid), family, alpha, kind, ",".join(map(str, ladder))]
        subprocess.run(["Rscript", script, *map(str, numbers)], check=True)
        for thresh in ladder:
            out = np.fromfile(next(f for f in Path(folder).glob("out*") if float(f.name[3:]) == thresh))
            L, rest = int(out[1]), out[2:]
            coefs = rest[: K * p * L].reshape(K, L, p).transpose(1, 0, 2)
            yield thresh, out[0], coefs, rest[K * p * L :].reshape(L, K)


def compare(name, penalty, count, ladder=(1e-7, 1e-9, 1e-11, 1e-13)):
    """Print one line a contender."""
    X, y = data(name)
    several = y.ndim == 2
    problem = make_problem(X, y, "squared" if several else "multinomial")
    grid = strength_grid(problem, penalty, count, 1e-2)
    best = objectives(problem, penalty, grid, *_path(ours(problem, penalty, grid, tol=1e-10)[1]))
    seconds, path = ours(problem, penalty, grid)
    off = float((objectives(problem, penalty, grid, *_path(path)) / best - 1).max())
    cv = ours(problem, penalty, grid, folds=10)[0]
    print(
        f"{name} {penalty!r}: regularfit {seconds:.2f} s (off by {off:.0e}), 10 folds + refit {cv / seconds:.1f} paths"
    )
    kind = "grouped" if "across" in repr(penalty) else "ungrouped"
    alpha = float(penalty.coordinates(1).l1[0])
    family = "mgaussian" if several else "multinomial"
    for thresh, used, coefs, levels in glmnet(X, np.asarray(y, float), grid, family, alpha, kind, ladder):
        off = float(
            (objectives(problem, penalty, grid[: len(coefs)], coefs, levels) / best[: len(coefs)] - 1).max()
        )
        print(
            f"    glmnet thresh {thresh:g}: {used:.2f} s, {used / seconds:.1f} of ours, off by {off:.0e}",
            flush=True,
        )
        if off <= ACCURATE:
            break


def _path(path):
    return path.coefs, path.intercepts


if __name__ == "__main__":
    for workload in sys.argv[1:] or ["iris", "digits", "wide5", "targets"]:
        choices = (
            [rf.L1().across_outputs()]
            if workload == "targets"
            else [
                rf.L1(),
                rf.ElasticNet(0.5),
                rf.L1().across_outputs(),
            ]
        )
        for penalty in choices:
            compare(workload, penalty, 50)
