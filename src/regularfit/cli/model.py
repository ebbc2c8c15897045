"""A model file of the main job: the estimator and, beside it, how a table becomes its matrix."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regularfit.cli.folder import model_in
from regularfit.errors import ModelFileError
from regularfit.table import Encoder, Table
from regularfit.table.impute import fill_with

if TYPE_CHECKING:
    from regularfit.cli.job import Fitted, Prepared
    from regularfit.report.data import ReportData


@dataclass(frozen=True)
class Model:
    """A fitted estimator with the recipes of its columns and the facts about its target."""

    path: Path
    estimator: Any
    encoder: Encoder
    means: np.ndarray
    target: dict[str, Any]
    origin: dict[str, Any]
    seen: frozenset[str]
    left_open: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes as text, of two the second one being predicted; empty for regression."""
        return tuple(self.target["classes"])

    def matrix(self, table: Table) -> tuple[Any, tuple[str, ...]]:
        """Return the matrix for new rows, and remarks about what is new in them.

        Missing numbers are filled with the means of the training rows, and left open for trees.
        """
        from regularfit.cli.job import named

        encoded = self.encoder.apply(table, self.seen)
        filled = encoded.X if self.left_open else fill_with(encoded.X, self.means)
        return named(filled, self.encoder), encoded.notes


def winner(fitted: Fitted, facts: ReportData) -> Any:
    """Return the estimator that is kept."""
    trees = facts.trees
    return fitted.estimator if trees is None or trees.winner is None else fitted.trees[trees.winner].estimator


def extras(prepared: Prepared, facts: ReportData) -> dict[str, Any]:
    """Return what is stored beside the estimator; nothing in it depends on the clock."""
    target, trees = prepared.target, facts.trees
    candidate, more = facts.candidates[facts.chosen.candidate].name, {}
    if trees is not None and trees.winner is not None:
        won = trees.candidates[trees.winner]
        candidate, more = won.name, {"left_open": True}
    return {
        "table": prepared.encoder.to_state(),
        "means": prepared.means,
        "target": {"name": target.name, "task": target.task, "classes": list(target.classes)},
        "seen": [] if prepared.encoder.sparse else prepared.table.names,
        "origin": {
            "candidate": candidate,
            "rows": len(target.values),
            "data_sha256": prepared.table.sha256,
            "versions": facts.run.versions,
        },
        **more,
    }


def load_model(path: Path) -> Model:
    """Read a model file, or the one in a run folder.

    Raises
    ------
    ModelFileError
        Where it is missing, damaged, of another program, or was saved from Python without a table.
    """
    from regularfit.storage import load, load_extra

    file = model_in(path)
    with warnings.catch_warnings():  # of parameters that only a new fit would need
        warnings.filterwarnings("ignore", "The model file could not hold", UserWarning)
        estimator, extra = load(file), load_extra(file)
    if "table" not in extra:
        raise ModelFileError(
            f"'{file}' holds an estimator that was saved from Python, without the recipe that turns a table "
            "into its matrix. "
            "Use regularfit.load in Python, or fit with `regularfit fit`."
        )
    try:
        means, seen = np.asarray(extra["means"], float), frozenset(extra["seen"])
        target, origin = dict(extra["target"]), dict(extra["origin"])
        left_open = bool(extra.get("left_open", False))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"'{file}' is damaged: {error}. Fit the model again.") from error
    return Model(file, estimator, Encoder.from_state(extra["table"]), means, target, origin, seen, left_open)
