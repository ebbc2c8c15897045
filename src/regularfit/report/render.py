"""The facts as one page that stands alone: no request, no library, light, dark and on paper."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from regularfit.report.data import ReportData
from regularfit.report.html import Markup, join, tag, text
from regularfit.report.panels import PANELS, candidates, trees, verdict
from regularfit.report.words import count

__all__ = ["render"]

_NAMES = (
    ("data", "Data"), ("candidates", "Candidates"), ("path", "Path"), ("curve", "CV curve"),
    ("coefficients", "Coefficients"), ("gap", "Train against held-out"), ("certificate", "Certificate"),
    ("reproduce", "Reproduce"),
)  # fmt: skip


def render(data: ReportData) -> str:
    """Return the report as one HTML document that needs nothing besides itself.

    Every text of the user (names, levels, commands) is escaped, and a content security policy forbids all that the
    page does not hold itself: requests, foreign scripts, inline styles.

    Parameters
    ----------
    data : the facts, from :func:`regularfit.report.collect.collect` or :meth:`ReportData.from_json`.
    """
    style, script = _asset("page.css"), _asset("page.js")
    body = tag(
        "body",
        tag("a", "Skip to the verdict", href="#verdict", cls="skip"),
        _header(data),
        tag("main", verdict.panel(data), _contents(data), *_panels(data)),
        _footer(data),
        tag("script", Markup(script)),
    )
    head = tag("head", *_meta(style, script), tag("title", _title(data)), tag("style", Markup(style)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _meta(style: str, script: str) -> list[Markup]:
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return [
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
    ]


def _title(data: ReportData) -> str:
    return f"{data.target.name} from {_file(data)}"


def _file(data: ReportData) -> str:
    """The file without its folders, of either kind of system."""
    return data.table.source.replace("\\", "/").rpartition("/")[2]


def _header(data: ReportData) -> Markup:
    facts = [
        count(data.table.rows, "row"),
        count(data.table.columns, "column"),
        data.target.task,
        data.run.created[:10],
    ]
    line = join(tag("span", fact) for fact in facts if fact)
    name = tag("h1", data.target.name, " ", tag("span", f"from {_file(data)}", cls="source"))
    return tag("header", tag("p", "regularfit report", cls="brand"), name, tag("p", line, cls="meta"))


def _panels(data: ReportData) -> list[Markup]:
    found: list[Markup] = []
    for module in PANELS:
        found.append(module.panel(data))
        if module is candidates and data.trees is not None:
            found.append(trees.panel(data, data.trees))
    return found


def _contents(data: ReportData) -> Markup:
    names = list(_NAMES)
    if data.trees is not None:
        names.insert(2, ("trees", "Trees"))
    links = [tag("li", tag("a", name, href=f"#{key}")) for key, name in names]
    return tag("nav", tag("ul", *links), aria_label="Panels")


def _footer(data: ReportData) -> Markup:
    made = (
        f"Made by regularfit {data.run.version}. It holds all that it shows and asks nothing of the network."
    )
    return tag("footer", tag("p", text(made)))


@cache
def _asset(name: str) -> str:
    return files("regularfit.report").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
