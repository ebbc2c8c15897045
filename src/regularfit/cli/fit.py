"""`regularfit fit`: the main job."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regularfit.cli.candidates import DEFAULT, parse_candidates
from regularfit.cli.folder import FACTS, MODEL, REPORT, RUN, check_folder, default_folder, new_folder
from regularfit.cli.models import parse_models
from regularfit.cli.reading import checked_delimiter, printing_options, reading_options

if TYPE_CHECKING:
    from regularfit.cli.job import Fitted, Prepared, Settings
    from regularfit.cli.output import Output
    from regularfit.report.data import ReportData

_LOSS_OF = {"regression": "squared", "classification": "logistic"}


@click.command(short_help="Fit a table: chosen model, honest score, report.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "-t", "--target", metavar="NAME", help="The column to predict. (SVMlight files have their own.)"
)
@click.option(
    "--task", type=click.Choice(["regression", "classification"]), help="What is asked; guessed unless given."
)
@click.option(
    "--positive",
    metavar="CLASS",
    help="Of two classes, the one whose probability is modelled [the later in sorted order].",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Run folder [DATA.run]."
)
@click.option(
    "--select",
    type=click.Choice(["min", "1se"]),
    default="min",
    show_default=True,
    help="Take the lowest held-out error, or the strongest penalty within one standard error of it.",
)
@click.option("--cv", type=click.IntRange(min=2), default=10, show_default=True, help="Number of folds.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the folds."
)
@click.option(
    "--strengths", type=click.IntRange(min=2), default=100, show_default=True, help="Length of each path."
)
@click.option(
    "--loss",
    type=click.Choice(["squared", "logistic"]),
    help="squared for numbers, logistic for classes.",
)
@click.option(
    "--candidates",
    default=DEFAULT,
    show_default=True,
    metavar="LIST",
    help="Competing penalties: ridge, lasso, elastic, elastic:0.9, ...",
)
@click.option(
    "--models",
    default="linear",
    show_default=True,
    metavar="LIST",
    help="Competing families: linear, or linear,trees for boosting, a pruned and a shrunk tree and a sparse forest as "
    "well.",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), default=2000, show_default=True,
    help="Most rounds of boosting (with --models linear,trees); it ends before where 100 rounds bring nothing.",
)  # fmt: skip
@click.option("--group", metavar="COL", help="Rows of one value stay in one fold.")
@click.option(
    "--time", "time_", metavar="COL",
    help="Fold forward in time: train on the past, test on what follows; COL itself is no predictor.",
)  # fmt: skip
@click.option("--weight", metavar="COL", help="Weight of each row, zero or positive.")
@click.option("--drop", multiple=True, metavar="COL", help="Leave a column out; may be repeated.")
@click.option("--no-honest", is_flag=True, help="Skip the nested score and its interval (much faster).")
@click.option("--threads", type=click.IntRange(min=1), help="Threads to use [all].")
@click.option("--force", is_flag=True, help="Replace the run folder if it exists.")
@reading_options
@printing_options
@click.pass_context
def fit(
    context: click.Context, data: Path, target: str | None, output: Path | None, force: bool, as_json: bool,
    quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Fit the table DATA: CSV (also .gz), Parquet, Arrow/Feather or SVMlight.

    Ridge, elastic nets and lasso compete on the same folds. Prints one row for each with its held-out error,
    how far it is behind the best on the same folds, an honest interval (nested cross-validation), the gap to
    the training error and the columns it keeps; then the chosen model and the simplest one that is not
    clearly worse. With --models linear,trees boosting, a pruned and a shrunk tree and a sparse forest compete
    as well. Writes a run folder with the model, a report and everything needed to repeat the run.
    """
    folder = output or default_folder(data)
    check_folder(folder, force)
    settings = _settings(data, target, given, quiet)
    from regularfit.cli.output import Output

    out = Output(json=as_json, quiet=quiet)
    created, start = time.strftime("%Y-%m-%dT%H:%M:%S%z"), time.perf_counter()
    from regularfit.cli.job import prepare, run_fit

    prepared = prepare(settings)
    _check_loss(given["loss"], prepared.target.task)
    _tell(prepared, out)
    fitted = run_fit(prepared, settings)
    out.notes(fitted.notes)
    command = command_of(context)
    facts = _collect(prepared, fitted, settings, command, created, time.perf_counter() - start)
    _write(folder, force, prepared, fitted, settings, facts)
    from regularfit.cli.verdict import print_verdict

    print_verdict(facts, folder, out)


def _settings(data: Path, target: str | None, given: dict[str, Any], quiet: bool) -> Settings:
    if given["time_"] and given["group"]:
        raise click.UsageError("--time and --group cannot be combined. Choose how rows are split.")
    candidates, models = parse_candidates(given["candidates"]), parse_models(given["models"])
    delimiter = checked_delimiter(given["delimiter"])
    from regularfit.cli.job import Settings

    return Settings(
        data, target, given["task"], given["select"], given["cv"], given["seed"], given["strengths"],
        candidates, models,
        positive=given["positive"], group=given["group"], time=given["time_"], weight=given["weight"],
        drop=given["drop"], honest=not given["no_honest"], threads=given["threads"], rounds=given["rounds"],
        missing=given["missing"], encoding=given["encoding"], delimiter=delimiter, show_progress=not quiet,
    )  # fmt: skip


def _check_loss(loss: str | None, task: str) -> None:
    if loss is not None and loss != _LOSS_OF[task]:
        raise click.UsageError(
            f"--loss {loss} does not suit a {task}, whose loss is {_LOSS_OF[task]}. Leave --loss out, or "
            "change --task."
        )


def _tell(prepared: Prepared, out: Output) -> None:
    """Say what became of the columns before the fit begins: it may take a while."""
    by_reason: dict[str, list[str]] = {}
    for column in prepared.encoder.dropped:
        by_reason.setdefault(column.reason.split(" (")[0], []).append(column.column)
    for reason, names in by_reason.items():
        shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        if len(names) == 1:
            full = next(c.reason for c in prepared.encoder.dropped if c.column == names[0])
            out.note(f"column '{names[0]}' {full} and was dropped")
        else:
            plural = reason.replace("is ", "are ", 1).replace("has ", "have ", 1)
            out.note(f"{len(names):,} columns {plural} and were dropped: {shown}")
    out.notes(prepared.encoder.notes)


def command_of(context: click.Context) -> str:
    """Return the command as it can be typed again, whatever order its options had."""
    import shlex

    words = ["regularfit", "fit"]
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if isinstance(parameter, click.Argument):
            words.insert(2, str(value))
        elif value is not None and context.get_parameter_source(parameter.name or "") is not _DEFAULT:
            words += _option(parameter.opts[-1], value)
    return shlex.join(words)


_DEFAULT = click.core.ParameterSource.DEFAULT


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [name] if value else []
    if isinstance(value, tuple):
        return [word for one in value for word in (name, str(one))]
    return [name, str(value)]


def _collect(
    prepared: Prepared, fitted: Fitted, settings: Settings, command: str, created: str, seconds: float
) -> ReportData:
    from regularfit.cli.facts import report_data, run_facts

    return report_data(
        prepared, fitted, settings, run_facts(prepared, settings, command, created, round(seconds, 2))
    )


def _write(
    folder: Path, force: bool, prepared: Prepared, fitted: Fitted, settings: Settings, facts: ReportData
) -> None:
    """Write everything into a folder beside the wanted one, then rename it; a page that fails costs only the page."""
    import json

    from regularfit.cli.facts import run_record
    from regularfit.cli.model import extras, winner
    from regularfit.cli.output import plain
    from regularfit.errors import FitError

    with new_folder(folder, force) as draft:
        winner(fitted, facts).save(draft / MODEL, extra=extras(prepared, facts))
        (draft / FACTS).write_text(facts.to_json() + "\n", encoding="utf-8")
        record = plain(run_record(prepared, settings, facts.run, draft / MODEL))
        (draft / RUN).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        failure = _draw(facts, draft / REPORT)
    if failure is not None:
        raise FitError(
            f"The report could not be drawn ({type(failure).__name__}: {failure}), which is a mistake in regularfit: "
            f"please report it. The model and all facts are in '{folder}'; predict and inspect work with them."
        ) from failure


def _draw(facts: ReportData, file: Path) -> Exception | None:
    """Write the page; return what went wrong, since hours of fitting may lie behind the facts."""
    from regularfit.report.render import render

    try:
        file.write_text(render(facts), encoding="utf-8", newline="\n")
    except Exception as failure:
        return failure
    return None
