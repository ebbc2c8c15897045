"""The frame that every panel shares: its name and purpose at the side, its finding, its picture."""

from __future__ import annotations

import json
from collections.abc import Sequence

from regularfit.report.finding import Finding
from regularfit.report.html import Markup, join, tag
from regularfit.report.svg import Chart

__all__ = ["plot", "said", "section"]


def section(key: str, name: str, purpose: str, finding: Finding, *body: object) -> Markup:
    """Return one panel; ``key`` is its anchor on the page."""
    rail = tag("div", tag("h2", name, id=f"{key}-name"), tag("p", purpose, cls="purpose"), cls="rail")
    inside = tag("div", said(finding), *body, cls="body")
    return tag("section", rail, inside, id=key, cls="panel", aria_labelledby=f"{key}-name")


def said(finding: Finding) -> Markup:
    """Return a finding and its remarks; a warning says so in words, not in colour alone."""
    flag = tag("span", "Beware", cls="beware") if finding.tone == "warn" else Markup("")
    first = tag("p", flag, finding.sentence, cls=f"finding {finding.tone}")
    return join([first, *(tag("p", remark, cls="remark") for remark in finding.remarks)])


def plot(
    chart: Chart, caption: str, readings: Sequence[tuple[float, str]] = (), cls: str = "", hint: str = ""
) -> Markup:
    """Return a chart with its caption; ``readings`` are texts shown while one points at that share of the width."""
    places = (
        json.dumps([[round(share, 4), text] for share, text in readings], ensure_ascii=False)
        if readings
        else None
    )
    readout = tag("p", hint or "Point at the picture to read it.", cls="readout", aria_hidden="true")
    return tag(
        "figure",
        tag("div", chart.svg(), cls=f"frame {cls}".strip(), data_read=places),
        readout if readings or hint else Markup(""),
        tag("figcaption", caption),
        cls="plot",
    )
