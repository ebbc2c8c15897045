"""What `regularfit inspect` shows of a model of trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regularfit.cli.tree_sizes import shares_of, size_of

if TYPE_CHECKING:
    from regularfit.cli.model import Model
    from regularfit.cli.output import Output


def describe_tree(fitted: Model) -> dict[str, Any]:
    """Return everything that is shown, as plain values; columns that no split uses are left out."""
    shares, names = shares_of(fitted.estimator), fitted.encoder.names
    order = [int(j) for j in np.argsort(-shares, kind="stable") if shares[j] > 0]
    return {
        "file": str(fitted.path),
        "target": fitted.target,
        "estimator": type(fitted.estimator).__name__,
        "size": size_of(fitted.estimator),
        "select": fitted.estimator.select,
        "columns": list(fitted.encoder.inputs),
        "dropped": {column.column: column.reason for column in fitted.encoder.dropped},
        "matrix_columns": len(names),
        "shares": {names[j]: float(shares[j]) for j in order},
        **fitted.origin,
    }


def print_tree(fitted: Model, out: Output, most: int | None) -> None:
    """Print it for people, or as JSON."""
    from regularfit.cli.inspect import head_lines, origin_lines

    facts = describe_tree(fitted)
    shares = facts["shares"]
    out.facts(facts)
    for line in (
        *head_lines(facts),
        f"Trees       {facts['candidate']}, {facts['size']} (select={facts['select']})",
        f"Used        {len(shares):,} of {facts['matrix_columns']:,} columns made",
        *origin_lines(facts),
        "",
    ):
        out.line(line)
    if not shares:
        out.line("No split was made: the model predicts the same for every row.")
        return
    rows = [[name, f"{share:.1%}"] for name, share in list(shares.items())[:most]]
    out.table(["column", "share in the splits"], rows)
    if len(rows) < len(shares):
        out.line(f"... and {len(shares) - len(rows):,} more (--all shows them)")
