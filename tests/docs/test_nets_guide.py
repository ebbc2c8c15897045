"""Run docs/guides/nets-in-your-own-loop.md from the top: every block of code, and what it prints."""

import contextlib
import io
import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "nets-in-your-own-loop.md").read_text(
    encoding="utf-8"
)
BLOCKS = re.findall(r"```python\n(.*?)```\n(?:```text\n(.*?)```)?", TEXT, re.DOTALL)


def test_the_guide_runs_and_prints_what_it_says():
    assert len(BLOCKS) == TEXT.count("```python") >= 7
    space = {"__name__": "guide"}
    for code, expected in BLOCKS:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "guide", "exec"), space)
        assert printed.getvalue() == expected
