"""Escaped text and small pieces of HTML. Every text of the user passes through :func:`tag` or :func:`text`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Markup", "join", "table", "tag", "text"]

_VOID = frozenset({"meta", "link", "br", "path", "line", "circle", "rect", "use"})


class Markup(str):
    """A string that is already HTML; any other string is escaped."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return the value as inert text: characters that mean something in HTML are escaped.

    Examples
    --------
    >>> text("<b>"), text(Markup("<b>"))
    ('&lt;b&gt;', '<b>')
    """
    return value if isinstance(value, Markup) else Markup(escape(_printable(str(value)), quote=True))


def join(parts: Iterable[object]) -> Markup:
    """Return the parts one after another, each escaped unless it is Markup."""
    return Markup("".join(text(part) for part in parts))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element. ``cls`` and ``for_`` lose their disguise, ``aria_label`` gets its dash; None is left out.

    Examples
    --------
    >>> tag("a", "R&D", href="#x", cls="link")
    '<a href="#x" class="link">R&amp;D</a>'
    """
    pairs = ((_attribute(key), value) for key, value in attributes.items() if value is not None)
    inside = "".join(f' {key}="{text(value)}"' for key, value in pairs)
    if not children and name in _VOID:
        return Markup(f"<{name}{inside}/>")
    return Markup(f"<{name}{inside}>{join(children)}</{name}>")


def table(caption: str, head: Sequence[object], rows: Iterable[Sequence[object]], cls: str = "") -> Markup:
    """Return a table whose first column names the rows, in a frame that scrolls sideways if it must."""
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    inner = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body), cls=cls or None)
    return tag("div", inner, cls="scroll", role="region", aria_label=caption, tabindex=0)


def _attribute(key: str) -> str:
    return {"cls": "class", "for_": "for", "view_box": "viewBox", "keep_ratio": "preserveAspectRatio"}.get(
        key, key.replace("_", "-")
    )


def _printable(value: str) -> str:
    """Control characters and lone surrogates cannot be written to a page; show the replacement sign."""
    cleaned = "".join("\ufffd" if ord(c) < 32 and c not in "\n\t" else c for c in value)
    return cleaned.encode("utf-8", "replace").decode("utf-8")
