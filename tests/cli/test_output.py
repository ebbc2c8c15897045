import json

import numpy as np
import pytest

from regularfit.cli.output import Output, error_line, number, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234.5, "1,234"),
        (99999.7, "100,000"),
        (0.05, "0.05"),
        (-2.34567, "-2.346"),
        (1e-9, "1.000e-09"),
        (float("nan"), "-"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


def test_plain_values_are_json():
    value = {"a": np.float64(np.nan), "b": (np.int64(2), np.array([1.0, np.inf])), 3: True}
    assert json.dumps(plain(value), allow_nan=False) == '{"a": null, "b": [2, [1.0, null]], "3": true}'


def test_tables_are_never_cut(capsys):
    Output().table(["name", "value"], [["x" * 300, "1"]], mark=0)
    assert "x" * 300 in capsys.readouterr().out


def test_markup_of_the_user_is_text(capsys):
    Output().table(["[red]name"], [["[bold]x[/bold]"]])
    assert "[bold]x[/bold]" in capsys.readouterr().out


def test_colour_only_on_terminals_that_want_it(capsys, monkeypatch):
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    error_line("bad")
    assert "\x1b[" in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    error_line("bad")
    assert capsys.readouterr().err == "error: bad\n"


def test_quiet_and_json_say_no_sentence(capsys):
    for out in (Output(quiet=True), Output(json=True)):
        out.line("a")
        out.table(["a"], [["b"]])
    assert capsys.readouterr().out == ""


def test_notes_are_not_endless(capsys):
    Output().notes([f"n{i}" for i in range(20)])
    seen = capsys.readouterr().err.splitlines()
    assert len(seen) == 9
    assert seen[-1] == "note: and 12 more like these"
