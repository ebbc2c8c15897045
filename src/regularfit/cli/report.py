"""`regularfit report`: the page of a run, written again from its facts."""

from __future__ import annotations

from pathlib import Path

import click

from regularfit.cli.reading import printing_options


@click.command(short_help="Write the report of a run again.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the page there, not into the run folder.",
)
@click.option("--force", is_flag=True, help="Replace a page that differs.")
@printing_options
def report(run: Path, output: Path | None, force: bool, as_json: bool, quiet: bool) -> None:
    """Write report.html of the run folder RUN again from the facts it keeps, and print where it is.

    Nothing is fitted. A page that is there already and says the same is left as it is.
    """
    from regularfit.cli.folder import REPORT
    from regularfit.cli.output import Output

    out = Output(json=as_json, quiet=quiet)
    target = output or run / REPORT
    written = _write_page(render_again(run), target, force)
    out.line(str(target))
    out.facts({"report": str(target), "written": written})


def render_again(run: Path) -> str:
    """Return the page for the facts that a run folder keeps.

    Raises
    ------
    TableError
        Where the folder is no run folder, or its facts cannot be read.
    """
    from regularfit.cli.folder import FACTS
    from regularfit.errors import TableError
    from regularfit.report.data import ReportData
    from regularfit.report.render import render

    facts = run / FACTS
    if not facts.is_file():
        raise TableError(
            f"'{run}' is not a run folder (it holds no {FACTS}). Give a folder that `regularfit fit` has "
            "written."
        )
    return render(ReportData.from_json(facts.read_text(encoding="utf-8")))


def _write_page(page: str, target: Path, force: bool) -> bool:
    if target.is_dir() or not target.parent.is_dir():
        raise click.UsageError(f"'{target}' cannot be written: name a file in a folder that exists.")
    if target.exists():
        if target.read_bytes() == page.encode():
            return False
        if not force:
            raise click.UsageError(
                f"'{target}' exists already and differs from the page these facts give now. Add --force to "
                "replace it, or "
                "name another file with -o."
            )
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_bytes(page.encode())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return True
