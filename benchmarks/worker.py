"""One contender on one problem, in a process of its own; started by runner.py and spoken to in lines of JSON.

Arguments: problem, kind, contender, threads, memory order. Each line on stdin asks for one run:
{"tol": 1e-7, "judge": true}; each line on stdout answers it. What a library prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from pathlib import Path


def _megabytes(key: str) -> float:
    with Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith(key):
                return int(line.split()[1]) / 1024
    return float("nan")


def _reset_peak() -> None:
    with contextlib.suppress(OSError):  # then the peak includes what came before, which only makes it larger
        Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Serve runs until stdin closes."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    from contenders import CONTENDERS, timed
    from objective import judge
    from problems import Problem

    name, kind, who, threads, order = sys.argv[1:6]
    contender, problem = CONTENDERS[who], Problem(name, order)
    if not contender.supports(problem, kind):
        print(json.dumps({"status": "unsupported"}), file=answers)
        return
    contender.prepare(problem, kind, int(threads))
    module = sys.modules[contender.module.split(".")[0]]
    print(
        json.dumps(
            {
                "status": "ready",
                "version": contender.version or str(getattr(module, "__version__", "")),
                "x_mb": problem.megabytes,
            }
        ),
        file=answers,
    )
    for line in sys.stdin:
        ask = json.loads(line)
        _reset_peak()
        base = _megabytes("VmRSS")
        fit, measured = timed(contender, problem, kind, ask["tol"], int(threads))
        reply = {"base_mb": base, "peak_mb": _megabytes("VmHWM")} | measured
        if ask["judge"]:
            reply["verdict"] = judge(problem, fit.coefs, fit.intercepts, fit.index)
            reply["curve"] = None if fit.curve is None else [float(v) for v in fit.curve]
        del fit
        print(json.dumps(reply), file=answers)


if __name__ == "__main__":
    main()
