from pathlib import Path

import click
import pytest

from regularfit.cli.folder import check_folder, default_folder, model_in, new_folder


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a"])
def test_default_names(name):
    assert default_folder(Path("somewhere", name)) == Path("a.run")


def test_a_failure_leaves_nothing(tmp_path):
    def write_and_fail():
        with new_folder(tmp_path / "r", False) as draft:
            (draft / "model.rfit").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_appears_meanwhile_is_kept(tmp_path):
    def write_while_another_does():
        with new_folder(tmp_path / "r", False):
            (tmp_path / "r").mkdir()
            (tmp_path / "r" / "theirs").touch()

    with pytest.raises(click.UsageError, match="exists already"):
        write_while_another_does()
    assert [path.name for path in tmp_path.rglob("*")] == ["r", "theirs"]


def test_replacing_leaves_no_trace_of_the_old(tmp_path):
    for name in ("first", "second"):
        with new_folder(tmp_path / "r", True) as draft:
            (draft / "run.json").touch()
            (draft / name).touch()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["r", "run.json", "second"]


def test_links_are_never_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(click.UsageError, match="not a run folder"):
        check_folder(tmp_path / "link", force=True)


def test_model_in(tmp_path):
    assert model_in(tmp_path) == tmp_path
    (tmp_path / "model.rfit").touch()
    assert model_in(tmp_path) == tmp_path / "model.rfit"
