"""What `regularfit fit` prints: the competition, the chosen model, the simplest one not clearly worse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from regularfit.cli.output import Output, number, plain
from regularfit.report.finding import all_candidates, tree_winner

if TYPE_CHECKING:
    from regularfit.report.data import CandidateFacts, CertificateFacts, ReportData, TargetFacts
    from regularfit.report.tree_facts import TreeCandidateFacts

_MOST_CLASSES = 8


def print_verdict(data: ReportData, folder: Path, out: Output) -> None:
    """Print the result for people, or as JSON."""
    out.facts(as_json(data, folder))
    for line in _data_lines(data):
        out.line(line)
    out.line()
    out.table(*_table(data), mark=_marked(data))
    out.line()
    out.line(
        f"error: held-out {data.target.score_name}; behind best: on the same folds, ± one standard error; "
        "gap: held-out "
        "over training error."
    )
    out.line()
    for line in _choice_lines(data):
        out.line(line)
    out.line()
    out.line(f"Written to {folder}: model.rfit, report.html, run.json, facts.json")


def _data_lines(data: ReportData) -> list[str]:
    table, target = data.table, data.target
    without = f" ({table.dropped_rows:,} more have no target)" if table.dropped_rows else ""
    return [
        f"{table.source}: {table.rows:,} rows{without}, "
        f"{table.columns:,} columns, {table.made_columns:,} after encoding",
        f"Task: {target.task} of '{target.name}' ({target.reason}; --task changes it)",
        *_class_lines(data),
    ]


def _class_lines(data: ReportData) -> list[str]:
    """Say how many rows each class has and whose probability is modelled."""
    target = data.target
    if not target.classes:
        return []
    if len(target.classes) != 2:
        return [f"Classes: {_several(target)}; each has a probability and coefficients of its own"]
    (other, positive), counts = target.classes, target.counts
    return [
        f"Classes: '{other}' ({counts[0]:,} rows) and '{positive}' ({counts[1]:,} rows); probabilities and "
        f"coefficients are those of '{positive}' (--positive changes it)"
    ]


def _several(target: TargetFacts) -> str:
    """The classes with their rows, the first ones where there are many."""
    named = [f"'{name}' ({n:,} rows)" for name, n in zip(target.classes, target.counts, strict=True)]
    if len(named) > _MOST_CLASSES:
        return ", ".join(named[:_MOST_CLASSES]) + f" and {len(named) - _MOST_CLASSES:,} more"
    return ", ".join(named[:-1]) + f" and {named[-1]}"


def _table(data: ReportData) -> tuple[list[str], list[list[str]]]:
    every = all_candidates(data)
    honest = any(candidate.honest for candidate in every)
    level = next((c.honest.level for c in every if c.honest), 0.9)
    head = ["candidate", "error", "behind best", *([f"honest {level:.0%} interval"] if honest else [])]
    head += ["gap", "columns", "strength" if data.trees is None else "strength or size"]
    return head, [_row(candidate, honest) for candidate in every]


def _marked(data: ReportData) -> int:
    """The row of the winner."""
    won = tree_winner(data)
    return data.chosen.candidate if won is None else all_candidates(data).index(won)


def _row(candidate: CandidateFacts | TreeCandidateFacts, honest: bool) -> list[str]:
    behind = "best"
    if candidate.difference or candidate.difference_se:
        behind = f"{number(candidate.difference, 2)} ± {number(candidate.difference_se, 2)}"
    interval = []
    if honest:
        found = candidate.honest
        interval = [f"{number(found.low, 3)} to {number(found.high, 3)}" if found else "-"]
    gap = f"{candidate.gap:+.0%}" if candidate.gap == candidate.gap else "-"
    kept = f"{candidate.kept:,}"
    return [
        candidate.name,
        number(candidate.error),
        behind,
        *interval,
        gap,
        kept,
        size_words(candidate),
    ]


def size_words(candidate: CandidateFacts | TreeCandidateFacts) -> str:
    """Return the strength of a penalty, or the size of a model of trees."""
    size = getattr(candidate, "size", None)
    return number(candidate.strength, 3) if size is None else size  # type: ignore[union-attr]


def _choice_lines(data: ReportData) -> list[str]:
    won, error = tree_winner(data), data.target.score_name
    chosen = won or data.chosen
    name = data.candidates[data.chosen.candidate].name
    model = (
        f"{name} at strength {number(data.chosen.strength, 3)}" if won is None else f"{won.name}, {won.size}"
    )
    miss = f" (a typical miss of {number(chosen.error**0.5)})" if not data.target.classes else ""
    explained = 1 - chosen.error / data.target.null_error if data.target.null_error > 0 else float("nan")
    lines = [
        f"Chosen: {model}, {_columns(chosen.kept)}: {chosen.reason}; "
        f"{error} {number(chosen.error)}{miss}, {_against_none(explained)} predicting the same for every row."
    ]
    if data.honest is not None:
        low, high = number(data.honest.low, 3), number(data.honest.high, 3)
        typical = (
            "" if data.target.classes else f", a typical miss of {number(max(data.honest.mean, 0) ** 0.5)}"
        )
        lines.append(
            f"Honest: on new rows expect a {error} of {number(data.honest.mean)}{typical}; with "
            f"{data.honest.level:.0%} confidence the {error} is {low} to {high}."
        )
    simple = data.simplest
    if simple is not None:
        lines.append(
            f"Simplest not clearly worse: {data.candidates[simple.candidate].name} at strength "
            f"{number(simple.strength, 3)}, {_columns(simple.kept)}; {error} {number(simple.error)}."
        )
    else:
        which = "model with fewer columns" if won is None else "linear model"
        lines.append(f"No {which} is within one standard error of the best.")
    if won is None:
        lines.append(_certificate_line(data.candidates[data.chosen.candidate].certificate))
    else:
        lines.append(f"Best linear: {name} at strength {number(data.chosen.strength, 3)}; {_behind(data)}.")
    return lines


def _behind(data: ReportData) -> str:
    """How far the best linear candidate is behind the winner."""
    best = data.candidates[data.chosen.candidate]
    apart = f"{number(best.difference, 2)} ± {number(best.difference_se, 2)}"
    return f"{data.target.score_name} {number(best.error)}, {apart} behind on the same folds"


def _against_none(explained: float) -> str:
    return f"{explained:.0%} below" if explained >= 0.005 else "no better than"


def _certificate_line(proof: CertificateFacts) -> str:
    gap = "unknown" if proof.gap != proof.gap else f"{proof.gap:.0e}" if proof.gap else "0"
    allowed = f" (tolerance {proof.tol:.0e})" if proof.tol == proof.tol else ""
    if proof.converged:
        return f"Certificate: solved; relative duality gap {gap}{allowed}."
    return f"Certificate: NOT solved; relative duality gap {gap}{allowed}: {proof.reason}."


def _columns(kept: int) -> str:
    return "no columns" if not kept else f"{kept:,} column{'s' * (kept > 1)}"


def _tree_choice(won: TreeCandidateFacts) -> dict[str, Any]:
    return {
        "candidate": won.name, "size": won.size, "error": won.error, "columns": won.kept, "reason": won.reason,
    }  # fmt: skip


def as_json(data: ReportData, folder: Path) -> dict[str, Any]:
    """Return the result as plain values."""
    names = [candidate.name for candidate in data.candidates]
    won = tree_winner(data)

    def choice(value: Any) -> dict[str, Any] | None:
        if value is None:
            return None
        return {
            "candidate": names[value.candidate], "strength": value.strength, "error": value.error,
            "columns": value.kept, "reason": value.reason,
        }  # fmt: skip

    def honest(value: Any) -> dict[str, Any] | None:
        if value is None:
            return None
        return {
            "mean": value.mean,
            "low": value.low,
            "high": value.high,
            "level": value.level,
            "optimism": value.optimism,
        }

    result = {
        "run": str(folder),
        "data": data.table.source,
        "rows": data.table.rows,
        "columns": data.table.made_columns,
        "target": data.target.name,
        "task": data.target.task,
        "classes": list(data.target.classes),
        "positive": data.target.classes[1] if len(data.target.classes) == 2 else None,
        "error": data.target.score_name,
        "null_error": data.target.null_error,
        "candidates": [
            {
                "name": c.name, "error": c.error, "se": c.se, "difference": c.difference,
                "difference_se": c.difference_se, "train_error": c.train_error, "gap": c.gap,
                "columns": c.kept,
                "strength": c.strength, "honest": honest(c.honest), "converged": c.certificate.converged,
            }
            for c in data.candidates
        ]
        + [
            {
                "name": c.name, "error": c.error, "se": c.se, "difference": c.difference,
                "difference_se": c.difference_se, "train_error": c.train_error, "gap": c.gap,
                "columns": c.kept, "size": c.size, "honest": honest(c.honest),
            }
            for c in (data.trees.candidates if data.trees else ())
        ],
        "chosen": choice(data.chosen) if won is None else _tree_choice(won),
        "simplest": choice(data.simplest),
        "honest": honest(data.honest),
        "dropped": {column.name: column.reason for column in data.table.dropped},
        "notes": list(data.table.notes),
        "seconds": data.run.seconds,
    }  # fmt: skip
    return plain(result)  # type: ignore[no-any-return]
