"""The pages of the experiments are what their facts say, and the facts are those of the claims as they stand."""

from pathlib import Path

import pytest

from regularfit.experiments import NAMES, cached
from regularfit.experiments.pages import FACTS, MARK, claim_page, gather, verdicts_page

FOLDER = Path(__file__).parents[2] / "docs" / "experiments"


@pytest.mark.parametrize("name", NAMES)
def test_full_facts_of_the_claim_as_it_stands_are_there(name):
    record = cached(FOLDER / FACTS, name)
    assert record is not None, f"measure it again: regularfit experiment run {name} -o docs/experiments"
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == claim_page(record)
    assert (FOLDER / f"{name}.svg").read_bytes().startswith(b"<?xml")


def test_the_table_of_verdicts_is_that_of_the_facts():
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == verdicts_page(gather(FOLDER))


def test_nothing_else_lies_there():
    known = {f"{name}{ending}" for name in NAMES for ending in (".md", ".svg")} | {
        "README.md",
        FACTS,
        "book.html",
    }
    assert {file.name for file in FOLDER.iterdir()} <= known
    for page in FOLDER.glob("*.md"):
        assert MARK in page.read_text(encoding="utf-8")
