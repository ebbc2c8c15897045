import re

import pytest

from regularfit.errors import InputError
from regularfit.experiments import measure
from regularfit.experiments.book import book
from regularfit.experiments.pages import FACTS, gather, write_pages

NAMES = ["memorises-noise", "shrinks-never-zero"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("experiments")
    for name in NAMES:
        measure(name, quick=True).write(where / FACTS)
    write_pages(gather(where), where)
    return where


def test_every_claim_has_a_page_and_a_picture_and_the_table_links_them(folder):
    table = (folder / "README.md").read_text()
    for record in gather(folder):
        assert re.search(rf"\]\({record.name}\.md\) \| . {record.verdict.kind} \|", table)
        page = (folder / f"{record.name}.md").read_text()
        assert record.verdict.text in page
        assert record.experiment.rule in page
        assert f"]({record.name}.svg)" in page
        assert (folder / f"{record.name}.svg").read_bytes().startswith(b"<?xml")


def test_writing_again_gives_the_same_bytes(folder):
    before = {file: file.read_bytes() for file in folder.glob("*.*")}
    write_pages(gather(folder), folder)
    assert {file: file.read_bytes() for file in folder.glob("*.*")} == before


def test_a_file_of_someone_else_is_left_alone(folder, tmp_path):
    records = gather(folder)
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(InputError, match=r"README\.md' exists and was not written"):
        write_pages(records, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_no_facts_say_what_to_run(tmp_path):
    with pytest.raises(InputError, match="regularfit experiment all --out"):
        gather(tmp_path)


def test_the_book_stands_alone_and_holds_every_claim(folder):
    page = book(gather(folder))
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "default-src 'none'" in page
    for record in gather(folder):
        assert f'<article id="{record.name}">' in page or f'id="{record.name}"' in page
        assert page.count(f'href="#{record.name}"') == 1


def test_full_runs_are_preferred_to_quick_ones(folder, tmp_path):
    for name in NAMES:
        measure(name, quick=True).write(tmp_path / FACTS)
    quick = measure(NAMES[1], quick=True)
    type(quick)(quick.name, 0, False, quick.facts, quick.seconds, quick.versions, quick.digest).write(
        tmp_path / FACTS
    )
    assert [record.quick for record in gather(tmp_path)] == [True, False]
