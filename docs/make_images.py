"""Draw the README's picture from a real run: python docs/make_images.py."""

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
import pandas as pd

import regularfit as rf

ROOT = Path(__file__).parents[1]

STYLE = {
    "svg.hashsalt": "regularfit",  # the same picture from the same run, byte for byte
    "svg.fonttype": "path",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw() -> None:
    data = pd.read_csv(ROOT / "examples" / "data" / "diabetes.csv")
    X = data.drop(columns="target")
    X = (X - X.mean()) / X.std(ddof=0)  # so that the curves can be compared
    model = rf.PenalizedRegressor(rf.L1(), random_state=0).fit(X, data["target"])
    with mpl.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
        model.plot_path(ax=left)
        left.set_ylabel("coefficient (columns scaled to unit deviation)")
        model.plot_cv(ax=right)
        figure.savefig(ROOT / "docs" / "images" / "diabetes.svg", metadata={"Date": None})


if __name__ == "__main__":
    draw()
