"""What pictures along strengths share: the axis, the two choices, the readings."""

from __future__ import annotations

from collections.abc import Sequence

from regularfit.report.data import ReportData
from regularfit.report.scale import Scale
from regularfit.report.svg import Chart
from regularfit.report.words import number

__all__ = ["AXIS", "brief", "mark_choices", "strength_scale"]

AXIS = "strength of the penalty, weaker to the right"


def strength_scale(strengths: Sequence[float]) -> Scale:
    """Return the logarithmic axis of a path, the strongest penalty at the left."""
    first, last = max(strengths), min(strengths)
    return Scale(first * 1.5, last / 1.5, log=True) if first == last else Scale(first, last, log=True)


def mark_choices(chart: Chart, data: ReportData) -> None:
    """Draw the chosen strength, and the simplest model's where it is on the same path."""
    low, high = sorted((chart.x.first, chart.x.last))
    simplest, taken = data.simplest, data.chosen
    if simplest and simplest.candidate == taken.candidate and low <= simplest.strength <= high:
        chart.upright(simplest.strength, f"simplest {brief(simplest.strength)}", "second", row=1)
    if low <= taken.strength <= high:  # drawn last, so that no line crosses its name
        chart.upright(taken.strength, f"chosen {brief(taken.strength)}", "first")


def brief(x: float) -> str:
    """Return a number with two significant digits and no idle zeros, for ticks."""
    head, times, power = number(x, 2).partition("\u00a0×\u00a0")
    head = head.rstrip("0").rstrip(".") if "." in head else head
    return power if times and head == "1" else head + times + power
