"""Ctrl-C returns control within a second and keeps what is done; proved in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, threading, time
from contextlib import contextmanager
import numpy as np
import regularfit as rf
from regularfit.linear import _fit

begun = threading.Event()

@contextmanager
def progress_bar(verbose):
    yield lambda done, total: begun.set() if done > 0 else None

_fit.progress_bar = progress_bar
rng = np.random.default_rng(0)
X = rng.normal(size=(500, 20000))
eta = X[:, :50].sum(axis=1)
if sys.argv[1] == "regressor":
    model, y = rf.PenalizedRegressor(n_jobs=int(sys.argv[2])), eta + rng.normal(size=500)
else:
    model, y = rf.PenalizedClassifier(n_jobs=int(sys.argv[2])), (eta > 0).astype(int)
sent = []

def press():
    begun.wait()
    time.sleep(0.05)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
try:
    model.fit(X, y)
except KeyboardInterrupt as stop:
    late = time.perf_counter() - sent[0]
    path = model.partial_path_
    assert 0 < len(path) < 100 and "interrupted" in path.ended, path
    assert path.converged.all() and np.isfinite(path.coefs).all()
    assert len(stop.partial) == 1 and len(stop.partial[0]) >= 6
    assert not hasattr(model, "coef_")
    print("late", late)
"""


@pytest.mark.parametrize(("kind", "threads"), [("regressor", 2), ("classifier", 1)])
def test_control_returns_and_the_path_so_far_is_kept(kind: str, threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, str(threads)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("late"), done.stdout + done.stderr
    assert float(done.stdout.split()[1]) < 1.0


ROADS = """
import os, signal, sys, threading, time
import numpy as np
from scipy import sparse
import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, roads, strength_grid

kind, threads = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(0)
n, p = {"gram": (1600, 1500), "kernel": (1500, 3000), "iteration": (3000, 6000), "rotated": (500, 3000)}[kind]
X = rng.normal(size=(n, p))
if kind == "iteration":
    X = sparse.random_array((n, p), density=0.01, rng=rng, format="csc")
y = X[:, :20].sum(axis=1) + rng.normal(size=n)
penalty, few = rf.L2(), np.arange(60)
problem = make_problem(X, y > 0, "logistic") if kind == "rotated" else make_problem(X, y)
grid = strength_grid(problem, penalty, 30, 1e-9)
lanes = [Lane(few if kind == "iteration" else np.arange(n), keep=True)]
lanes += [Lane(np.arange(n)[np.arange(n) % 4 != k], keep=True) for k in range(4)]
road = roads.road_of(problem, penalty, lanes).__name__
assert road == {"gram": "fit_gram", "rotated": "fit_rotated"}.get(kind, "fit_ridge"), road
begun, sent = threading.Event(), []

def press():
    begun.wait()
    time.sleep(0.05)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
try:
    fit_lanes(problem, [penalty], [grid], lanes, threads=threads, progress=lambda done, total: begun.set())
    print("not interrupted")
except KeyboardInterrupt as stop:
    late = time.perf_counter() - sent[0]
    [kept] = stop.partial
    assert len(kept) == 5
    done = [lane for lane in kept if lane is not None]
    assert 1 <= len(done) < 5, kept
    assert all(len(lane.path) == 30 and lane.path.ended is None and lane.converged.all() for lane in done)
    print("late", late, flush=True)
    os._exit(0)  # a decomposition under way cannot be stopped, and would be waited for
"""


@pytest.mark.parametrize(
    ("kind", "threads"), [("gram", 1), ("kernel", 1), ("kernel", 2), ("iteration", 1), ("rotated", 1)]
)
def test_finished_lanes_are_kept_on_the_closed_and_iterative_roads(kind: str, threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ROADS, kind, str(threads)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("late"), done.stdout + done.stderr
    assert float(done.stdout.split()[1]) < 1.0
