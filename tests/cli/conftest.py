"""A table, a fitted run and a way to run the command line inside the test."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from regularfit.cli import main
from tests.cli.data import FAST, houses, kinds


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the command line in an empty folder; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    return call


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "houses.csv"
    houses().to_csv(path, index=False)
    return path


@pytest.fixture
def fitted(run, table) -> Path:
    assert run("fit", table, "-t", "price", "--drop", "dear", *FAST, "--quiet").code == 0
    return Path("houses.run").resolve()


@pytest.fixture
def three(run, tmp_path) -> Path:
    """A run of three classes, without its honest score; the table lies beside it as kinds.csv."""
    kinds().to_csv(tmp_path / "kinds.csv", index=False)
    assert run("fit", "kinds.csv", "-t", "kind", *FAST, "--no-honest", "--quiet").code == 0
    return Path("kinds.run").resolve()
