"""`regularfit predict`: a model and new rows in, predictions out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regularfit.cli.reading import checked_delimiter, printing_options, reading_options

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = (".csv", ".csv.gz", ".parquet")


@click.command(short_help="Predict new rows with a fitted model.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
    help="Write a .csv, .csv.gz or .parquet file instead of printing.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@reading_options
@printing_options
def predict(
    model: Path,
    data: Path,
    output: Path | None,
    force: bool,
    missing: tuple[str, ...],
    encoding: str,
    delimiter: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Predict every row of DATA with MODEL, a model file or the run folder that holds it.

    One line a row, in the order of DATA: the prediction, for two classes also the probability of the second
    one, for more classes that of each. Levels never seen in training are allowed and reported; a column that
    is lacking is an error.
    """
    _check_output(output, force)
    delimiter = checked_delimiter(delimiter)
    from regularfit.cli.model import load_model
    from regularfit.cli.output import Output
    from regularfit.table import read_table

    out = Output(json=as_json, quiet=quiet)
    fitted = load_model(model)
    table = read_table(
        data, missing=missing, encoding=encoding, delimiter=delimiter, columns=fitted.encoder.sparse or None
    )
    X, notes = fitted.matrix(table)
    out.notes(notes)
    frame = predictions(fitted, X)
    if output is not None:
        _write(frame, output)
        out.line(f"{len(frame):,} predictions written to {output}")
        out.facts({"rows": len(frame), "output": str(output)})
    elif as_json:
        out.facts({"predictions": frame.to_dict(orient="records")})
    else:
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")


def predictions(fitted: Any, X: Any) -> pd.DataFrame:
    """Return the predictions as a table."""
    import pandas as pd

    if not fitted.classes:
        return pd.DataFrame({"prediction": fitted.estimator.predict(X)})
    each = fitted.estimator.predict_proba(X)
    if len(fitted.classes) > 2:
        labels = [fitted.classes[int(k)] for k in each.argmax(axis=1)]
        shares = {f"probability of {name}": each[:, k] for k, name in enumerate(fitted.classes)}
        return pd.DataFrame({"prediction": labels, **shares})
    second = each[:, 1]
    labels = [fitted.classes[int(p > 0.5)] for p in second]
    return pd.DataFrame({"prediction": labels, f"probability of {fitted.classes[1]}": second})


def _check_output(output: Path | None, force: bool) -> None:
    if output is None:
        return
    if not output.name.lower().endswith(_ENDINGS):
        raise click.UsageError(
            f"'{output}' must end in one of {', '.join(_ENDINGS)}, so that its format is known."
        )
    if not output.parent.is_dir():
        raise click.UsageError(
            f"The folder '{output.parent}' does not exist, so '{output}' cannot be written there."
        )
    if output.is_dir():
        raise click.UsageError(f"'{output}' is a folder. Name a file with -o.")
    if output.exists() and not force:
        raise click.UsageError(
            f"'{output}' exists already and nothing is overwritten. Name another file with -o, or add "
            "--force to replace it."
        )


def _write(frame: pd.DataFrame, output: Path) -> None:
    """Write beside the wanted file, then rename: it appears whole or not at all."""
    draft = output.with_name(f".{output.name}.part")
    try:
        if output.name.lower().endswith(".parquet"):
            frame.to_parquet(draft, index=False)
        else:
            packed: Any = {"method": "gzip", "mtime": 0} if output.name.lower().endswith(".gz") else None
            frame.to_csv(draft, index=False, compression=packed, lineterminator="\n")
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
