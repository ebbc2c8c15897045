"""How long `import regularfit` and `regularfit --help` take, as processes, against the dependencies alone.

    python benchmarks/import_time.py

Targets: the import at most 60 ms beyond its dependencies (NumPy and SciPy's sparse matrices);
--help at most 150 ms.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RUNS = 15
COMMAND = shutil.which("regularfit", path=str(Path(sys.executable).parent)) or shutil.which("regularfit")
CASES = {
    "python alone": [sys.executable, "-c", "pass"],
    "dependencies (numpy, scipy.sparse)": [sys.executable, "-c", "import numpy, scipy.sparse"],
    "import regularfit": [sys.executable, "-c", "import regularfit"],
    "import regularfit, and an estimator": [
        sys.executable,
        "-c",
        "from regularfit import PenalizedRegressor",
    ],
    "scikit-learn's base classes": [sys.executable, "-c", "import sklearn.base, sklearn.utils.validation"],
    "scikit-learn's linear models, for comparison": [sys.executable, "-c", "import sklearn.linear_model"],
} | (
    {"regularfit --help": [COMMAND, "--help"], "regularfit fit --help": [COMMAND, "fit", "--help"]}
    if COMMAND
    else {}
)


def once(command: list[str]) -> float:
    """Seconds of one process, start to end."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Take turns, so that all see the same machine; print medians, minima, maxima and the two verdicts."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for turn in range(RUNS + 1):
        for name, command in CASES.items():
            taken = once(command)
            if turn > 0:  # the first one reads the files from disk
                times[name].append(taken)
    print("| process | median ms | min | max |\n|---|--:|--:|--:|")
    for name, values in times.items():
        print(f"| {name} | {1e3 * median(values):.0f} | {1e3 * min(values):.0f} | {1e3 * max(values):.0f} |")
    own = median(times["import regularfit"]) - median(times["dependencies (numpy, scipy.sparse)"])
    print(f"\nimport regularfit beyond its dependencies: {1e3 * own:.0f} ms (target: at most 60)")
    if COMMAND:
        print(f"regularfit --help: {1e3 * median(times['regularfit --help']):.0f} ms (target: at most 150)")


if __name__ == "__main__":
    main()
