"""Pictures say what the estimator knows."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import regularfit as rf
from regularfit.linear import CVDisplay, PathDisplay
from regularfit.linear.plots import _spread
from tests.linear.data import regression

X, Y = regression()
TABLE = pd.DataFrame(X, columns=[f"col{j}" for j in range(8)])
MODEL = rf.PenalizedRegressor(rf.L1(), cv=4, random_state=0).fit(TABLE, Y)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def _dashed(ax):
    return sorted(line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--")


@pytest.mark.parametrize("display", [PathDisplay, CVDisplay])
def test_both_choices_and_the_counts_are_drawn(display):
    shown = display.from_estimator(MODEL)
    assert shown.figure_ is shown.ax_.figure
    assert _dashed(shown.ax_) == sorted([MODEL.cv_.strength_min, MODEL.cv_.strength_1se])
    assert {t.get_text() for t in shown.ax_.texts} >= {"min", "1se"}
    (top,) = shown.ax_.child_axes
    counts = [t.get_text() for t in top.get_xticklabels()]
    assert counts[0] == str(MODEL.path_.nonzeros[0])
    assert counts[-1] == str(MODEL.path_.nonzeros[-1])
    shown.figure_.canvas.draw()


def test_weaker_penalties_stand_to_the_right():
    low, high = MODEL.plot_path().ax_.get_xlim()
    assert low == MODEL.path_.strengths[0] > high == MODEL.path_.strengths[-1]


def test_curves_are_named_by_column():
    shown = MODEL.plot_path(labels=3)
    largest = np.argsort(-np.abs(MODEL.path_.coefs[-1]))[:3]
    assert {t.get_text() for t in shown.texts_} == {f"col{j}" for j in largest}
    assert len(shown.lines_) == 8


def test_lines_are_the_coefficients():
    shown = MODEL.plot_path()
    np.testing.assert_array_equal(shown.lines_[2].get_ydata(), MODEL.path_.coefs[:, 2])


def test_cv_curve_is_the_mean():
    shown = MODEL.plot_cv()
    np.testing.assert_array_equal(shown.line_.get_ydata(), MODEL.cv_.mean)
    assert len(shown.fold_lines_) == 4
    assert shown.ax_.get_ylabel().startswith("mean squared error")
    assert MODEL.plot_cv(fold_lines=False).fold_lines_ == []


def test_given_axes_are_used():
    figure, axes = plt.subplots(1, 2)
    assert MODEL.plot_path(ax=axes[0]).ax_ is axes[0]
    assert MODEL.plot_cv(axes[1]).figure_ is figure


def test_a_single_strength_is_a_point():
    shown = rf.PenalizedRegressor(strength=0.1).fit(X, Y).plot_path()
    assert shown.lines_[0].get_marker() == "o"
    assert "given" in {t.get_text() for t in shown.ax_.texts}


def test_a_model_without_folds_has_no_cv_curve():
    with pytest.raises(rf.InputError, match=r"not cross-validated.*plot_path"):
        rf.PenalizedRegressor(strength=0.1).fit(X, Y).plot_cv()


def test_unfitted_models_are_refused():
    with pytest.raises(NotFittedError):
        rf.PenalizedRegressor().plot_path()


def test_labels_are_spread_the_least():
    np.testing.assert_allclose(_spread(np.array([0.1, 0.5]), 0.05), [0.1, 0.5])
    np.testing.assert_allclose(_spread(np.array([0.5, 0.5, 0.5]), 0.1), [0.4, 0.5, 0.6])
    assert _spread(np.array([]), 0.1).size == 0
