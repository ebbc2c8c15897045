"""The guide does what it says."""

import doctest
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "quantiles-constraints-inference.md"


def test_every_example_of_the_guide():
    flags = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    done = doctest.testfile(str(GUIDE), module_relative=False, optionflags=flags)
    assert done.attempted > 20
    assert done.failed == 0
