"""The guide does what it says."""

import doctest
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "adversarial-and-bottleneck.md"


def test_every_example_of_the_guide():
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    done = doctest.testfile(str(GUIDE), module_relative=False, optionflags=flags)
    assert done.attempted > 40
    assert done.failed == 0
