import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from regularfit.report.data import (
    CertificateFacts,
    ColumnPath,
    CurveFacts,
    DroppedColumn,
    HonestFacts,
    PathFacts,
    ReportData,
)
from regularfit.report.render import render
from tests.report.builder import diabetes, from_arrays

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\" onload=\"y"


@pytest.fixture(scope="module")
def data():
    return diabetes((1.0, 0.5))


class Structure(HTMLParser):
    """Counts what matters: balanced tags, headings, scripts, inline styles and handlers."""

    void = frozenset({"meta", "link", "br", "path", "line", "circle", "rect", "use"})

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


def degenerate(data: ReportData) -> list[ReportData]:
    """One candidate, one strength, a constant path, an empty model, nothing measured."""
    one = replace(
        data.candidates[0], curve=None, honest=None, certificate=CertificateFacts(np.nan, 1e-9, True, "fine")
    )
    flat = CurveFacts((1.0, 0.5), (2.0, 2.0), (0.0, 0.0), ((2.0, 2.0),), 0, 0, (0.0, 0.0), (0, 0))
    base = replace(
        data, candidates=(one,), chosen=replace(data.chosen, candidate=0), simplest=None, honest=None
    )
    nothing = replace(one, error=np.nan, se=np.nan, difference=np.nan, difference_se=np.nan, gap=np.nan)
    return [
        replace(base, path=PathFacts((0.5,), data.path.columns[:0], (0,), 2), coefficients=()),
        replace(base, path=PathFacts((1.0, 0.5), (ColumnPath("flat", (3.0, 3.0)),), (1, 1), 1)),
        replace(base, candidates=(replace(one, curve=flat, error=2.0, train_error=0.0, gap=np.nan, se=0.0),)),
        replace(base, candidates=(nothing,), chosen=replace(base.chosen, error=np.nan)),
        replace(base, candidates=(replace(one, honest=HonestFacts(1.0, 1.0, 1.0, 0.9)),)),
    ]


def test_the_page_asks_nothing_of_the_network(data):
    page = render(data)
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_page_is_well_formed_and_accessible(data):
    found = Structure(render(data))
    assert found.open == []
    assert found.tags.count("h1") == 1
    assert found.tags.count("h2") == 8
    assert ("html", "lang", "en") in found.attributes
    names = {value for tag, key, value in found.attributes if (tag, key) == ("svg", "role")}
    assert names == {"img"}
    scopes = [value for tag, key, value in found.attributes if (tag, key) == ("th", "scope")]
    assert len(scopes) == found.tags.count("th")
    ids = [value for _, key, value in found.attributes if key == "id"]
    assert len(ids) == len(set(ids))


def test_every_panel_opens_with_a_sentence(data):
    findings = re.findall(r'<p class="finding[^>]*>(.*?)</p>', render(data))
    assert len(findings) == 9
    assert all(sentence.endswith(".") for sentence in findings)


def test_texts_of_the_user_are_inert(data):
    texts = {"kinds": {EVIL: 1}, "missing": {EVIL: 1}, "dropped": (DroppedColumn(EVIL, EVIL),)}
    evil = replace(
        data,
        table=replace(data.table, source=EVIL, notes=(EVIL,), **texts),
        target=replace(data.target, name=EVIL, reason=EVIL),
        candidates=tuple(replace(c, name=EVIL) for c in data.candidates),
        path=replace(data.path, columns=tuple(replace(c, name=EVIL) for c in data.path.columns)),
        coefficients=tuple(replace(c, name=EVIL) for c in data.coefficients),
        run=replace(data.run, command=EVIL, python=EVIL, versions={EVIL: EVIL}, arguments={EVIL: EVIL}),
    )  # fmt: skip
    found = Structure(render(evil))
    assert found.tags.count("script") == 1
    assert "img" not in found.tags
    assert not [key for _, key, _ in found.attributes if key.startswith("on") or key == "style"]


@pytest.mark.parametrize("case", range(5))
def test_degenerate_facts_make_a_page_too(data, case):
    page = render(degenerate(data)[case])
    assert Structure(page).open == []
    assert not re.search(r"=\"-?(nan|inf)", page)


def test_two_columns():
    X = np.random.default_rng(0).normal(size=(40, 2))
    assert Structure(render(from_arrays(X, X[:, 0], ("a", "b"), (1.0,)))).open == []


def test_many_columns_with_long_names_stay_small():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 70))
    names = [f"a name that is long and longer {j}" * 5 for j in range(70)]
    data = from_arrays(X, X @ rng.normal(size=70), names)
    page = render(replace(data, path=replace(data.path, total=20_000)))
    assert len(data.path.columns) == 60
    assert len(page) < 500_000


def test_the_page_stays_small(data):
    assert len(render(diabetes((1.0, 0.9, 0.75, 0.5, 0.25)))) < 200_000


def test_the_heading_names_the_file_without_its_folders(data):
    for source in ("/home/somebody/diabetes.csv", "C:\\data\\diabetes.csv"):
        page = render(replace(data, table=replace(data.table, source=source)))
        assert '<span class="source">from diabetes.csv</span>' in page


def test_huge_errors_share_one_power_of_ten(data):
    page = render(replace(data, candidates=tuple(replace(c, error=c.error * 1e6) for c in data.candidates)))
    assert "error ± se, × 10⁹" in page
