import json
from pathlib import Path


def test_the_page_is_made_of_the_facts_alone(run, fitted):
    page = (fitted / "report.html").read_bytes()
    assert run("report", fitted).code == 0
    (fitted / "report.html").unlink()
    ran = run("report", fitted)
    assert ran.out.strip() == str(fitted / "report.html")
    assert (fitted / "report.html").read_bytes() == page


def test_a_page_that_differs_is_kept_without_force(run, fitted):
    (fitted / "report.html").write_text("my notes")
    ran = run("report", fitted)
    assert ran.code == 2
    assert (fitted / "report.html").read_text() == "my notes"
    assert json.loads(run("report", fitted, "-o", "page.html", "--json").out)["written"] is True
    assert Path("page.html").exists()
    assert run("report", fitted, "--force").code == 0
    assert (fitted / "report.html").read_bytes() == Path("page.html").read_bytes()


def test_what_is_no_run_folder(run, fitted):
    Path("empty").mkdir()
    assert run("report", "empty").code == 3
    (fitted / "facts.json").write_text("{}")
    assert run("report", fitted).code == 3


def test_the_page_of_three_classes_comes_again(run, three):
    before = (three / "report.html").read_bytes()
    ran = run("report", three, "-o", "again.html")
    assert ran.code == 0, ran.err
    assert (three.parent / "again.html").read_bytes() == before
