"""The facts of a run, for its report and its folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regularfit.cli.entrants import engines
from regularfit.cli.job import Fitted, Prepared, Settings
from regularfit.cli.provenance import machine, versions

if TYPE_CHECKING:
    from regularfit.report.data import ReportData, RunFacts, TableFacts

_KIND_WORDS = {"number": "number", "levels": "category", "date": "date"}


def report_data(prepared: Prepared, fitted: Fitted, settings: Settings, run: RunFacts) -> ReportData:
    """Return everything the report says."""
    from regularfit.report.collect import collect
    from regularfit.report.target import target_facts

    target, weight = prepared.target, prepared.roles.weight
    facts = collect(
        fitted.estimator,
        prepared.X,
        target.values,
        table=_table_facts(prepared, fitted),
        target=target_facts(
            target.name, target.values, classes=target.classes, reason=target.reason, sample_weight=weight
        ),
        run=run,
        honest=fitted.honest,
        names=list(settings.candidates),
        columns=prepared.encoder.names,
        sample_weight=weight,
    )
    if not fitted.trees:
        return facts
    from regularfit.report.collect_trees import add_trees

    return add_trees(facts, fitted.estimator, [tree.result for tree in fitted.trees], fitted.overall)


def settings_given(settings: Settings) -> dict[str, Any]:
    """Return every setting; which families compete, and what trees are told, only where that is not the usual."""
    given = {name: value for name, value in asdict(settings).items() if name != "show_progress"}
    if given["models"] == ("linear",):
        del given["models"], given["rounds"]
    return given


def _table_facts(prepared: Prepared, fitted: Fitted) -> TableFacts:
    from regularfit.report.data import DroppedColumn, TableFacts

    encoder, table = prepared.encoder, prepared.roles.table
    kinds = Counter(_KIND_WORDS[r.kind] for r in encoder.recipes if r.kind in _KIND_WORDS)
    return TableFacts(
        source=prepared.table.path,
        rows=len(prepared.target.values),
        columns=len(table.names) if not encoder.sparse else encoder.sparse,
        made_columns=len(encoder.names),
        dropped_rows=prepared.roles.dropped_rows,
        kinds={"number": encoder.sparse} if encoder.sparse else dict(kinds),
        missing=prepared.gaps,
        dropped=tuple(DroppedColumn(column.column, column.reason) for column in encoder.dropped),
        notes=tuple(
            sentence(note)
            for note in (*encoder.notes, *_imputed(prepared, bool(fitted.trees)), *fitted.notes)
        ),
    )


def _imputed(prepared: Prepared, with_trees: bool) -> list[str]:
    gaps = {
        recipe.column for recipe in prepared.encoder.recipes if recipe.kind == "missing"
    } | prepared.encoder.shared
    if not gaps:
        return []
    return [
        f"missing numbers in {len(gaps):,} column{'s' * (len(gaps) > 1)} are replaced by the mean of the "
        "column, and a "
        "companion column says where" + ("; trees take them as missing" if with_trees else "")
    ]


def sentence(note: str) -> str:
    """Return a note as a sentence."""
    note = note[:1].upper() + note[1:]
    return note if note.endswith((".", "!", "?")) else note + "."


def run_facts(prepared: Prepared, settings: Settings, command: str, created: str, seconds: float) -> RunFacts:
    """Return how to do the run again."""
    from regularfit import __version__
    from regularfit.report.data import RunFacts

    return RunFacts(
        command=command,
        version=__version__,
        versions=versions(engines() if "trees" in settings.models else ()),
        seed=settings.seed,
        data_hash=prepared.table.sha256,
        created=created,
        seconds=seconds,
        arguments={name: _as_text(value) for name, value in settings_given(settings).items()},
    )


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(value)
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value)) or "none"
    return "not given" if value is None else str(value)


def run_record(prepared: Prepared, settings: Settings, run: RunFacts, model: Path) -> dict[str, Any]:
    """Return what run.json holds: everything needed to repeat the run bit by bit, and to see that it was."""
    from regularfit.table.source import fingerprint

    given = {**settings_given(settings), "data": str(settings.data)}
    table = prepared.table
    return {
        "format": 1,
        "command": run.command,
        "arguments": given,
        "seed": settings.seed,
        "data": {
            "path": table.path, "format": table.format, "bytes": table.bytes, "sha256": table.sha256,
            "rows": table.rows, "columns": len(table.names),
        },
        "versions": run.versions,
        "machine": machine(),
        "created": run.created,
        "seconds": run.seconds,
        "model_sha256": fingerprint(model),
    }  # fmt: skip
