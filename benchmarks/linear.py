"""Penalised linear models, ours and the peers side by side: equal grids, equal verified accuracy.

    python benchmarks/linear.py list                              the workloads and who takes part
    python benchmarks/linear.py run [-w WORDS] [-c NAMES]         measure; writes results/linear.*
    python benchmarks/linear.py report [--readme]             tables again; --readme: into README.md
    python benchmarks/linear.py reference [-p WORDS]              recompute the certified reference objectives

README.md beside this file says what is measured and how.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import time
from pathlib import Path

import numpy as np
import report
from contenders import CONTENDERS, timed
from objective import REFERENCES, save_reference
from problems import RECIPES, Problem, ensure, why_not, workloads
from runner import ContenderError, Worker, find_tolerance, interpreter

HERE = Path(__file__).parent
RESULTS = HERE / "results"
TOLERANCES = REFERENCES / "tolerances.json"
OURS = "regularfit"
GOAL = 1e-6
CLOSEST = 3  # so many of the fastest peers take turns with us; the others are measured once


def _known_tolerances() -> dict:
    return json.loads(TOLERANCES.read_text()) if TOLERANCES.exists() else {}


def _remember(problem: str, who: str, tol: float, run: dict) -> None:
    known = _known_tolerances()
    known.setdefault(problem, {})[who] = {
        "tol": tol,
        "suboptimality": float(f"{run['verdict']['suboptimality']:.2g}"),
    }
    TOLERANCES.parent.mkdir(exist_ok=True)
    TOLERANCES.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def _first_run(worker: Worker, problem: str, kind: str, options: argparse.Namespace) -> tuple[float, dict]:
    """The warm-up, judged: at the tolerance known for this problem, or found now (on its path)."""
    contender = CONTENDERS[worker.who]
    known = _known_tolerances().get(problem, {}).get(worker.who)
    if worker.who == OURS or len(contender.ladder) == 1 or (known and not options.retune):
        tol = known["tol"] if known and worker.who != OURS else contender.start
        return tol, worker.ask(tol, judged=True, limit=options.cap)
    if kind == "path":
        tol, run = find_tolerance(worker, GOAL, known["tol"] if known else contender.start, options.cap)
        _remember(problem, worker.who, tol, run)
        return tol, run
    return contender.start, worker.ask(contender.start, judged=True, limit=options.cap)


def _enter(who: str, name: str, options: argparse.Namespace) -> tuple[dict, Worker | None] | None:
    """Start a contender and let it run once: its entry in the results, and the live process."""
    problem, kind = workloads()[name]
    entry: dict = {"workload": name, "contender": who}
    reason = None if options.all else why_not(who, problem, kind)
    if reason:
        return entry | {"status": reason}, None
    worker = None
    try:
        worker = Worker(who, problem, kind, threads=options.threads, order=options.order, log=options.log)
        if not worker.supported:
            return None
        tol, run = _first_run(worker, problem, kind, options)
        entry |= {
            "status": "ok",
            "tol": tol,
            "first": run["seconds"],
            "version": worker.ready["version"],
            "x_mb": worker.ready["x_mb"],
            "base_mb": run["base_mb"],
            "peak_mb": run["peak_mb"],
            "verdict": run["verdict"],
            "curve": run["curve"],
            "seconds": [run["seconds"]],
            "cpu": [run["cpu"]],
        }
        if CONTENDERS[who].compiles:
            run = worker.ask(tol, judged=False, limit=options.cap)
            entry |= {"seconds": [run["seconds"]], "cpu": [run["cpu"]]}
    except ContenderError as failure:
        return entry | {"status": str(failure)}, None
    return entry, worker


def _take_turns(entries: dict[str, dict], live: dict[str, Worker], options: argparse.Namespace) -> None:
    """Rounds in which we and the fastest peers run once each, so that a drifting machine hits all alike."""
    ranked = sorted((w for w in live if w != OURS), key=lambda w: entries[w]["seconds"][0])
    players = [w for w in live if w == OURS or w in ranked[:CLOSEST]]
    for who in set(live) - set(players):
        live.pop(who).close()
    if len(players) == 0:
        return
    fastest = min(entries[w]["seconds"][0] for w in players)
    rounds = max(options.reps, min(30, math.ceil(0.5 / fastest)))
    started, fresh = time.monotonic(), True
    for _ in range(rounds):
        for who in players:
            with contextlib.suppress(ContenderError):
                run = live[who].ask(entries[who]["tol"], judged=False, limit=options.cap)
                for key in ("seconds", "cpu"):  # the warm-up never counts where there is a later run
                    entries[who][key] = ([] if fresh else entries[who][key]) + [run[key]]
        fresh = False
        if time.monotonic() - started > options.budget:
            break


def _compare_curves(entries: dict[str, dict]) -> None:
    """The largest relative distance of each CV curve from the first peer that has one."""
    curves = {who: entry.pop("curve", None) for who, entry in entries.items()}
    order = ["textbook ridge", "glmnet (R)", "scikit-learn", "adelie", "celer", "glum"]
    against = next((who for who in order if curves.get(who) and np.isfinite(curves[who]).all()), None)
    for who, curve in curves.items():
        if against and curve and who != against and len(curve) == len(curves[against]):
            distance = np.abs(np.array(curve) / np.array(curves[against]) - 1).max()
            entries[who]["curve_distance"] = {"from": against, "worst": float(distance)}


def run_workload(name: str, options: argparse.Namespace) -> list[dict]:
    """Measure one workload; every contender's entry."""
    ensure(workloads()[name][0])
    chosen = options.contenders.split(",") if options.contenders else list(CONTENDERS)
    entries: dict[str, dict] = {}
    live: dict[str, Worker] = {}
    try:
        for who in chosen:
            entered = _enter(who, name, options)
            if entered is None:
                continue
            entries[who], worker = entered
            if worker is not None:
                live[who] = worker
        _take_turns(entries, live, options)
    finally:
        for worker in live.values():
            worker.close()
    _compare_curves(entries)
    for entry in entries.values():
        print(report.one_line(entry), flush=True)
    return list(entries.values())


def machine() -> dict:
    """What the figures were measured on: processor, cores, memory, Python. No name of the machine."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), ""
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
    }


def _matching(words: str, names: list[str], *, smoke: bool) -> list[str]:
    """Names that contain any of the comma-separated words; without words, all but the smoke ones."""
    if words:
        return [n for n in names if any(word.strip() in n for word in words.split(","))]
    return [n for n in names if n.startswith("smoke") == smoke]


def command_run(options: argparse.Namespace) -> None:
    """Measure workloads, adding to the result file after each."""
    names = _matching(options.workloads, list(workloads()), smoke=options.smoke)
    stored = json.loads(options.output.read_text()) if options.output.exists() and not options.fresh else {}
    results = stored.get("results", [])
    options.log.parent.mkdir(parents=True, exist_ok=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        print(f"[{time.strftime('%H:%M:%S')}] {name}", flush=True)
        entries = run_workload(name, options)
        replaced = {(e["workload"], e["contender"]) for e in entries}
        results = [r for r in results if (r["workload"], r["contender"]) not in replaced] + entries
        content = {
            "machine": machine(),
            "date": time.strftime("%Y-%m-%d"),
            "threads": options.threads,
            "order": options.order,
            "goal": GOAL,
            "results": results,
        }
        options.output.write_text(json.dumps(content, indent=1) + "\n")
        options.output.with_suffix(".md").write_text(report.full(content))


def command_report(options: argparse.Namespace) -> None:
    """Print the tables of a result file; with --readme, put the short one into the project's README."""
    content = json.loads(options.output.read_text())
    text = report.full(content)
    options.output.with_suffix(".md").write_text(text)
    print(text)
    if options.readme:
        report.inject(HERE.parent / "README.md", report.short(content))


def command_reference(options: argparse.Namespace) -> None:
    """Solve (in the contender's own environment), polish and certify the reference of every problem."""
    for name in (
        _matching(options.problems, list(RECIPES), smoke=False) if not options.here else [options.problems]
    ):
        who, tol = RECIPES[name].reference
        if not options.here:
            python = interpreter(CONTENDERS[who].environment)
            os.spawnv(os.P_WAIT, python, [python, str(HERE / "linear.py"), "reference", "--here", "-p", name])
            continue
        problem, contender, start = Problem(name), CONTENDERS[who], time.perf_counter()
        contender.prepare(problem, "path", 1)
        fit, _ = timed(contender, problem, "path", tol, 1)
        found = save_reference(problem, fit.coefs, fit.intercepts, f"{who} at {tol:g}, polished")
        print(
            f"{name}: certified to {found['certified_gap']:.1e}, {time.perf_counter() - start:.1f} s",
            flush=True,
        )


def command_list(options: argparse.Namespace) -> None:
    """Print every workload and the contenders recorded as not run on it."""
    for name, (problem, kind) in workloads().items():
        left_out = [who for who in CONTENDERS if why_not(who, problem, kind)]
        print(name + (f"   (not run: {', '.join(left_out)})" if left_out else ""))


def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run")
    run.add_argument(
        "-w", "--workloads", default="", help="comma-separated words; a workload whose name has one runs"
    )
    run.add_argument("-c", "--contenders", default="", help="comma-separated names, see contenders.py")
    run.add_argument("-t", "--threads", type=int, default=1)
    run.add_argument("--smoke", action="store_true", help="the tiny workloads that check the harness")
    run.add_argument(
        "--order", choices="FC", default="F", help="memory order of the X handed over (C: C order, CSR)"
    )
    run.add_argument("--reps", type=int, default=5, help="rounds, more where a run is short")
    run.add_argument(
        "--budget", type=float, default=60.0, help="no new round after so many seconds of rounds"
    )
    run.add_argument("--cap", type=float, default=90.0, help="seconds one run may take")
    run.add_argument("--retune", action="store_true", help="search the tolerances again")
    run.add_argument("--all", action="store_true", help="also run what is recorded as too slow")
    run.add_argument("--fresh", action="store_true", help="forget the results in the output file")
    run.add_argument(
        "--log", type=Path, default=RESULTS / "log.txt", help="what the contenders print on stderr"
    )
    show = commands.add_parser("report")
    show.add_argument("--readme", action="store_true", help="put the short table between README.md's markers")
    for command, function in ((run, command_run), (show, command_report)):
        command.add_argument("-o", "--output", type=Path, default=RESULTS / "linear.json")
        command.set_defaults(function=function)
    reference = commands.add_parser("reference")
    reference.add_argument("-p", "--problems", default="")
    reference.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    reference.set_defaults(function=command_reference)
    commands.add_parser("list").set_defaults(function=command_list)
    options = parser.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()
