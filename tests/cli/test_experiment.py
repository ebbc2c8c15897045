"""`regularfit experiment`: lists, measures, keeps, writes pages, and refuses with what there is."""

import json

import pytest

from regularfit.cli import main
from regularfit.experiments import NAMES

NAME = "shrinks-never-zero"


def test_the_list_shows_every_claim_and_the_verdicts_there_are(tmp_path, capsys):
    assert main(["experiment", "run", NAME, "--quick", "-o", str(tmp_path), "--quiet"]) == 0
    assert main(["experiment", "list", "-o", str(tmp_path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["experiments"]
    assert [one["name"] for one in listed] == list(NAMES)
    assert {one["name"] for one in listed if one["verdict"]} == {NAME}


def test_a_run_shows_verdict_rule_numbers_and_picture_and_is_not_made_twice(tmp_path, capsys):
    command = ["experiment", "run", NAME, "--quick", "-o", str(tmp_path)]
    assert main(command) == 0
    first = capsys.readouterr().out
    for piece in (
        "HOLDS WHEN: No weight was ever zero",
        "Rule: Holds if",
        "correlation of neighbours",
        f"{NAME}.png",
    ):
        assert piece in first
    assert (tmp_path / f"{NAME}.png").read_bytes().startswith(b"\x89PNG")
    (facts,) = (tmp_path / "facts").iterdir()
    written = facts.stat().st_mtime_ns
    assert main(command) == 0
    assert capsys.readouterr().out == first  # times of the run included: it is the same one
    assert facts.stat().st_mtime_ns == written
    assert main([*command, "--again"]) == 0
    assert facts.stat().st_mtime_ns > written


def test_a_number_names_a_claim_and_json_holds_the_facts(tmp_path, capsys):
    number = str(NAMES.index(NAME) + 1)
    assert main(["experiment", "run", number, "--quick", "--json", "-o", str(tmp_path)]) == 0
    (one,) = json.loads(capsys.readouterr().out)["experiments"]
    assert one["name"] == NAME
    assert one["facts"]["fits"] == one["fits"]


def test_an_unknown_claim_names_the_nearest(tmp_path, capsys):
    assert main(["experiment", "run", "shrink-never-zero", "-o", str(tmp_path)]) == 3
    assert "Did you mean shrinks-never-zero" in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_the_report_needs_facts_and_then_writes_pages_and_a_book(tmp_path, capsys):
    report = ["experiment", "report", "-o", str(tmp_path)]
    assert main(report) == 3
    assert "experiment all" in capsys.readouterr().err
    assert main(["experiment", "run", NAME, "--quick", "--quiet", "-o", str(tmp_path)]) == 0
    assert main(report) == 0
    assert main(report) == 0  # its own pages may be written again
    names = {file.name for file in tmp_path.iterdir()}
    assert names >= {"README.md", "book.html", f"{NAME}.md", f"{NAME}.svg"}


@pytest.fixture
def two_claims(monkeypatch):
    monkeypatch.setattr("regularfit.experiments.NAMES", ("memorises-noise", NAME))


def test_all_measures_keeps_and_tells(tmp_path, capsys, two_claims):
    command = ["experiment", "all", "--quick", "--jobs", "1", "-o", str(tmp_path)]
    assert main(command) == 0
    shown = capsys.readouterr()
    assert "[2/2]" in shown.err
    assert "book.html" in shown.out
    assert (tmp_path / "book.html").is_file()
    assert len(list((tmp_path / "facts").iterdir())) == 2


def test_all_tells_which_claims_failed_and_keeps_the_others(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("regularfit.experiments.NAMES", ("memorises-noise", NAME))

    def measured(names, seed, quick, jobs, failed):
        from regularfit.experiments import measure

        for name in names:
            if name == NAME:
                failed(name, RuntimeError("the lanes fell over"))
            else:
                yield measure(name, seed, quick)

    monkeypatch.setattr("regularfit.experiments.running._measured", measured)
    assert main(["experiment", "all", "--quick", "-o", str(tmp_path)]) == 4
    shown = capsys.readouterr().err
    assert "shrinks-never-zero failed: RuntimeError: the lanes fell over" in " ".join(shown.split())
    assert [file.name for file in (tmp_path / "facts").iterdir()] == ["memorises-noise-seed0-quick.json"]
