"""The guide does what it says."""

import doctest
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_example_of_the_guide(monkeypatch):
    monkeypatch.chdir(ROOT)  # the guide reads examples/data
    guide = ROOT / "docs" / "guides" / "diagnostics.md"
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    done = doctest.testfile(str(guide), module_relative=False, optionflags=flags)
    assert done.attempted > 25
    assert done.failed == 0
