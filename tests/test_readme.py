"""What the README shows must run, and every file it names must exist."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


LINEAR, NETS, TREES, WHY = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def names(monkeypatch, capsys):
    """What the first lines of Python leave behind: the later ones go on with it."""
    monkeypatch.chdir(ROOT)
    names = {}
    exec(compile(LINEAR, "README.md", "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) >= 4
    return names


def test_the_lines_on_nets_run(names):
    if find_spec("torch") is None:
        pytest.skip("the extra `nets` is not installed")
    exec(compile(NETS, "README.md", "exec"), names)
    assert names["found"].scores.shape == (18, 5)
    assert "18 setting(s) x 5 fold(s); best by mse" in repr(names["found"])


def test_the_lines_on_trees_run(names):
    exec(compile(TREES, "README.md", "exec"), names)
    boosted, shrunk = names["boosted"], names["shrunk"]
    assert boosted.rounds_ == boosted.cv_.value_1se
    assert shrunk.strength_ > 0
    assert (
        shrunk.cv_.mean.min() < 0.8 * shrunk.cv_.mean[-1]
    )  # a fifth of the error of the tree as it was grown


def test_the_lines_on_why_a_model_errs_run(names, capsys):
    exec(compile(WHY, "README.md", "exec"), names)
    told = capsys.readouterr().out
    assert len(told.splitlines()) >= 3
    low, high = names["belief"].interval(0.9).T
    assert (low < names["fitted"].coef_).all()
    assert (names["fitted"].coef_ < high).all()


def test_the_commands_on_experiments_are_there():
    from regularfit.cli.experiment import experiment
    from regularfit.experiments import NAMES

    lines = re.findall(r"^regularfit experiment (\S+)(?: ([a-z][a-z0-9-]+))?", README, flags=re.MULTILINE)
    assert len(lines) == 3
    for command, name in lines:
        assert command in experiment.commands
        assert not name or name in NAMES
    assert "thirty-six" in README
    assert len(NAMES) == 36


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
