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
    trees,
    verdict,
)

__all__ = ["PANELS", "trees", "verdict"]

#: Everything below the verdict, in reading order; trees come after the candidates where there are any.
PANELS = (table, candidates, path, curve, coefficients, gap, certificate, reproduce)
