"""The guide does what it says."""

import doctest
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "augmentation.md"


def test_every_example_of_the_guide():
    done = doctest.testfile(str(GUIDE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted > 25
    assert done.failed == 0
