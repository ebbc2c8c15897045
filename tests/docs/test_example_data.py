"""The shipped data are what their README says, and its commands do what it says."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from regularfit.cli import main

FOLDER = Path(__file__).parents[2] / "examples" / "data"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\S+)` \| ([\d,]+ x [\d,]+) \|", TEXT, re.MULTILINE))
PERMITTED = {"CC BY 4.0", "BSD-3-Clause", "MIT"}


def read(name):
    return pd.read_csv(FOLDER / name, keep_default_na=False, na_values=[""])


def test_every_file_is_listed_with_a_licence_that_lets_it_be_shipped():
    assert set(ROWS) == {path.name for path in FOLDER.iterdir()} - {"README.md"}
    for line in TEXT.splitlines():
        if line.startswith("| `"):
            assert line.rstrip(" |").rsplit("| ", 1)[1] in PERMITTED


@pytest.mark.parametrize("name", ROWS)
def test_size_and_target_are_as_listed(name):
    frame = read(name)
    assert ROWS[name] == f"{len(frame):,} x {frame.shape[1] - 1:,}"
    assert frame.columns[-1] == "target"
    assert frame["target"].notna().all()


def test_the_days_are_in_order_and_none_is_left_out():
    frame = read("bike_days.csv")
    dates = pd.to_datetime(frame["date"])
    assert (np.diff(dates) == np.timedelta64(1, "D")).all()
    assert (dates.iloc[0], dates.iloc[-1]) == (pd.Timestamp("2011-01-01"), pd.Timestamp("2012-12-31"))
    assert (dates.dt.day_name() == frame["weekday"]).all()
    by_year = frame.groupby(dates.dt.year)["target"].sum()
    assert 1.6 < by_year[2012] / by_year[2011] < 1.7  # "by two thirds"


@pytest.mark.parametrize("line", re.findall(r"^    regularfit (fit .*)$", TEXT, re.MULTILINE))
def test_the_commands_do_what_they_say(line, tmp_path, monkeypatch, capsys):
    command, said = line.split("#")
    words = [word.replace("examples/data", str(FOLDER)) for word in command.split()]
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--no-honest"]) == 0
    told, found = (
        re.search(r"a typical miss of ([\d,.]*\d)", text)[1] for text in (said, capsys.readouterr().out)
    )
    assert float(told.replace(",", "")) == round(float(found.replace(",", "")))
    assert len(list(tmp_path.glob("*.run/report.html"))) == 1
