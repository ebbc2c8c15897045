"""Rule models against those of imodels: predictive error, time, and how many terms are kept.

    python benchmarks/rules.py              # everything; writes results/rules.md
    python benchmarks/rules.py -s concrete  # only sets with this word; nothing is written

Tables are cut to ROWS random rows, of which 30 % are test rows. Categories become indicators, the same for all, and
rows with missing values are left out, since imodels takes none. Both make rules from boosting, with columns beside them
as linear terms, at their own defaults but for the number of rules: imodels takes 30 at most by default, ours 500, so it
is run with both. Times are processor times of one thread. Errors are 1 - R^2 for numbers and the log-loss for classes.
The data lie in ``tabular_reg`` and ``tabular_clf`` of the folder that REGULARFIT_DATA names, else of ``shared/data``
beside or above this file. Needs imodels (and six, which imodels forgets to ask for).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import imodels
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import train_test_split

from regularfit.trees import RuleFitClassifier, RuleFitRegressor
from regularfit.trees.columns import TreeColumns

RESULTS = Path(__file__).parent / "results" / "rules.md"
ROWS = 700
SETS = (
    ("tabular_reg", "concrete"),
    ("tabular_clf", "phoneme"),
    ("tabular_reg", "abalone"),
    ("tabular_reg", "kin8nm"),
)
HEAD = (
    "| set | ours: error | terms | s | ours, 1se: error | terms | s | imodels, 30 rules: error | terms | s "
    "| imodels, 500 rules: error | terms | s |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)


def data_folder() -> Path:
    """Return where the tables are."""
    named = os.environ.get("REGULARFIT_DATA")
    folders = [Path(named)] if named else [up / "shared" / "data" for up in Path(__file__).resolve().parents]
    found = next((folder for folder in folders if (folder / "tabular_reg").is_dir()), None)
    if found is None:
        raise SystemExit("There are no tables: set REGULARFIT_DATA to the folder that holds tabular_reg.")
    return found


def table(kind: str, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return X with indicators of categories, and y as numbers or codes; at most ROWS rows."""
    frame = pd.read_csv(
        data_folder() / kind / f"{name}.csv.gz", keep_default_na=False, na_values=[""]
    ).dropna()
    if len(frame) > ROWS:
        frame = frame.sample(ROWS, random_state=0)
    target = frame.pop("target")
    y = target.to_numpy(np.float64) if kind == "tabular_reg" else pd.factorize(target, sort=True)[0]
    columns = TreeColumns.learn(frame, indicators=True)
    names = [f"c{j}" for j in range(len(columns.encoded_names))]  # imodels stumbles over blanks in names
    return pd.DataFrame(columns.encode(frame), columns=names), y


def ours(classes: bool, **how: Any) -> Any:
    """Our estimator, with one thread."""
    return (RuleFitClassifier if classes else RuleFitRegressor)(n_jobs=1, **how)


def theirs(classes: bool, rules: int) -> Any:
    """The estimator of imodels."""
    kind = imodels.RuleFitClassifier if classes else imodels.RuleFitRegressor
    return kind(max_rules=rules, random_state=0)


def contest(model: Any, split: list[Any], classes: bool) -> tuple[float, int, float]:
    """Return test error, terms kept and seconds."""
    train, test, y_train, y_test = split
    own = type(model).__module__.startswith("regularfit")
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(train if own else train.to_numpy(), y_train)
    seconds = time.process_time() - start
    rows = test if own else test.to_numpy()
    terms = len(model.rules_) if own else int(np.count_nonzero(np.ravel(model.coef)))
    if classes:
        return float(log_loss(y_test, model.predict_proba(rows))), terms, seconds
    return 1 - float(r2_score(y_test, model.predict(rows))), terms, seconds


def row(kind: str, name: str) -> str:
    """One line of the table."""
    X, y = table(kind, name)
    classes = kind == "tabular_clf"
    split = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y if classes else None)
    models = (ours(classes), ours(classes, select="1se"), theirs(classes, 30), theirs(classes, 500))
    cells = [f"{name} ({'log-loss' if classes else '1 - R^2'})"]
    for model in models:
        error, terms, seconds = contest(model, split, classes)
        cells += [f"{error:.3f}", str(terms), f"{seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, and keep it when all of it was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-s", "--sets", default="", help="only sets with this word; nothing is written")
    options = parser.parse_args()
    print("\n".join(HEAD), flush=True)
    lines: list[str] = []
    for kind, name in SETS:
        if options.sets in name:
            lines.append(row(kind, name))
            print(lines[-1], flush=True)
            if not options.sets:
                write(lines)


def write(lines: list[str]) -> None:
    """Write the page of the sets that are done: imodels takes long, and a run may be ended."""
    how = f"{ROWS} rows at most, one split, one thread; imodels {version('imodels')}."
    text = ["# Rule models", "", "Made by `rules.py`, which says how.", how, "", *HEAD, *lines]
    RESULTS.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
