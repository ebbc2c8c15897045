"""How figures look: colours that colour-blind eyes tell apart, letters to be read at half a page, bands for errors.

matplotlib is loaded when something is drawn. Figures are made without pyplot, so that drawing changes no settings of
whoever calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .._typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .experiment import Experiment, Facts

__all__ = [
    "BLACK",
    "BLUE",
    "COLOURS",
    "GREEN",
    "GREY",
    "MARKERS",
    "ORANGE",
    "PURPLE",
    "RED",
    "SKY",
    "axes",
    "bars",
    "curve",
    "dots",
    "draw",
    "legend",
    "note",
]

# Okabe and Ito (2008); yellow is left out, as it is too light for a line.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
BLACK, GREY = "#1c1f23", "#8a8f96"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_STYLE: dict[str, Any] = {
    "font.size": 11, "axes.titlesize": 12, "axes.labelsize": 11, "legend.fontsize": 9.5, "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "axes.axisbelow": True, "lines.linewidth": 1.8, "lines.markersize": 5, "svg.fonttype": "path",
    "font.family": "DejaVu Sans", "figure.facecolor": "white", "savefig.facecolor": "white", "legend.frameon": False,
    "axes.titleweight": "bold", "axes.titlelocation": "left",
}  # fmt: skip


def draw(experiment: Experiment, facts: Facts, form: Literal["svg", "png"] = "svg") -> bytes:
    """Return the picture of an experiment; the same facts give the same bytes with the same matplotlib."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: Any = {**mpl.rcParamsDefault, **_STYLE, "svg.hashsalt": experiment.name}
    with mpl.rc_context(style):
        figure = Figure(figsize=(8.0, 3.9), layout="constrained")
        experiment.plot(facts, figure)
        stream = BytesIO()
        metadata = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        figure.savefig(stream, format=form, dpi=150, metadata=metadata)
    return stream.getvalue()


def axes(figure: Figure, titles: Sequence[str], *, share_y: bool = False) -> list[Axes]:
    """Return axes side by side, each with its title."""
    found = list(figure.subplots(1, len(titles), squeeze=False, sharey=share_y)[0])
    for one, title in zip(found, titles, strict=True):
        one.set_title(title)
    return found


def curve(
    on: Axes,
    x: ArrayLike,
    mean: ArrayLike,
    se: ArrayLike | None = None,
    *,
    label: str | None = None,
    order: int = 0,
    colour: str | None = None,
    dashed: bool = False,
    points: bool = True,
) -> None:
    """Draw a curve with a band of one standard error; ``order`` picks a colour and a marker that belong together."""
    at, middle = np.asarray(x, float), np.asarray(mean, float)
    shade = colour or COLOURS[order % len(COLOURS)]
    mark = MARKERS[order % len(MARKERS)] if points else None
    on.plot(at, middle, color=shade, ls="--" if dashed else "-", marker=mark, markersize=4, label=label)
    if se is not None:
        half = np.asarray(se, float)
        on.fill_between(at, middle - half, middle + half, color=shade, alpha=0.18, linewidth=0)


def bars(
    on: Axes,
    names: Sequence[str],
    mean: ArrayLike,
    se: ArrayLike | None = None,
    *,
    colours: Sequence[str] | str = BLUE,
) -> None:
    """Draw lying bars, the first on top, with one standard error each way."""
    at = np.arange(len(names))[::-1]
    shades = [colours] * len(names) if isinstance(colours, str) else list(colours)
    on.barh(
        at,
        np.asarray(mean, float),
        xerr=se,
        color=shades,
        height=0.65,
        error_kw={"elinewidth": 1.2, "capsize": 3},
    )
    on.set_yticks(at, names)
    on.grid(False, axis="y")


def dots(on: Axes, names: Sequence[str], series: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> None:
    """Draw, for each name from the top, one point of every series (means, standard errors) beside one another."""
    rows = np.arange(len(names))[::-1]
    shifts = np.linspace(0.28, -0.28, len(series)) if len(series) > 1 else [0.0]
    for order, ((label, (mean, se)), shift) in enumerate(zip(series.items(), shifts, strict=True)):
        on.errorbar(
            np.asarray(mean, float), rows + shift, xerr=np.asarray(se, float), label=label, linestyle="none",
            color=COLOURS[order % len(COLOURS)], marker=MARKERS[order % len(MARKERS)], markersize=5, elinewidth=1.3,
        )  # fmt: skip
    on.set_yticks(rows, names)
    on.set_ylim(-0.6, len(names) - 0.4)


def legend(on: Axes, **how: Any) -> None:
    """Write the legend where it covers least."""
    on.legend(**{"loc": "best", **how})


def note(on: Axes, text: str, x: float, y: float, **how: Any) -> None:
    """Write a small remark at a place in the units of the data."""
    on.annotate(text, (x, y), fontsize=9, color=BLACK, **how)
