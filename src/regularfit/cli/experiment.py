"""`regularfit experiment`: the lectures' claims, measured here and now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regularfit.cli.counting import counting
from regularfit.cli.reading import printing_options

if TYPE_CHECKING:
    from regularfit.cli.output import Output
    from regularfit.experiments import Record

_FOLDER = "experiments.run"

out_option = click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=_FOLDER,
    show_default=True,
    metavar="FOLDER",
    help="Where facts, pages and pictures are kept.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of everything drawn.",
)
quick_option = click.option("--quick", is_flag=True, help="Less data, fewer replications: seconds a claim.")
again_option = click.option("--again", is_flag=True, help="Measure again what was measured before.")


@click.group(short_help="Measure what the lectures say about regularisation.")
def experiment() -> None:
    """Measure the claims that lectures make about regularisation, one experiment each.

    \b
      regularfit experiment list
      regularfit experiment run dropout-averages --quick
      regularfit experiment all --jobs 2
      regularfit experiment report

    Facts are kept as JSON as soon as an experiment is finished; a run that was interrupted goes on where it stopped.
    """  # noqa: D301 - click reads the backspace sign


@experiment.command("list", short_help="Show all claims, and the verdicts there are.")
@out_option
@seed_option
@printing_options
def show_list(out: Path, seed: int, as_json: bool, quiet: bool) -> None:
    """Show all claims, and the verdicts of those that were measured in FOLDER."""
    from regularfit.cli.output import Output
    from regularfit.experiments import NAMES, cached, missing_extras
    from regularfit.experiments import experiment as of
    from regularfit.experiments.pages import FACTS

    output = Output(json=as_json, quiet=quiet)
    rows, facts = [], []
    for number, name in enumerate(NAMES, 1):
        found = of(name)
        known = cached(out / FACTS, name, seed) or cached(out / FACTS, name, seed, quick=True)
        lacks = missing_extras(found)
        state = known.verdict.kind if known else f"needs regularfit[{','.join(lacks)}]" if lacks else ""
        rows.append([f"{number:>2}  {found.claim}", name, state])
        facts.append(
            {
                "number": number,
                "name": name,
                "part": found.part,
                "claim": found.claim,
                "verdict": state or None,
            }
        )
    output.table(["    claim", "name", "verdict"], rows)
    output.facts({"experiments": facts})


@experiment.command("run", short_help="Measure some claims and show what was found.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@out_option
@seed_option
@quick_option
@again_option
@printing_options
def run_some(
    names: tuple[str, ...], out: Path, seed: int, quick: bool, again: bool, as_json: bool, quiet: bool
) -> None:
    """Measure claims by NAME or number and show verdict, numbers and where the picture is.

    Facts that FOLDER has for the same seed are shown, not measured again.
    """
    from regularfit.cli.output import Output
    from regularfit.experiments import cached, measure, select
    from regularfit.experiments.drawing import draw
    from regularfit.experiments.pages import FACTS

    output = Output(json=as_json, quiet=quiet)
    told = []
    for name in select(names):
        record = None if again else cached(out / FACTS, name, seed, quick)
        if record is None:
            record = measure(name, seed, quick)
            record.write(out / FACTS)
        picture = out / f"{name}.png"
        picture.write_bytes(draw(record.experiment, record.facts, "png"))
        _tell(output, record, picture)
        told.append(_as_facts(record, picture))
    output.facts({"experiments": told})


@experiment.command("all", short_help="Measure all claims that were not measured yet, and write the pages.")
@out_option
@seed_option
@quick_option
@again_option
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Experiments side by side [the number of cores]."
)
@printing_options
@click.pass_context
def run_every(
    context: click.Context,
    out: Path,
    seed: int,
    quick: bool,
    again: bool,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure all claims, each in a process of its own with one thread, and write the report.

    Claims whose facts are in FOLDER are not measured again; those that measure times run last, by themselves.
    """
    from joblib import cpu_count

    from regularfit.cli.output import Output
    from regularfit.errors import FitError
    from regularfit.experiments import NAMES, missing_extras, run_all
    from regularfit.experiments import experiment as of
    from regularfit.experiments.pages import FACTS

    output = Output(json=as_json, quiet=quiet)
    for name in NAMES:
        if lacks := missing_extras(of(name)):
            output.note(f"{name} is left out: it needs pip install 'regularfit[{','.join(lacks)}]'")
    broken: dict[str, BaseException] = {}
    with counting(len(NAMES), quiet or as_json) as step:
        records = run_all(
            NAMES, out / FACTS, seed=seed, quick=quick, jobs=jobs or cpu_count(), again=again,
            done=lambda record, fresh: step(record.name), failed=broken.__setitem__,
        )  # fmt: skip
    for name, error in broken.items():
        output.note(f"{name} failed: {type(error).__name__}: {error}")
    _table(output, records)
    if records:
        context.invoke(write_report, out=out, seed=seed, as_json=False, quiet=True)
        output.line(f"The book: {out / 'book.html'}")
    output.facts({"experiments": [_as_facts(record) for record in records], "failed": sorted(broken)})
    if broken:
        raise FitError(f"{len(broken)} of {len(NAMES)} experiments failed; the others are kept in {out}.")


@experiment.command("report", short_help="Write the pages and the book from the facts.")
@out_option
@seed_option
@printing_options
def write_report(out: Path, seed: int, as_json: bool, quiet: bool) -> None:
    """Write the table of verdicts (README.md), a page and a picture for every claim, and book.html, from the facts.

    Nothing is fitted. Files that were not written by this command are never replaced.
    """
    from regularfit.cli.output import Output
    from regularfit.experiments.book import book
    from regularfit.experiments.pages import gather, refuse_foreign, write_pages

    output = Output(json=as_json, quiet=quiet)
    records = gather(out, seed)
    target = out / "book.html"
    refuse_foreign([target])
    with counting(len(records), quiet or as_json) as step:
        written = write_pages(records, out, tick=lambda: step("drawing"))
    target.write_text(book(records), encoding="utf-8")
    output.line(f"{len(records)} claims: {out / 'README.md'}, {target}")
    output.facts({"written": [str(file) for file in (*written, target)]})


def _tell(output: Output, record: Record, picture: Path) -> None:
    from regularfit.experiments.pages import provenance

    found, verdict = record.experiment, record.verdict
    output.line(found.claim)
    output.line(f"{verdict.kind.upper()}: {verdict.text}")
    output.line()
    numbers = found.table(record.facts)
    output.table(numbers.head, numbers.rows)
    output.line()
    output.line(f"Rule: {found.rule}")
    output.line(provenance(record))
    output.line(f"Picture: {picture}")
    output.line()


def _table(output: Output, records: list[Record]) -> None:
    from regularfit.experiments import number_of
    from regularfit.experiments.pages import duration

    rows = [
        [f"{number_of(r.name):>2}  {r.name}", r.verdict.kind, f"{r.fits:,}", duration(r.seconds)]
        for r in records
    ]
    output.table(["    claim", "verdict", "fits", "time"], rows)


def _as_facts(record: Record, picture: Path | None = None) -> dict[str, object]:
    shown = {
        "name": record.name,
        "verdict": record.verdict.kind,
        "text": record.verdict.text,
        "fits": record.fits,
    }
    shown |= {"seconds": record.seconds, "quick": record.quick, "seed": record.seed}
    return {**shown, "facts": dict(record.facts), **({"picture": str(picture)} if picture else {})}
