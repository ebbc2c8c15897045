"""The guide does what it says."""

import doctest
from pathlib import Path

import pytest

pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")

ROOT = Path(__file__).parents[2]


def test_every_example_of_the_guide(monkeypatch):
    monkeypatch.chdir(ROOT)  # the guide reads examples/data
    guide = ROOT / "docs" / "guides" / "trees.md"
    done = doctest.testfile(str(guide), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted > 35
    assert done.failed == 0
