"""How to do it again: the command, the data's fingerprint, every setting and every version."""

from __future__ import annotations

from regularfit.report import findings
from regularfit.report.data import ReportData
from regularfit.report.html import Markup, table, tag
from regularfit.report.panels._section import section
from regularfit.report.words import number

__all__ = ["panel"]


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    run = data.run
    body = [tag("pre", tag("code", run.command), tabindex=0, aria_label="Command")] if run.command else []
    if run.python:
        body.append(tag("pre", tag("code", run.python), tabindex=0, aria_label="Python"))
    facts = [
        ("made", run.created),
        ("took", f"{number(run.seconds, 2)} s"),
        ("SHA-256 of the data", run.data_hash),
    ]
    facts += [("seed", str(run.seed))] if run.seed is not None else []
    rows = [(name, tag("code", value)) for name, value in facts if value]
    body.append(table("This run", ("what", "value"), rows, "compact"))
    settings = [(name, tag("code", value)) for name, value in run.arguments.items()]
    settings += [(name, tag("code", value)) for name, value in run.versions.items()]
    if settings:
        folded = table("Settings and versions", ("name", "value"), settings, "compact")
        body.append(tag("details", tag("summary", "Every setting and version"), folded))
    purpose = "Nothing here depends on chance that was not written down."
    return section("reproduce", "Reproduce", purpose, findings.reproduce(data), *body)
