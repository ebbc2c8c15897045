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
