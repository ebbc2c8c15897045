"""Other losses and penalties, ours and the peers side by side: equal grids, equal verified accuracy.

    python benchmarks/families.py --smoke -o /tmp/f.json   does it work here?
    python benchmarks/families.py [-w WORDS] [--reps 2]    measure; writes results/families.json and .md
    python benchmarks/families.py --kinds cv --reps 1      only cross-validation, at the tolerances that paths need

Every contender has a process of its own with one thread; they take turns; times are processor seconds of the call.
A peer runs at the loosest tolerance, in steps of ten, within 1e-6 of the lowest objective anybody reached at every
strength. README.md beside this file says the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import families_report
import numpy as np
from family_contenders import CONTENDERS
from family_problems import RECIPES, Problem, objectives, problem, save
from linear import machine
from runner import THREAD_VARIABLES, interpreter

HERE = Path(__file__).parent
OURS, GOAL = "regularfit", 1e-6
COMPILES = 90.0  # seconds more for the first run of a process
TIGHT = 1e-10  # ours once more, for the reference


class RunError(Exception):
    """A run that ended badly or took too long; the text says which."""


# ---- the process of one contender
@dataclass
class Runner:
    """A live contender, what it has been asked, and how long it took: tolerance -> objectives, seconds of a path."""

    who: str
    given: Problem
    folder: Path
    log: Path
    cap: float
    found: dict[float, np.ndarray] = field(default_factory=dict)
    seconds: dict[float, list[float]] = field(default_factory=dict)
    chosen: dict[str, Any] | None = None  # of its cross-validation
    cv_seconds: list[float] = field(default_factory=list)
    version: str = ""
    buffer: bytes = b""

    def start(self) -> None:
        """Start the process and wait until the data are loaded."""
        python = interpreter(CONTENDERS[self.who].environment)
        if not Path(python).exists():
            raise RunError("not installed (setup_peers.sh)")
        environment = dict(os.environ, PYTHONWARNINGS="ignore")
        environment |= {f"{name}_NUM_THREADS": "1" for name in THREAD_VARIABLES}
        command = [python, str(HERE / "family_worker.py"), self.given.name, self.who, str(self.folder)]
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self.version = self._read(300.0)["version"]

    def ask(self, tol: float) -> np.ndarray:
        """One path; the objectives at every strength."""
        answer = self._send(tol, "path", self.cap + (0 if self.found else COMPILES))
        self.seconds.setdefault(tol, []).append(answer["seconds"])
        if tol not in self.found:
            with np.load(answer["path"]) as data:
                self.found[tol] = objectives(self.given, data["arr_0"], data["arr_1"])
        return self.found[tol]

    def choose(self, tol: float) -> None:
        """One cross-validation."""
        answer = self._send(tol, "cv", self.cap)
        self.cv_seconds.append(answer["seconds"])
        with np.load(answer["path"]) as data:
            coef, level, curve, best = (data[f"arr_{k}"] for k in range(4))
        at = replace(self.given, strengths=self.given.strengths[[int(best)]])
        value = float(objectives(at, coef[None], level[None])[0])
        self.chosen = {"best": int(best), "objective": value, "curve": curve}

    def _send(self, tol: float, kind: str, limit: float) -> dict:
        self.process.stdin.write(json.dumps({"tol": tol, "kind": kind}).encode() + b"\n")
        self.process.stdin.flush()
        return self._read(limit)

    def _read(self, limit: float) -> dict:
        end = time.monotonic() + limit
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.buffer:
                if not selector.select(timeout=max(0.0, end - time.monotonic())):
                    raise RunError(f"over {limit:g} s a run")
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    raise RunError("died (see the log)")
                self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def close(self) -> None:
        """End the process and what it started."""
        if hasattr(self, "process"):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self.process.stdin.close()  # it ends by itself between runs, and clears what it wrote
                self.process.wait(2.0 if self.seconds else 0.1)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


# ---- one workload
def distance(found: np.ndarray, best: np.ndarray) -> float:
    """The worst relative excess over the best known objective; infinite where the path stopped early."""
    excess = (found - best) / np.abs(best)
    return float(np.inf if np.isnan(excess).any() else excess.max())


def loosest(runner: Runner, best: np.ndarray, *, own: bool) -> float:
    """The loosest tolerance that reaches the goal; the sharpest that answered where none does.

    Where the penalty is not convex (``own``) a peer is held to its own sharp answer, not to ours.
    """
    contender = CONTENDERS[runner.who]
    ladder, at = contender.ladder, contender.ladder.index(contender.start)
    if own or not np.isfinite(best).all():  # nobody before: held to its own sharp answer
        best = runner.ask(float(f"1e-{contender.start + 3}"))

    def reaches(k: int) -> bool:
        lower = runner.ask(float(f"1e-{ladder[k]}"))
        return distance(lower, best) <= GOAL

    try:
        if reaches(at):
            while at > 0 and reaches(at - 1):
                at -= 1
        else:
            while at + 1 < len(ladder) and not reaches(at):
                at += 1
    except (
        RunError
    ):  # a sharper one took too long: what answered before is kept, though it will not run again
        if not runner.found:
            raise
    tried = [tol for tol in sorted(runner.found, reverse=True) if distance(runner.found[tol], best) <= GOAL]
    return tried[0] if tried else min(runner.found)


def enter(runner: Runner, best: np.ndarray, *, own: bool) -> tuple[float, np.ndarray]:
    """Start a contender and find its tolerance; the best objectives known after it."""
    runner.start()
    if runner.who == OURS:
        runner.ask(1e-7)
        with contextlib.suppress(RunError):
            runner.ask(TIGHT)
        tol = 1e-7
    else:
        tol = loosest(runner, best, own=own)
    answers = [np.where(np.isnan(f), np.inf, f) for f in runner.found.values()]
    return tol, np.minimum.reduce([best, *answers])


def entry_of(runner: Runner, tol: float, best: np.ndarray, ours: np.ndarray | None) -> dict:
    """What is kept of a contender; ``lower``: at how many strengths it beats ours, and is beaten, by over 1e-6."""
    found, times = runner.found[tol], runner.seconds[tol]
    out = {
        "contender": runner.who,
        "version": runner.version,
        "status": "ok",
        "tol": tol,
        "seconds": times[1:] or times,
        "off": distance(found, best),
        "strengths": int(np.isfinite(found).sum()),
    }
    if ours is not None:
        excess = (found - ours) / np.abs(ours)
        out["lower"] = int((excess < -GOAL).sum())
        out["higher"] = int((excess > GOAL).sum())
        out["sum"] = float(np.nansum(found))
    return out


def cv_entry(runner: Runner, tol: float, best: np.ndarray, ours: Runner | None, *, convex: bool) -> dict:
    """What is kept of a cross-validation.

    ``off`` is the excess of the objective at the strength chosen, ``curve`` the largest relative distance from our
    curve. Held-out partial likelihoods are defined in several ways, so there is none for Cox.
    """
    chosen, k = runner.chosen, runner.chosen["best"]
    out = {
        "kind": "cv",
        "contender": runner.who,
        "version": runner.version,
        "status": "ok",
        "tol": tol,
        "seconds": runner.cv_seconds[1:] or runner.cv_seconds,
        "off": float((chosen["objective"] - best[k]) / abs(best[k])) if convex else 0.0,
    }
    if ours is not None and ours is not runner and runner.given.recipe.family != "cox":
        truth = ours.chosen["curve"]
        out["curve"] = float(np.nanmax(np.abs(chosen["curve"] - truth) / np.abs(truth)))
    return out


def _rounds(live: dict[str, tuple[Runner, float]], kinds: list[str], reps: int) -> None:
    """Everybody in turns; who fails or takes too long drops out of what follows."""
    for kind in kinds:
        for _ in range(reps):
            for runner, tol in live.values():
                if runner.process.poll() is None:
                    try:
                        runner.ask(tol) if kind == "path" else runner.choose(tol)
                    except (RunError, BrokenPipeError):
                        runner.close()


def run_workload(name: str, options: argparse.Namespace) -> list[dict]:
    """Everybody who has the model, in turns; every entry."""
    given, convex = problem(name), RECIPES[name].penalty != "mcp"
    best = np.full(given.strengths.size, np.inf)
    live: dict[str, tuple[Runner, float]] = {}
    entries = []
    with tempfile.TemporaryDirectory(prefix="regularfit-bench-") as folder:
        save(given, Path(folder))
        for who, contender in CONTENDERS.items():
            if not contender.supports(given):
                continue
            runner = Runner(who, given, Path(folder), options.log, options.cap)
            try:
                tol, best = enter(runner, best, own=not convex)
                live[who] = (runner, tol)
            except (RunError, BrokenPipeError) as failure:
                entries.append({"contender": who, "status": str(failure) or "died (see the log)"})
                runner.close()
        _rounds(live, options.kinds, options.reps)
        ours = None if convex or OURS not in live else live[OURS][0].found[live[OURS][1]]
        chooser = live[OURS][0] if OURS in live and live[OURS][0].chosen else None
        for runner, tol in live.values():
            if "path" in options.kinds:
                entries.append(entry_of(runner, tol, best, ours))
            if runner.chosen:
                entries.append(cv_entry(runner, tol, best, chooser, convex=convex))
            elif "cv" in options.kinds:
                entries.append(
                    {"kind": "cv", "contender": runner.who, "status": f"over {options.cap:g} s, or failed"}
                )
            runner.close()
    return [{"workload": name, "kind": "path"} | entry for entry in entries]


def write(output: Path, name: str, entries: list[dict]) -> None:
    """Replace a workload in the result file, read anew, so that two calls may share it."""
    stored = json.loads(output.read_text())["results"] if output.exists() else []
    measured = {entry["kind"] for entry in entries}
    results = [r for r in stored if r["workload"] != name or r["kind"] not in measured] + entries
    results.sort(key=lambda entry: (list(RECIPES).index(entry["workload"]), entry["kind"] == "cv"))
    content = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "goal": GOAL, "results": results}
    output.write_text(json.dumps(content, indent=1) + "\n")
    output.with_suffix(".md").write_text(families_report.full(content))


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-w", "--workloads", default="", help="comma-separated words of their names")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument(
        "--kinds", default="path,cv", type=lambda text: text.split(","), help="path, cv or both"
    )
    parser.add_argument("--reps", type=int, default=2, help="rounds after the search for tolerances")
    parser.add_argument("--cap", type=float, default=60.0, help="seconds one run may take")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results" / "families.json")
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / "regularfit-families.log")
    options = parser.parse_args()
    words = [w.strip() for w in options.workloads.split(",") if w.strip()]
    names = [
        n
        for n in RECIPES
        if (any(w in n for w in words) if words else n.startswith("smoke") == options.smoke)
    ]
    for name in names:
        print(f"[{time.strftime('%H:%M:%S')}] {name}", flush=True)
        entries = run_workload(name, options)
        for entry in entries:
            print("   ", families_report.one_line(entry), flush=True)
        write(options.output, name, entries)


if __name__ == "__main__":
    main()
