"""`regularfit inspect`: what is in a model file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regularfit.cli.reading import printing_options

if TYPE_CHECKING:
    from regularfit.cli.model import Model

_MOST = 20


@click.command(short_help="Show what is in a model file.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--all", "show_all", is_flag=True, help=f"Show every coefficient, not the first {_MOST}.")
@printing_options
def inspect(model: Path, show_all: bool, as_json: bool, quiet: bool) -> None:
    """Show what is in MODEL, a model file or the run folder that holds it.

    Its target, penalty and strength, the columns it needs, its coefficients (for one unit of each column),
    the proof that it solves its problem, and the versions it was made with. Of a model of trees: its size and the
    share of each column in what its splits brought.
    """
    from regularfit.cli.model import load_model
    from regularfit.cli.output import Output

    fitted, out = load_model(model), Output(json=as_json, quiet=quiet)
    if fitted.left_open:
        from regularfit.cli.inspect_tree import print_tree

        print_tree(fitted, out, None if show_all else _MOST)
        return
    facts = describe(fitted)
    out.facts(facts)
    for line in _summary(facts):
        out.line(line)
    _print_coefficients(facts["coefficients"], out, None if show_all else _MOST)


def describe(fitted: Model) -> dict[str, Any]:
    """Return everything that is shown, as plain values; coefficients that are zero are left out."""
    import numpy as np

    estimator, certificate = fitted.estimator, fitted.estimator.certificate_
    coef = np.atleast_2d(estimator.coef_)
    names = fitted.encoder.names
    order = np.argsort(-np.abs(coef).max(axis=0), kind="stable")
    several = fitted.classes if len(coef) > 1 else ()
    return {
        "file": str(fitted.path),
        "target": fitted.target,
        "estimator": type(estimator).__name__,
        "penalty": repr(estimator.penalty_),
        "strength": float(estimator.strength_),
        "select": estimator.select,
        "certificate": {
            "converged": bool(certificate.converged), "gap": float(certificate.gap),
            "kkt": float(certificate.kkt),
            "reason": certificate.reason,
        },
        "columns": list(fitted.encoder.inputs) or f"{fitted.encoder.sparse:,} numbered columns",
        "dropped": {column.column: column.reason for column in fitted.encoder.dropped},
        "matrix_columns": len(names),
        "intercept": _each(np.ravel(estimator.intercept_), several),
        "coefficients": {names[i]: _each(coef[:, i], several) for i in order if coef[:, i].any()},
        **fitted.origin,
    }  # fmt: skip


def _each(values: Any, classes: tuple[str, ...]) -> Any:
    """One number, or one a class where every class has its own."""
    return dict(zip(classes, map(float, values), strict=True)) if classes else float(values[0])


def _class_words(classes: list[str]) -> str:
    if len(classes) > 2:
        return f", the probabilities of {len(classes):,} classes"
    return f", the probability of '{classes[1]}' against '{classes[0]}'" if classes else ""


def head_lines(facts: dict[str, Any]) -> list[str]:
    """Say which file it is and what it predicts."""
    target = facts["target"]
    return [
        f"Model       {facts['file']}",
        f"Predicts    {target['name']} ({target['task']}{_class_words(target['classes'])})",
    ]


def origin_lines(facts: dict[str, Any]) -> list[str]:
    """Say what it was made of and what it needs."""
    columns = facts["columns"]
    given = (
        columns
        if isinstance(columns, str)
        else f"{len(columns):,}: {', '.join(columns[:8])}{', ...' * (len(columns) > 8)}"
    )
    packages = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return [
        f"Fitted on   {facts['rows']:,} rows, data SHA-256 {facts['data_sha256'][:16]}...",
        f"Made with   {packages}",
        f"Needs       {given}",
    ]


def _summary(facts: dict[str, Any]) -> list[str]:
    from regularfit.cli.output import number

    proof = facts["certificate"]
    proved = "solved to" if proof["converged"] else "NOT solved:"
    return [
        *head_lines(facts),
        f"Penalty     {facts['candidate']} at strength {number(facts['strength'])} "
        f"(select={facts['select']}): {facts['penalty']}",
        f"Kept        {len(facts['coefficients']):,} of {facts['matrix_columns']:,} columns made",
        f"Certificate {proved} a relative duality gap of {proof['gap']:.1e}, KKT violation "
        f"{proof['kkt']:.1e} "
        f"({proof['reason']})",
        *origin_lines(facts),
        "",
    ]


def _print_coefficients(coefficients: dict[str, Any], out: Any, most: int | None) -> None:
    from regularfit.cli.output import number

    shown = list(coefficients.items())[:most]
    if not shown:
        out.line("Every coefficient is zero: the model predicts the same for every row.")
        return
    head, several = ["coefficient"], isinstance(shown[0][1], dict)
    if several:
        head = list(shown[0][1])
    rows = [[name, *map(number, value.values() if several else [value])] for name, value in shown]
    out.table(["column", *head], rows)
    if len(shown) < len(coefficients):
        out.line(f"... and {len(coefficients) - len(shown):,} more (--all shows them)")
