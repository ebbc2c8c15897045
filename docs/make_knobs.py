"""Write the table of docs/knobs.md from the code that translates: python docs/make_knobs.py."""

from pathlib import Path

from regularfit.trees import translation_table
from regularfit.trees.translation import ENGINES

PAGE = Path(__file__).parent / "knobs.md"
HEAD = """# What a knob of `trees.Regularisation` is in each engine

Written by `docs/make_knobs.py` from `src/regularfit/trees/translation.py`, which does the translating;
`tests/trees/test_translation.py` compares the models that come out with those of the engines called by hand.

`h` is the curvature of the loss at one row before the first tree: 1 for the squared loss, p (1 - p) for two classes
with base rate p. Pseudo-rows and rows therefore mean rows for every loss, where the engines' own parameters count
curvature. `root gain` is the gain of the first split of the first tree in the engine's own unit, so that a split toll
is a share and has no unit. An empty cell: the engine does not have the knob, and asking for it is an error that names
the engines that do.

"""


def page() -> str:
    """Return the whole page."""
    lines = ["| knob | " + " | ".join(ENGINES.values()) + " |", "|---" * (len(ENGINES) + 1) + "|"]
    for row in translation_table():
        cells = [f"`{row[engine]}`" if row[engine] else "" for engine in ENGINES]
        lines.append("| " + " | ".join([f"`{row['knob']}`", *cells]) + " |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
