"""The original glmnet, in R; the other half is glmnet_worker.R."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from contender import Contender, Fit, tolerances
from scipy import sparse


class GlmnetR(Contender):
    """The original, in an R process of its own, which measures its own time and memory."""

    environment, module, ladder, start = "celer", "scipy.sparse", tolerances(3, 15), 1e-9

    def supports(self, problem, kind):
        return kind in ("path", "cv")

    def prepare(self, problem, kind, threads):
        self.folder = tempfile.TemporaryDirectory(prefix="regularfit-bench-")
        script = Path(__file__).with_name("glmnet_worker.R")
        command = ["Rscript", "--vanilla", script, problem.folder, self.folder.name, kind, problem.loss]
        command += [
            str(problem.l1_ratio),
            "sparse" if problem.sparse else "dense",
            str(problem.n),
            str(problem.p),
        ]
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            text=True,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
        )
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] != "ready":
            raise RuntimeError("R or its package glmnet did not start: see setup_peers.sh")
        self.version = answer[1]

    def run(self, problem, kind, tol, threads):
        print(tol, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] != "done":
            raise RuntimeError("glmnet failed: " + " ".join(answer))
        seconds, cpu, base, peak = map(float, answer[1:5])

        def read(name: str, dtype: str = "f8") -> np.ndarray:
            return np.fromfile(Path(self.folder.name) / name, dtype=dtype)

        count = int(answer[5])
        coefs = sparse.csc_matrix((read("x"), read("i", "i4"), read("p", "i4")), shape=(problem.p, count))
        curve = None
        if kind == "cv":  # glmnet reports the binomial deviance, which is twice the log-loss
            curve = np.full(problem.strengths.size, np.nan)
            curve[:count] = read("curve") / (1 if problem.loss == "squared" else 2)
        measured = {"seconds": seconds, "cpu": cpu, "base_mb": base, "peak_mb": peak}
        return Fit(coefs, read("intercepts"), list(range(count)), curve, measured)
