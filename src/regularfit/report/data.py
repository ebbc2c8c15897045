"""The facts of a report: what was given, tried, chosen and proved. No picture, no sentence, no estimator.

Everything a report says is computed from these values, so they are what ``run.json`` keeps, what a test
builds by hand and what :func:`regularfit.report.render.render` needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from regularfit.errors import InputError
from regularfit.report.by_class import ByClass
from regularfit.report.codec import LATER, decode, encode
from regularfit.report.honest_facts import HonestFacts
from regularfit.report.tree_facts import TreesFacts

__all__ = [
    "FORMAT",
    "MOST_COLUMNS",
    "CandidateFacts",
    "CertificateFacts",
    "Choice",
    "Coefficient",
    "ColumnPath",
    "CurveFacts",
    "DroppedColumn",
    "HonestFacts",
    "PathFacts",
    "ReportData",
    "RunFacts",
    "TableFacts",
    "TargetFacts",
    "TreesFacts",
]

#: The version of the JSON that :meth:`ReportData.to_json` writes.
FORMAT = 1

#: A report shows the paths and coefficients of at most this many columns, the largest ones.
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class DroppedColumn:
    """A column that was left out, and why ("is constant (always a)")."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What is predicted.

    Parameters
    ----------
    task : "regression" or "classification".
    reason : how the task was found ("guessed, since the target has two different values").
    score_name : the name of the error, in words ("mean squared error", "log-loss").
    null_error : the error of predicting the same value for every row.
    classes, counts : the classes and their rows, of two the second being predicted; empty for regression.
    quantiles : minimum, lower quartile, median, upper quartile and maximum; empty for classification.
    mean, sd : of the target; nan for classification.
    edges, histogram : (b + 1,) edges and (b,) rows in each bin; empty for classification.
    """

    name: str
    task: str
    reason: str
    score_name: str
    null_error: float
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    quantiles: tuple[float, ...] = ()
    mean: float = float("nan")
    sd: float = float("nan")
    edges: tuple[float, ...] = ()
    histogram: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TableFacts:
    """The table that was given.

    Parameters
    ----------
    source : the file, as the user named it.
    rows : rows used. ``dropped_rows`` more had no target.
    columns : columns given, without the target and other special columns.
    made_columns : numeric columns they became (categories become several).
    kinds : how many of the given columns are of each kind ("number", "category", "date", ...).
    missing : missing values of each column that has any.
    dropped : columns left out, each with its reason.
    notes : further remarks, one sentence each.
    """

    source: str
    rows: int
    columns: int
    made_columns: int
    dropped_rows: int = 0
    kinds: dict[str, int] | None = None
    missing: dict[str, int] | None = None
    dropped: tuple[DroppedColumn, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CurveFacts:
    """Errors along decreasing strengths: held out, fold by fold and on average, and on the training rows.

    ``folds`` is (K, L), one curve a fold, perhaps only the first of ``n_folds``; ``se`` is the standard error of
    ``mean``; ``train`` and ``kept`` (columns in the model) are (L,), empty where unknown;
    ``best`` and ``one_se`` are positions in ``strengths`` (``one_se`` is the strongest not clearly worse).
    """

    strengths: tuple[float, ...]
    mean: tuple[float, ...]
    se: tuple[float, ...]
    folds: tuple[tuple[float, ...], ...]
    best: int
    one_se: int
    train: tuple[float, ...] = ()
    kept: tuple[int, ...] = ()
    n_folds: int = 0


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The proof of every solution of one candidate's path, and of the one that is used.

    ``gap`` (relative duality gap) and ``kkt`` (largest violation over the strength) are those of the used solution,
    ``gaps`` is (L,) along the path, ``failed`` how many strengths did not converge, ``tol`` what was asked for.
    """

    gap: float
    kkt: float
    converged: bool
    reason: str
    strengths: tuple[float, ...] = ()
    gaps: tuple[float, ...] = ()
    failed: int = 0
    tol: float = float("nan")
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """One competing penalty at the strength that was selected for it.

    ``difference`` is its error minus the best candidate's, on the same folds, and ``difference_se`` the paired standard
    error of that (both 0 for the best); ``gap`` is held-out minus training error as a share of the training error.
    """

    name: str
    strength: float
    error: float
    se: float
    difference: float
    difference_se: float
    train_error: float
    gap: float
    kept: int
    honest: HonestFacts | None
    curve: CurveFacts | None
    certificate: CertificateFacts


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate at a strength, its error and columns kept, and why it was taken."""

    candidate: int
    strength: float
    error: float
    kept: int
    reason: str


@dataclass(frozen=True, slots=True)
class ColumnPath:
    """One column's coefficients along the path, standardised, (L,); of classes, the widest difference of two."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PathFacts:
    """The chosen candidate's path: at most ``MOST_COLUMNS`` columns, the largest first; ``nonzeros`` counts all."""

    strengths: tuple[float, ...]
    columns: tuple[ColumnPath, ...]
    nonzeros: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of the chosen model: for one unit of the column, and for one standard deviation of it."""

    name: str
    original: float
    standardised: float


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How to do it again.

    ``versions`` are those of everything that computes, ``data_hash`` is the SHA-256 of the file, ``arguments`` every
    setting with its value as text, ``python`` a few lines that do the same from Python (may be empty).
    """

    command: str
    version: str
    versions: dict[str, str]
    seed: int | None
    data_hash: str
    created: str
    seconds: float
    arguments: dict[str, str]
    python: str = ""


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report says, as plain facts.

    ``coefficients`` are the largest of the chosen model by standardised size (zeros left out, at most
    ``MOST_COLUMNS``); ``simplest`` is the model with the fewest columns that is not clearly worse than the chosen one,
    or None where that is the chosen one itself. Where every class has a predictor, ``by_class`` takes the place of
    ``coefficients`` (empty) and ``intercept`` (nan). With ``trees``, ``chosen`` is the best linear
    candidate, every ``difference`` is to the best of all, and ``honest`` is of the choice among all.
    """

    table: TableFacts
    target: TargetFacts
    candidates: tuple[CandidateFacts, ...]
    chosen: Choice
    simplest: Choice | None
    honest: HonestFacts | None
    path: PathFacts
    coefficients: tuple[Coefficient, ...]
    intercept: float
    run: RunFacts
    by_class: ByClass | None = field(default=None, metadata=LATER)
    trees: TreesFacts | None = field(default=None, metadata=LATER)

    def to_json(self) -> str:
        """Return the facts as JSON, with the version of the format."""
        return json.dumps({"format": FORMAT, **encode(self)}, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ReportData:
        """Build the facts from what :meth:`to_json` wrote.

        Raises
        ------
        InputError
            Where it is not JSON, of an unknown version, or damaged.
        """
        value = _parse(text)
        found = value.pop("format")
        if found != FORMAT:
            advice = (
                "update regularfit" if isinstance(found, int) and found > FORMAT else "write the report again"
            )
            raise InputError(
                f"These report facts have format {found!r}, but this version of regularfit reads format {FORMAT}; "
                f"{advice}."
            )
        return decode(cls, value)


def _parse(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"These report facts are not JSON ({error}). Write the report again from its run."
        ) from error
    if not isinstance(value, dict) or "format" not in value:
        raise InputError("This JSON holds no report facts: an object with a field 'format' is expected.")
    return value
