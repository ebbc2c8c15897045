"""What the README shows must run, and every file it names must exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_ten_lines_of_python_run(monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) >= 4


@pytest.mark.parametrize(
    "document", ["README.md", "docs/architecture.md", "docs/adr/README.md", "examples/data/README.md"]
)
def test_links_lead_to_files(document):
    source = ROOT / document
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", source.read_text()):
        if "://" not in link:
            assert (source.parent / link).exists(), link


def test_every_example_data_set_is_described_and_described_ones_are_there():
    folder = ROOT / "examples" / "data"
    described = set(re.findall(r"^\| `([^`]+)`", (folder / "README.md").read_text(), flags=re.MULTILINE))
    assert described == {file.name for file in folder.iterdir() if ".csv" in file.name}
