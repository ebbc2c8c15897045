import subprocess
import sys

import pytest

from regularfit.cli import main as entry
from regularfit.cli.main import DATA, FIT, INTERRUPTED, USAGE
from regularfit.errors import FitError, InputError, ModelFileError, UnsupportedError


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_help_imports_nothing_heavy():
    code = """
import sys
from regularfit.cli import main
assert main(["--help"]) == main(["fit", "--help"]) == main(["predict", "-h"]) == 0
print([m for m in ("numpy", "pandas", "sklearn", "scipy", "rich", "skrub", "pyarrow") if m in sys.modules])
"""
    assert python(code).splitlines()[-1] == "[]"


def test_help_names_commands_and_exit_codes(run):
    out = run("--help").out
    for word in (
        "fit",
        "predict",
        "report",
        "inspect",
        "130 interrupted",
        "  regularfit fit prices.csv --target price\n",
    ):
        assert word in out


@pytest.mark.parametrize(
    "arguments", [[], ["dance"], ["fit"], ["fit", "a.csv", "--cv", "x"], ["fit", "a.csv", "--seed", "-1"]]
)
def test_wrong_usage(run, arguments):
    ran = run(*arguments)
    assert ran.code == (USAGE)
    assert "Usage:" in ran.err + ran.out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("bad"), DATA), (ModelFileError("bad"), DATA), (UnsupportedError("bad"), USAGE),
        (FitError("bad"), FIT), (MemoryError("bad"), FIT), (KeyboardInterrupt(), INTERRUPTED),
    ],
)  # fmt: skip
def test_exit_codes(run, table, monkeypatch, error, code):
    import regularfit.cli.job as job

    def fail(*_):
        raise error

    monkeypatch.setattr(job, "run_fit", fail)
    ran = run("fit", table, "-t", "price")
    assert ran.code == code
    assert ran.err.splitlines()[-1].startswith("error: ")
    assert not [path for path in table.parent.iterdir() if path != table]


def test_a_mistake_of_ours_shows_where_it_happened(run, table, monkeypatch):
    import regularfit.cli.job as job

    monkeypatch.setattr(job, "run_fit", lambda *_: [][0])
    ran = run("fit", table, "-t", "price")
    assert ran.code == FIT
    assert "Traceback" in ran.err
    assert "please report it" in ran.err.splitlines()[-1]


def test_errors_are_one_paragraph(run):
    ran = run("fit", "nothing.csv", "-t", "y")
    assert ran.code == DATA
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(tmp_path, table, fitted):
    from regularfit.cli.main import OK

    start = "import sys; from regularfit.cli import main; sys.exit(main())"
    command = f"{sys.executable} -c '{start}' predict {fitted} {table}"
    ran = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == ["prediction", str(OK)]
    assert ran.stderr == ""


def test_the_module_gives_the_entry_point():
    assert callable(entry)
