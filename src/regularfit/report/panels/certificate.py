"""The certificate: how far every solution can be from the best one, proved and not hoped."""

from __future__ import annotations

import math

from regularfit.report import findings_along
from regularfit.report.data import CandidateFacts, CertificateFacts, ReportData
from regularfit.report.finding import chosen
from regularfit.report.findings_trees import of_linear
from regularfit.report.html import Markup, table
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import AXIS, brief, strength_scale
from regularfit.report.scale import Scale
from regularfit.report.svg import Chart
from regularfit.report.words import number

__all__ = ["panel"]

_FLOOR = 1e-17  # a gap of exactly zero is drawn here


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    purpose = "A duality gap bounds from above how much better any other coefficients could do."
    proof = chosen(data).certificate
    shown = [_picture(proof)] if len(proof.gaps) > 1 and any(map(math.isfinite, proof.gaps)) else []
    return section(
        "certificate",
        "Certificate",
        of_linear(data, purpose),
        findings_along.certificate(data),
        *shown,
        _numbers(data),
    )


def _picture(proof: CertificateFacts) -> Markup:
    x = strength_scale(proof.strengths)
    gaps = [max(g, _FLOOR) for g in proof.gaps]
    finite = [g for g in gaps if math.isfinite(g)]
    known = [proof.tol] if math.isfinite(proof.tol) else []
    y = Scale(min(finite) / 3, max(finite + known) * 3, log=True)
    chart = Chart(x, y, f"Duality gap along the path, largest {number(max(finite), 2)}.", height=180)
    chart.x_axis(AXIS, brief)
    chart.y_axis(brief, most=4)
    if known:
        chart.across(proof.tol, "tolerance")
    for strength, gap in zip(proof.strengths, gaps, strict=True):
        if math.isfinite(gap):
            bad = bool(known) and gap > proof.tol
            chart.dot(
                strength, gap, "bad" if bad else "good", f"strength {number(strength)}: {number(gap, 2)}", 2.5
            )
    caption = "Relative duality gap of every solution along the path" + (
        "; the dashed line is the tolerance." if known else "."
    )
    return plot(chart, caption, cls="bare")


def _numbers(data: ReportData) -> Markup:
    head = ("candidate", "proved", "duality gap", "largest violation", "why", "failed on the path")
    return table("Certificates", head, [_facts(c) for c in data.candidates], "certificates")


def _facts(c: CandidateFacts) -> tuple[object, ...]:
    k = c.certificate
    length = f" of {len(k.gaps)}" if k.gaps else ""
    reason = k.reason + (f"; the path ends early because {k.ended}" if k.ended else "")
    return (
        c.name,
        "yes" if k.converged else "no",
        number(k.gap, 2),
        number(k.kkt, 2),
        reason,
        f"{k.failed}{length}",
    )
