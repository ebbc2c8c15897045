"""The verdict: the answer in one sentence, and the four numbers behind it."""

from __future__ import annotations

import math

from regularfit.report import findings
from regularfit.report.data import ReportData
from regularfit.report.finding import best_error, chosen, tree_winner, winner
from regularfit.report.html import Markup, tag
from regularfit.report.panels._section import said
from regularfit.report.words import number, percent

__all__ = ["panel"]


def panel(data: ReportData) -> Markup:
    """Return the verdict that opens the page."""
    numbers = tag("dl", *(_figure(*facts) for facts in _figures(data)), cls="figures")
    return tag(
        "section", said(findings.verdict(data)), numbers, id="verdict", cls="verdict", aria_label="Verdict"
    )


def _figures(data: ReportData) -> list[tuple[str, str, str]]:
    honest, score = data.honest, data.target.score_name
    error = number(best_error(data))
    span = (
        f"{number(honest.low)} to {number(honest.high)}, {percent(honest.level)} interval"
        if honest
        else "tuned, not nested"
    )
    figures = [(f"Honest {score}" if honest else score.capitalize(), error, span)]
    if score == "mean squared error":
        typical = number(math.sqrt(max(best_error(data), 0.0)))
        figures.append(
            (
                "Typical error",
                typical,
                f"in units of {data.target.name}; its own spread is {number(data.target.sd)}",
            )
        )
    else:
        figures.append(
            ("Without a model", number(data.target.null_error), f"{score} of one guess for all rows")
        )
    figures.append(("Columns kept", f"{winner(data).kept:,}", f"of {data.path.total:,}"))
    won = tree_winner(data)
    if won is None:
        figures.append(
            ("Strength", number(data.chosen.strength), f"{chosen(data).name}; {data.chosen.reason}")
        )
    else:
        figures.append(("Size", won.size, f"{won.name}; {won.reason}"))
    return figures


def _figure(name: str, value: str, note: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", value, cls="value"), tag("dd", note, cls="note"))
