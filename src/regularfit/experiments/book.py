"""All pages as one HTML file that stands alone: verdicts first, then a page for every claim."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ..report.html import Markup, table, tag
from .drawing import draw
from .experiment import PARTS, Kind
from .index import number_of
from .pages import MARK, provenance, signs, summary
from .record import Record

__all__ = ["book"]

_CLASS: dict[Kind, str] = {"holds": "yes", "holds when": "partly", "does not hold": "no"}
_TITLE = "What the lectures say about regularisation, measured"


def book(records: Sequence[Record]) -> str:
    """Return the book as one HTML document that asks nothing of the network."""
    style = _style()
    body = tag(
        "body",
        tag("a", "Skip to the verdicts", href="#verdicts", cls="skip"),
        tag(
            "header",
            tag("p", "regularfit experiments", cls="brand"),
            tag("h1", _TITLE),
            tag("p", summary(records), cls="meta"),
        ),
        tag("main", _verdicts(records), *(_page(record) for record in records)),
        tag("footer", tag("p", MARK)),
    )
    head = tag("head", *_meta(style), tag("title", _TITLE), tag("style", Markup(style)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _verdicts(records: Sequence[Record]) -> Markup:
    parts: list[Markup] = []
    for part in PARTS:
        rows = [
            [
                number_of(record.name),
                tag("a", record.experiment.claim, href=f"#{record.name}"),
                _badge(record),
                tag("span", record.verdict.text, cls="why"),
            ]
            for record in records
            if record.experiment.part == part
        ]
        if rows:
            title = part[0].upper() + part[1:]
            parts.append(
                tag(
                    "section",
                    tag("h2", title),
                    table(title, ["", "claim", "verdict", "measured"], rows, "verdicts"),
                )
            )
    return tag("div", *parts, id="verdicts")


def _page(record: Record) -> Markup:
    found = record.experiment
    picture = base64.b64encode(draw(found, record.facts)).decode()
    numbers = found.table(record.facts)
    return tag(
        "article",
        tag("h2", f"{number_of(found.name)}. {found.claim}"),
        tag("p", _badge(record), " ", record.verdict.text, cls="said"),
        tag("figure", tag("img", src=f"data:image/svg+xml;base64,{picture}", alt=_described(record))),
        _named("Why it should be so", found.why),
        _named("What the full run measures" if record.quick else "What was measured", found.how),
        _named("The rule, fixed before", found.rule),
        tag("details", tag("summary", "The numbers"), table(found.claim, numbers.head, numbers.rows)),
        tag("p", provenance(record), " ", tag("a", "All verdicts", href="#verdicts"), cls="small"),
        id=record.name,
    )


def _described(record: Record) -> str:
    return f"Figure: {record.experiment.claim} {record.verdict.text}"


def _badge(record: Record) -> Markup:
    kind = record.verdict.kind
    return tag("span", signs(kind), cls=f"badge {_CLASS[kind]}")


def _named(name: str, text: str) -> Markup:
    return tag("p", tag("strong", f"{name}. "), text)


def _meta(style: str) -> list[Markup]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return [
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
    ]


@cache
def _style() -> str:
    """The page of the reports, and what the book has besides."""
    return "".join(
        files(package).joinpath(name).read_text(encoding="utf-8")
        for package, name in (
            ("regularfit.report.assets", "page.css"),
            ("regularfit.experiments.assets", "book.css"),
        )
    )
