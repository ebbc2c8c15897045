"""A small bar inside a table."""

from __future__ import annotations

from regularfit.report.html import Markup, tag
from regularfit.report.scale import Scale

__all__ = ["bar"]


def bar(value: float, across: Scale, height: int = 12) -> Markup:
    """Return a bar from zero, to the right for a plus and to the left for a minus."""
    left, right = sorted((100 * across(0.0), 100 * across(value)))
    sign = "plus" if value >= 0 else "minus"
    body = tag("rect", x=f"{left:.2f}%", width=f"{right - left:.2f}%", y=3, height=height, cls=sign)
    at = f"{100 * across(0.0):.2f}%"
    middle = tag("line", x1=at, x2=at, y1=0, y2=height + 6, cls="axis")
    return tag("svg", body, middle, height=height + 6, width="100%", aria_hidden="true", cls="bar")
