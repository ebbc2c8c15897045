"""Rule models against those of imodels: predictive error, time, and how many terms are kept.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python benchmarks/rules.py  # everything; writes results/rules.md
    python benchmarks/rules.py -s concrete  # only sets with this word; nothing is written

Tables are cut to ROWS random rows, of which 30 % are test rows. Categories become indicators, the same for all, and
rows with missing values are left out, since imodels takes none. Both make rules from boosting, with columns beside them
as linear terms, at their own defaults but for the number of rules: imodels takes 30 at most by default, ours 500, so it
is run with both. Times are processor times of one thread; a fit of imodels that takes more than CAP seconds is ended
and has no numbers. Errors are 1 - R^2 for numbers and the log-loss (probabilities below 2e-16 count as that) and the
share of wrong labels for classes, of which there are two: imodels takes no more.
The data lie in ``tabular_reg`` and ``tabular_clf`` of the folder that REGULARFIT_DATA names, else of ``shared/data``
beside or above this file. Needs imodels (and six, which imodels forgets to ask for).
"""

from __future__ import annotations

import argparse
import signal
import statistics
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import imodels
import numpy as np
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from tree_tables import folder, log_loss

from regularfit.trees import RuleFitClassifier, RuleFitRegressor
from regularfit.trees.columns import TreeColumns

RESULTS = Path(__file__).parent / "results" / "rules.md"
ROWS, CAP = 700, 60
SETS = {
    "tabular_reg": ("concrete", "abalone", "kin8nm", "airfoil", "power_plant_ccpp", "wine_quality"),
    "tabular_clf": ("phoneme", "credit_g", "spambase", "blood_transfusion", "wdbc", "kc1"),
}
CONTENDERS = ("ours", "ours, 1se", "imodels, 30 rules", "imodels, 500 rules")
Found = dict[str, tuple[float, float, int, float] | None]  # error, wrong labels, terms and seconds of each


def table(kind: str, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return X with indicators of categories, and y as numbers or codes; at most ROWS rows."""
    frame = pd.read_csv(folder(kind) / f"{name}.csv.gz", keep_default_na=False, na_values=[""]).dropna()
    if len(frame) > ROWS:
        frame = frame.sample(ROWS, random_state=0)
    target = frame.pop("target")
    y = target.to_numpy(np.float64) if kind == "tabular_reg" else pd.factorize(target, sort=True)[0]
    columns = TreeColumns.learn(frame, indicators=True)
    names = [f"c{j}" for j in range(len(columns.encoded_names))]  # imodels stumbles over blanks in names
    return pd.DataFrame(columns.encode(frame), columns=names), y


def make(who: str, classes: bool) -> Any:
    """Return the unfitted estimator."""
    if who.startswith("ours"):
        select = "1se" if "1se" in who else "min"
        return (RuleFitClassifier if classes else RuleFitRegressor)(n_jobs=1, select=select)
    kind = imodels.RuleFitClassifier if classes else imodels.RuleFitRegressor
    return kind(max_rules=500 if "500" in who else 30, random_state=0)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so many seconds of this process's own time; 0 never."""

    def end(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def contest(model: Any, split: list[Any], classes: bool) -> tuple[float, float, int, float] | None:
    """Return test error, share of wrong labels, terms kept and seconds; None where it took too long."""
    train, test, y_train, y_test = split
    own = type(model).__module__.startswith("regularfit")
    start = time.process_time()
    try:
        with warnings.catch_warnings(), at_most(0 if own else CAP):
            warnings.simplefilter("ignore")
            model.fit(train if own else train.to_numpy(), y_train)
    except TimeoutError:
        return None
    seconds = time.process_time() - start
    rows = test if own else test.to_numpy()
    terms = len(model.rules_) if own else int(np.count_nonzero(np.ravel(model.coef)))
    if classes:
        shares = model.predict_proba(rows)
        return log_loss(shares, y_test), float(np.mean(shares.argmax(axis=1) != y_test)), terms, seconds
    return 1 - float(r2_score(y_test, model.predict(rows))), np.nan, terms, seconds


def one_set(kind: str, name: str) -> Found:
    """Return what all contenders found on one set."""
    X, y = table(kind, name)
    classes = kind == "tabular_clf"
    split = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y if classes else None)
    return {who: contest(make(who, classes), split, classes) for who in CONTENDERS}


def head(kind: str) -> list[str]:
    """The head of the table of a kind of sets."""
    measures = ["1 - R^2"] if kind == "tabular_reg" else ["log-loss", "wrong"]
    cells = ["set"]
    for who in CONTENDERS:
        cells += [f"{who}: {measures[0]}", *measures[1:], "terms", "s"]
    return [f"| {' | '.join(cells)} |", "|---" + "|--:" * (len(cells) - 1) + "|"]


def row(kind: str, name: str, found: Found) -> str:
    """One line of the table."""
    cells = [name]
    for what in found.values():
        if what is None:
            cells += ["", *([""] if kind == "tabular_clf" else []), "", f"> {CAP}"]
            continue
        error, wrong, terms, seconds = what
        share = [f"{100 * wrong:.1f} %"] if kind == "tabular_clf" else []
        cells += [f"{error:.3f}", *share, str(terms), f"{seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def verdict(every: list[Found]) -> list[str]:
    """How often either was better, and by how much in the median."""
    lines: list[str] = []
    for own in CONTENDERS[:2]:
        for peer in CONTENDERS[2:]:
            pairs = [(one[own], one[peer]) for one in every]
            both = [(a, b) for a, b in pairs if a is not None and b is not None]
            if not both:
                continue
            error, terms, spent = (statistics.median(a[k] / b[k] for a, b in both) for k in (0, 2, 3))
            lines.append(
                f"- {own} against {peer}, medians over {len(both)} of {len(every)} sets: error {error:.2f} times "
                f"theirs (lower on {sum(a[0] < b[0] for a, b in both)}), terms {terms:.2f} times, time {spent:.2f} "
                "times."
            )
    return lines


def main() -> None:
    """Print the tables, and keep the sets that are done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-s", "--sets", default="", help="only sets with this word; nothing is written")
    options = parser.parse_args()
    lines: dict[str, list[str]] = {}
    every: list[Found] = []
    for kind, sets in SETS.items():
        lines[kind] = head(kind)
        for name in sets:
            if options.sets not in name:
                continue
            every.append(one_set(kind, name))
            lines[kind].append(row(kind, name, every[-1]))
            print(lines[kind][-1], flush=True)
            if not options.sets:
                write(lines, every)


def write(lines: dict[str, list[str]], every: list[Found]) -> None:
    """Write the page of the sets that are done: imodels takes long, and a run may be ended."""
    how = f"{ROWS} rows at most, one split, one thread; imodels {version('imodels')}."
    text = ["# Rule models", "", "Made by `rules.py`, which says how.", how, "", *verdict(every)]
    for some in lines.values():
        text += ["", *some]
    RESULTS.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
