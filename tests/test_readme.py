"""What the README shows must run, and every file it names must exist."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_lines_of_python_run(monkeypatch, capsys):
    linear, nets = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    names = {}
    exec(compile(linear, "README.md", "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) >= 4
    if find_spec("torch") is None:
        pytest.skip("the extra `nets` is not installed")
    exec(compile(nets, "README.md", "exec"), names)
    assert names["found"].scores.shape == (18, 5)
    assert "18 setting(s) x 5 fold(s); best by mse" in repr(names["found"])


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
