"""The panels of the report, one a file: each takes the facts and returns its section."""

from regularfit.report.panels import (
    candidates,
    certificate,
    coefficients,
    curve,
    gap,
    path,
    reproduce,
    table,
    verdict,
)

__all__ = ["PANELS", "verdict"]

#: Everything below the verdict, in reading order.
PANELS = (table, candidates, path, curve, coefficients, gap, certificate, reproduce)
