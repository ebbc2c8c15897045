"""The picture shows what was selected."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

import regularfit as rf


@pytest.fixture
def found():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 12))
    return rf.stability_selection(rf.PenalizedRegressor(), X, X[:, 3] - X[:, 8] + rng.normal(size=100), 20)


def test_stable_columns_are_named_and_others_grey(found):
    display = found.plot()
    assert sorted(text.get_text() for text in display.texts_) == ["x3", "x8"]
    assert len(display.lines_) == 2
    assert len(display.other_lines_) == np.sum((found.max_frequencies > 0) & ~found.stable())
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), found.strengths)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), found.frequencies[:, found.selected()[0]])
    plt.close(display.figure_)


def test_into_given_axes(found):
    figure, ax = plt.subplots()
    display = found.plot(ax, labels=1, others=0)
    assert display.ax_ is ax
    assert len(display.texts_) == 1
    assert display.other_lines_ == []
    plt.close(figure)
