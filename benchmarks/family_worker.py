"""One contender on one problem of families.py, in a process of its own; arguments: problem, contender, folder.

Each line on stdin asks for one run: {"tol": 1e-7, "kind": "path"} or "cv"; each line on stdout answers it. What a
library prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from family_contenders import CONTENDERS
from family_problems import load


def serve(name: str, who: str, folder: Path) -> None:
    """Answer until stdin closes."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    given, contender = load(name, folder), CONTENDERS[who]
    print(json.dumps({"version": contender.prepare(given)}), file=answers)
    for line in sys.stdin:
        asked, start = json.loads(line), time.process_time()
        run = contender.cross_validate if asked["kind"] == "cv" else contender.run
        found = run(given, asked["tol"])
        used = contender.seconds or time.process_time() - start
        path = folder / f"{list(CONTENDERS).index(who)}.npz"
        np.savez(path, *found)
        print(json.dumps({"seconds": used, "path": str(path)}), file=answers)
    contender.close()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
