"""Processes: one a contender, threads and processors fixed the same for all, asked for one run at a time."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

from contenders import CONTENDERS

HERE = Path(__file__).parent
THREAD_VARIABLES = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR", "RAYON", "VECLIB_MAXIMUM")
MEMORY_SHARE = (
    0.75  # of the machine's memory: what wants more gets an error instead of taking the machine down
)


def interpreter(environment: str) -> str:
    """The Python that holds a contender: this one for ours, else one made by setup_peers.sh.

    REGULARFIT_BENCH_PYTHON_OURS, _MAIN, _CELER and _ADELIE override one.
    """
    given = os.environ.get(f"REGULARFIT_BENCH_PYTHON_{environment.upper()}")
    if given or environment == "ours":
        return given or sys.executable
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    root = Path(os.environ.get("REGULARFIT_BENCH_PEERS", cache / "regularfit-bench" / "peers"))
    return str(root / environment / "bin" / "python")


class ContenderError(Exception):
    """A contender died, took too long or could not start; the text says which."""


class Worker:
    """A live contender on one problem."""

    def __init__(self, who: str, problem: str, kind: str, *, threads: int, order: str, log: Path) -> None:
        self.who, self.supported = who, True
        python = interpreter(CONTENDERS[who].environment)
        if not Path(python).exists():
            raise ContenderError("not installed (setup_peers.sh)")
        environment = dict(os.environ, PYTHONWARNINGS="ignore")
        environment |= {f"{name}_NUM_THREADS": str(threads) for name in THREAD_VARIABLES}
        processors = set(sorted(os.sched_getaffinity(0))[-threads:])
        memory = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))

        def settle() -> None:
            os.sched_setaffinity(0, processors)
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        with log.open("a") as errors:
            self.process = subprocess.Popen(
                [python, str(HERE / "worker.py"), problem, kind, who, str(threads), order],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=settle,
            )
        self._buffer = b""
        self.ready = self._read(limit=300.0)
        self.supported = self.ready["status"] == "ready"
        if not self.supported:
            self.close()

    def ask(self, tol: float, *, judged: bool, limit: float) -> dict:
        """One run; ContenderError when it dies or is not back within `limit` seconds."""
        try:
            self.process.stdin.write(json.dumps({"tol": tol, "judge": judged}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ContenderError("died") from None
        return self._read(limit)

    def _read(self, limit: float) -> dict:
        end = time.monotonic() + limit
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(timeout=max(0.0, end - time.monotonic())):
                    self.close()
                    raise ContenderError(f"over the cap of {limit:g} s")
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    self.close()
                    raise ContenderError("died (see the log)")
                self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def close(self) -> None:
        """End the process and whatever it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def find_tolerance(worker: Worker, goal: float, start: float, limit: float) -> tuple[float, dict]:
    """The loosest tolerance of the ladder whose worst suboptimality is within the goal, and its run."""
    ladder = sorted(CONTENDERS[worker.who].ladder, reverse=True)
    at = min(range(len(ladder)), key=lambda k: abs(ladder[k] - start))
    runs: dict[int, dict] = {}

    def reaches(k: int) -> bool:
        runs[k] = runs.get(k) or worker.ask(ladder[k], judged=True, limit=limit)
        return runs[k]["verdict"]["suboptimality"] <= goal

    if reaches(at):
        while at > 0 and reaches(at - 1):
            at -= 1
    else:
        while at + 1 < len(ladder) and not reaches(at):
            at += 1
        reaches(at)
    return ladder[at], runs[at]
