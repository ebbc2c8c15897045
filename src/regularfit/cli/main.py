"""The command `regularfit` and its exit codes.

Nothing heavy is imported here: the commands import what they need when they run, so that help is instant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from regularfit import __version__
from regularfit.cli.experiment import experiment
from regularfit.cli.fit import fit
from regularfit.cli.inspect import inspect
from regularfit.cli.predict import predict
from regularfit.cli.report import report
from regularfit.errors import FitError, InputError, ModelFileError, RegularfitError, UnsupportedError

OK, USAGE, DATA, FIT, INTERRUPTED = 0, 2, 3, 4, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="regularfit")
def cli() -> None:
    """Choose how, and how strongly, to regularise.

    From a table to a chosen model, an honest score and a report:

    \b
      regularfit fit prices.csv --target price
      regularfit predict prices.run new.csv -o predictions.csv

    \b
    Exit codes: 0 ok, 2 wrong usage, 3 unusable data or model file, 4 the fit failed, 130 interrupted.
    """  # noqa: D301 - click reads the backspace sign


for command in (fit, predict, report, inspect, experiment):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; `sys.exit` it from a script.

    Examples
    --------
    >>> main(["--version"])
    regularfit, version 0.1.0
    0
    """
    try:
        code = cli.main(args=arguments, prog_name="regularfit", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return _say("Interrupted; nothing was written.", INTERRUPTED)
    except (BrokenPipeError, SystemExit):
        # click itself turns a broken pipe into SystemExit(1), and raises that for nothing else here.
        _close_quietly()
        return OK
    except (RegularfitError, MemoryError) as error:
        return _say(_text(error), _code_of(error))
    except Exception as error:
        return _crash(error)


def _crash(error: Exception) -> int:
    """A mistake of ours: show where, since whoever mends it needs to know, and say that nothing was written."""
    import traceback

    traceback.print_exc()
    return _say(
        f"Something went wrong inside regularfit ({type(error).__name__}: {error}); nothing was written. This is a "
        "mistake in regularfit, not in your data: please report it with the lines above.",
        FIT,
    )


def _code_of(error: Exception) -> int:
    if isinstance(error, UnsupportedError):
        return USAGE
    if isinstance(error, (FitError, MemoryError)):
        return FIT
    return DATA if isinstance(error, (InputError, ModelFileError)) else FIT


def _text(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return (
            f"There is not enough memory for this ({error}). Use fewer columns or rows, or a larger machine."
        )
    return str(error)


def _say(message: str, code: int) -> int:
    from regularfit.cli.output import error_line

    error_line(message)
    return code


def _close_quietly() -> None:
    """The reader of our output has gone; keep Python from complaining about it at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
