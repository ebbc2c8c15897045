"""docs/knobs.md is what docs/make_knobs.py writes today."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_that_of_the_table():
    spec = importlib.util.spec_from_file_location("make_knobs", DOCS / "make_knobs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "knobs.md").read_text() == module.page()
