"""What trees were to reach, and what was measured: one table from the pages of the other benchmarks.

    python benchmarks/trees_targets.py      # reads results/*.md, writes results/trees_targets.md

Run it after ``shrinkage.py``, ``sparse_forest.py``, ``rules.py``, ``boosting_cv.py`` and ``trees_tune.py``. Only the
agreement with the engines at strength 0 is measured here. Nothing is rounded up: a target that is missed says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from shrinkage import ENGINES
from sklearn.base import clone
from sklearn.datasets import make_friedman1

from regularfit.trees import shrink

RESULTS = Path(__file__).parent / "results"
Line = tuple[str, str, str, bool | None, str]  # what, target, measured, reached, page


def section(page: str, title: str = "") -> str:
    """Return a page, or one section of it."""
    text = (RESULTS / page).read_text()
    return text if not title else text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all lines of tables, without heads."""
    found = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in text.split("\n")
        if line[:1] == "|"
    ]
    ruled = [k for k, cells in enumerate(found) if set(cells[0]) == {"-"}]
    return [cells for k, cells in enumerate(found) if k not in ruled and k + 1 not in ruled]


def number(cell: str) -> float:
    """Return the first number of a cell."""
    return float(re.findall(r"[-+]?\d[\d.]*(?:e[-+]?\d+)?", cell)[0])


def told(text: str, start: str) -> str:
    """Return the line that starts so, without its start."""
    line = next((line for line in text.split("\n") if line.startswith(start)), "")
    return line.removeprefix(start).strip(" .")


def of_shrinkage() -> list[Line]:
    """Hierarchical shrinkage: what it brings and costs."""
    median = next(cells for cells in rows(section("shrinkage.md", "What it brings")) if cells[0] == "median")
    costs = [number(cells[-1]) for cells in rows(section("shrinkage.md", "What it costs"))]
    peers = rows(section("shrinkage.md", "Against imodels"))
    apart = max(number(cells[1]) for cells in peers if "e-" in cells[1])
    faster = [number(cells[-1]) for cells in peers]
    classes = section("shrinkage.md", "What it brings for classes")
    zero = largest_difference_at_zero()
    page = "shrinkage.md"
    return [
        (
            "squared error of an unpruned tree, shrunk, median over 17 sets",
            "-25 % or less",
            f"{median[3]}",
            number(median[3]) <= -25,
            page,
        ),
        (
            "the same for classes, median over 36 sets",
            "told",
            told(classes, "- A shrunk tree against an unpruned one, medians over 36 sets:"),
            None,
            page,
        ),
        (
            "25 strengths over the fits alone, 7 models, 2 sizes",
            "2.5 at most",
            f"{min(costs):.2f} to {max(costs):.2f}",
            max(costs) <= 2.5,
            page,
        ),
        (
            "predictions at strength 0 against the engine's own, 7 models",
            "1e-6 at most",
            f"{zero:.1e}",
            zero <= 1e-6,
            "here",
        ),
        ("predictions against imodels, 5 models", "equal", f"{apart:.1e}", apart < 1e-9, page),
        ("imodels' time over ours", "told", f"{min(faster):.1f} to {max(faster):.1f}", None, page),
    ]


def largest_difference_at_zero() -> float:
    """Return the largest relative difference of predictions over all engines."""
    X, y = make_friedman1(500, 10, noise=1.0, random_state=0)
    worst = 0.0
    for model in ENGINES.values():
        fitted: Any = clone(model).fit(X, y)
        plain = fitted.predict(X)
        worst = max(
            worst, float(np.max(np.abs(shrink(fitted, 0.0).predict(X) - plain)) / np.abs(plain).max())
        )
    return worst


def of_pruning() -> list[Line]:
    """Pruned trees are never larger at one standard error."""
    text = section("shrinkage.md", "How large pruned trees are")
    found = rows(text)
    larger = sum(number(cells[3]) > number(cells[2]) for cells in found)
    return [
        (
            "pruned tree of one standard error larger than that of the minimum",
            "never",
            f"{larger} of {len(found)} sets",
            larger == 0,
            "shrinkage.md",
        )
    ]


def of_forests() -> list[Line]:
    """Sparse forests: how often a quarter of the trees is enough."""
    lines: list[Line] = []
    numbers = told(
        section("sparse_forest.md", "Numbers"),
        "- quarter: at most 25 % of the trees at a loss of at most 5 % on",
    )
    cases = {"numbers, squared error": numbers}
    for leaves in ("leaves of 5", "pure leaves"):
        for measure in ("log-loss", "Brier"):
            start = f"- {leaves}, {measure}: a quarter of the trees at a loss of at most 5 %: sparse forest"
            cases[f"classes, {leaves}, {measure}"] = told(
                section("sparse_forest.md", "Classes"), start
            ).partition("; first")[0]
    for name, found in cases.items():
        share = float(re.findall(r"\((\d+) %\)", found)[0])
        lines.append(
            (
                f"sparse forest: a quarter of the trees loses at most 5 %; {name}",
                "60 % of the sets",
                found,
                share >= 60,
                "sparse_forest.md",
            )
        )
    return lines


def of_boosting() -> list[Line]:
    """The rounds curve against the engines' own functions, and the search."""
    lines: list[Line] = []
    table = rows(section("boosting_cv.md"))
    for engine, peer in (("lightgbm", "lgb.cv"), ("xgboost", "xgb.cv")):
        ratios = [number(cells[5]) for cells in table if cells[0] == engine]
        lines.append(
            (
                f"time of the folds over that of {peer}, {len(ratios)} problems",
                "1.1 at most",
                f"{min(ratios):.2f} to {max(ratios):.2f}, median {np.median(ratios):.2f}",
                max(ratios) <= 1.1,
                "boosting_cv.md",
            )
        )
    text = section("trees_tune.md")
    lines.append(
        (
            "test loss of a search over the default's",
            "below",
            told(text, "- Test loss of tune=30 over the default's,"),
            None,
            "trees_tune.md",
        )
    )
    return lines


def of_rules() -> list[Line]:
    """Rule models against imodels."""
    text = section("rules.md")
    return [
        (f"RuleFit against {peer}", "told", told(text, f"- ours against {peer},"), None, "rules.md")
        for peer in ("imodels, 30 rules", "imodels, 500 rules")
    ]


def main() -> None:
    """Write the page."""
    lines = [*of_shrinkage(), *of_pruning(), *of_forests(), *of_boosting(), *of_rules()]
    text = [
        "# What trees were to reach",
        "",
        "Made by `trees_targets.py` from the other pages; each says how it was measured.",
        "",
    ]
    text += ["| what | target | measured | reached | page |", "|---|---|---|---|---|"]
    words = {True: "yes", False: "**no**", None: ""}
    text += [
        f"| {what} | {target} | {found} | {words[reached]} | {page} |"
        for what, target, found, reached, page in lines
    ]
    (RESULTS / "trees_targets.md").write_text("\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    main()
