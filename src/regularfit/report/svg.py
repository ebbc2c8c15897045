"""A compact writer of charts that keep their letters at one size however wide the page is.

Across, everything is placed in per cent of the width; downwards, in pixels. Curves live in an inner drawing that is
stretched to the width (their strokes are not), texts and points outside of it. No chart library, no script needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from regularfit.report.html import Markup, join, tag
from regularfit.report.scale import Scale
from regularfit.report.words import common_power, power_of_ten, shorten

__all__ = ["Chart", "Label", "spread"]

_WIDE = 1000  # inner units across the whole width of a drawing


@dataclass(frozen=True, slots=True)
class Label:
    """A text at the right end of a curve: its height as a value, its text, its colour class and its key."""

    value: float
    text: str
    cls: str
    key: str


@dataclass(slots=True)
class Chart:
    """A drawing that is filled by its methods and written by :meth:`svg`.

    Parameters
    ----------
    x, y : the axes; y grows upwards.
    title : what a screen reader says instead of the picture.
    height : in pixels, of the plotting area.
    """

    x: Scale
    y: Scale
    title: str
    height: int = 300
    _back: list[Markup] = field(default_factory=list)
    _inner: list[Markup] = field(default_factory=list)
    _front: list[Markup] = field(default_factory=list)

    def x_axis(self, name: str, write: Callable[[float], str], most: int = 7) -> None:
        """Draw ticks, their numbers and the name below; every second number is left out where it is narrow.

        A power of ten that all numbers share goes to the name.
        """
        self._back.append(tag("line", x1="0", x2="100%", y1=self.height, y2=self.height, cls="axis"))
        ticks = sorted(self.x.ticks(most), key=self.x)
        power = 0 if self.x.log else common_power(ticks)
        for i, tick in enumerate(ticks):
            at = _percent(self.x(tick))
            minor = " minor" if i % 2 else ""
            self._back.append(tag("line", x1=at, x2=at, y1=self.height, y2=self.height + 5, cls="axis"))
            self._back.append(
                tag("text", write(tick / 10.0**power), x=at, y=self.height + 20, cls="tick mid" + minor)
            )
        name += f", × {power_of_ten(power)}" if power else ""
        self._back.append(tag("text", name, x="50%", y=self.height + 42, cls="name mid"))

    def y_axis(self, write: Callable[[float], str], most: int = 7) -> None:
        """Draw a quiet line across and a number at its left for round values; a common power of ten goes on top."""
        ticks = self.y.ticks(most)
        power = 0 if self.y.log else common_power(ticks)
        if power:
            self._back.append(tag("text", f"× {power_of_ten(power)}", x="0", dx="-10", y=-14, cls="tick end"))
        for tick in ticks:
            at = self._down(tick)
            self._back.append(tag("line", x1="0", x2="100%", y1=at, y2=at, cls="grid"))
            self._back.append(
                tag("text", write(tick / 10.0**power), x="0", dx="-10", y=at, dy=".34em", cls="tick end")
            )

    def across(self, value: float, cls: str = "zero") -> None:
        """Draw a line across at a height."""
        at = self._down(value)
        self._front.append(tag("line", x1="0", x2="100%", y1=at, y2=at, cls=cls))

    def upright(self, value: float, name: str, cls: str, row: int = 0) -> None:
        """Draw a dashed line from bottom to top, named above; rows keep two names apart."""
        at, share, top = _percent(self.x(value)), self.x(value), -8 - 16 * row
        side = "start" if share < 0.12 else "finish" if share > 0.88 else "mid"
        self._front.append(tag("line", x1=at, x2=at, y1=top + 4, y2=self.height, cls=f"mark {cls}"))
        self._front.append(tag("text", name, x=at, y=top, cls=f"flag {side} {cls}"))

    def top_counts(self, xs: Sequence[float], texts: Sequence[str]) -> None:
        """Write a row of small numbers above the drawing."""
        for i, (value, text) in enumerate(zip(xs, texts, strict=True)):
            minor = " minor" if i % 2 else ""
            at = _percent(self.x(value))
            self._back.append(tag("text", text, x=at, y=-44, cls="tick mid" + minor))

    def line(
        self, xs: Sequence[float], ys: Sequence[float], cls: str, title: str = "", key: str = ""
    ) -> None:
        """Draw a curve; with a key it can be pointed at, and then shows its title."""
        path = tag("path", d=self._trace(xs, ys), id=key or None)
        if not key:
            self._inner.append(tag("g", path, cls=cls))
            return
        hit = tag("use", href=f"#{key}", cls="hit")
        self._inner.append(tag("g", tag("title", title), path, hit, cls=f"s {cls}", data_k=key))

    def band(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], cls: str) -> None:
        """Fill between two curves."""
        there, back = self._trace(xs, high), self._trace(list(reversed(xs)), list(reversed(low)))
        self._inner.append(tag("path", d=f"{there}L{back[1:]}Z", cls=cls))

    def dot(self, x: float, y: float, cls: str, title: str = "", radius: float = 4.5) -> None:
        """Draw a point."""
        inside = [tag("title", title)] if title else []
        mark = tag("circle", *inside, cx=_percent(self.x(x)), cy=self._down(y), r=radius, cls=f"dot {cls}")
        self._front.append(mark)

    def bar(self, low: float, high: float, value: float, title: str) -> None:
        """Draw an upright bar from the bottom, between two places across."""
        left, right, top = 100 * self.x(low), 100 * self.x(high), self._down(value)
        self._front.append(tag("rect", tag("title", title), x=f"{left + 0.15:.2f}%", width=f"{right - left - 0.3:.2f}%",
                               y=top, height=round(self.height - top, 1), cls="column"))  # fmt: skip

    def add(self, mark: Markup) -> None:
        """Put any other mark in front, placed in per cent across and pixels downwards."""
        self._front.append(mark)

    def labels(self, labels: Sequence[Label], gap: float = 15.0) -> None:
        """Write names at the right, moved apart so that none covers another; a thin line leads to each curve."""
        wanted = [self._down(label.value) for label in labels]
        for label, at, curve in zip(labels, spread(wanted, gap, 4.0, self.height - 4.0), wanted, strict=True):
            lead = tag("line", x1="100%", x2="100%", y1=curve, y2=round(at, 1), cls=f"lead {label.cls}")
            wide = tag(
                "text", shorten(label.text, 18), x="100%", dx=10, y=round(at, 1), dy=".34em", cls="wide"
            )
            slim = tag(
                "text", shorten(label.text, 11), x="100%", dx=8, y=round(at, 1), dy=".34em", cls="slim"
            )
            group = tag("g", tag("title", label.text), wide, slim, cls=f"label {label.cls}", data_k=label.key)
            self._front.append(join([lead, group]) if abs(at - curve) > 1 else group)

    def svg(self, cls: str = "") -> Markup:
        """Return the drawing as one SVG element."""
        inner = tag(
            "svg", *self._inner, width="100%", height=self.height, view_box=f"0 0 {_WIDE} {self.height}",
            keep_ratio="none", cls="curves",
        )  # fmt: skip
        return tag(
            "svg", *self._back, inner, *self._front, tag("line", y1=0, y2=self.height, cls="cursor"),
            role="img", aria_label=self.title, height=self.height, width="100%", cls=f"chart {cls}".strip(),
        )  # fmt: skip

    def _down(self, value: float) -> float:
        return round(self.height * (1 - min(max(self.y(value), -1.0), 2.0)), 1)

    def _trace(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        points = [
            (round(_WIDE * self.x(a), 1) + 0.0, self._down(b))
            for a, b in zip(xs, ys, strict=True)
            if math.isfinite(b)
        ]
        if len(points) == 1:  # a curve of one point: a short dash one can see
            points = [(points[0][0] - 6, points[0][1]), (points[0][0] + 6, points[0][1])]
        return "M" + "L".join(f"{a:g} {b:g}" for a, b in _without_flat(points)) if points else "M0 0"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones, at least ``gap`` apart and inside [low, high] if they fit at all.

    The sum of squared moves is smallest (pool adjacent violators on the places with the gaps taken out).

    Examples
    --------
    >>> spread([10.0, 10.0, 50.0], 10.0, 0.0, 100.0)
    [5.0, 15.0, 50.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    room = (high - low) / max(len(wanted) - 1, 1)
    gap = min(gap, room)
    blocks: list[tuple[float, int]] = []  # (sum, size) of places that moved together
    for rank, i in enumerate(order):
        total, size = wanted[i] - gap * rank, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
            before = blocks.pop()
            total, size = total + before[0], size + before[1]
        blocks.append((total, size))
    flat = [total / size for total, size in blocks for _ in range(size)]
    last = high - gap * (len(wanted) - 1)
    out = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        out[i] = min(max(flat[rank], low), last) + gap * rank
    return out


def _percent(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def _without_flat(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out points inside a level stretch: the many zeros of a sparse path cost nothing."""
    ends = {0, len(points) - 1}
    return [
        p for i, p in enumerate(points)
        if i in ends or not points[i - 1][1] == p[1] == points[i + 1][1]
    ]  # fmt: skip
