"""The guide does what it says."""

import doctest
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "text-augmentation.md"


def test_every_example_of_the_guide(tmp_path):
    done = doctest.testfile(str(GUIDE), module_relative=False, globs={"folder": tmp_path})
    assert done.attempted > 15
    assert done.failed == 0
