"""The guide does what it says."""

import doctest
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "trainer.md"
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def test_every_example_of_the_guide():
    done = doctest.testfile(str(GUIDE), module_relative=False, optionflags=OPTIONS)
    assert done.attempted > 20
    assert done.failed == 0
