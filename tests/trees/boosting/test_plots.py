"""The picture of the rounds says what the estimator knows."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from regularfit.trees import BoostingRegressor, Regularisation

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 2))
Y = X[:, 0] + 0.3 * RNG.normal(size=120)
MODEL = BoostingRegressor(
    Regularisation(learning_rate=0.2, leaves=4, min_rows=5),
    engine="sklearn",
    rounds=60,
    patience=8,
    cv=3,
    n_jobs=1,
).fit(X, Y)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_curves_are_those_of_the_estimator():
    shown = MODEL.plot_cv()
    np.testing.assert_array_equal(shown.line_.get_ydata(), MODEL.cv_.mean)
    np.testing.assert_array_equal(shown.line_.get_xdata(), MODEL.cv_.values)
    np.testing.assert_array_equal(shown.training_line_.get_ydata(), MODEL.path_.training_loss)
    assert len(shown.fold_lines_) == 3
    assert shown.ax_.get_ylabel() == "mean squared error, held out"
    shown.figure_.canvas.draw()


def test_both_choices_are_marked():
    ax = MODEL.plot_cv(fold_lines=False, training=False).ax_
    dashed = sorted(line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--")
    assert dashed == sorted({MODEL.cv_.value_min, MODEL.cv_.value_1se})
    assert {text.get_text() for text in ax.texts} == {"min", "1se"}
    assert len(ax.lines) == 3


def test_given_axes_are_used():
    figure, ax = plt.subplots()
    shown = MODEL.plot_cv(ax, line_kw={"color": "C0"})
    assert shown.ax_ is ax
    assert shown.figure_ is figure
    assert shown.line_.get_color() == "C0"


def test_another_score_has_no_training_line():
    other = BoostingRegressor(engine="sklearn", scoring="r2", rounds=60, patience=5, cv=2, n_jobs=1).fit(X, Y)
    assert other.plot_cv().training_line_ is None
