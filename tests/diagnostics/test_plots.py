"""What is drawn is what was found."""

import matplotlib as mpl
import numpy as np
import pytest

from regularfit.diagnostics import BiasVariance, BiasVarianceDisplay, LearningCurve, OverfittingGap

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def parts(L=3, known=True):
    grid = np.geomspace(1, 0.01, L)
    bias2, variance = np.linspace(2, 0.1, L), np.linspace(0.1, 2, L)
    noise = np.full(L, 1.0 if known else np.nan)
    se = np.full(L, 0.05)
    return BiasVariance(
        strengths=grid if L > 1 else None,
        bias2=bias2 + 0 * noise,
        variance=variance,
        noise=noise,
        error=bias2 + variance + 1,
        bias2_se=se,
        variance_se=se,
        noise_se=0 * noise,
        error_se=se,
        bias2_noise=bias2 + 1,
        bias2_noise_se=se,
        fits=30,
        replicates=10,
        training_rows=50,
        points=100,
        source="simulated",
        loss_name="squared error",
    )


def test_parts_along_strengths():
    found = parts()
    shown = found.plot()
    assert set(shown.lines_) == {"bias2", "variance", "noise", "error"}
    np.testing.assert_array_equal(shown.lines_["error"].get_ydata(), found.error)
    left, right = shown.ax_.get_xlim()
    assert (left, right) == (1.0, pytest.approx(0.01))
    assert shown.ax_.get_ylabel() == "squared error"
    assert [text.get_text() for text in shown.ax_.get_legend().get_texts()][-1] == "error: the sum"


def test_unknown_noise_stays_with_the_bias_and_one_point_becomes_bars():
    assert set(parts(known=False).plot().lines_) == {"bias2_noise", "variance", "error"}
    _, ax = plt.subplots()
    shown = BiasVarianceDisplay(parts(L=1)).plot(ax)
    assert shown.ax_ is ax
    assert len(ax.patches) == 4


def test_learning_curves_and_gaps():
    rng = np.random.default_rng(0)
    scores = rng.random((3, 1, 4))
    curve = LearningCurve(
        np.array([10, 30, 90]), scores, scores + 1, np.ones((1, 4)), 12, "mean squared error", False
    )
    shown = curve.plot()
    np.testing.assert_array_equal(shown.lines_["test"].get_ydata(), curve.test)
    assert [label.get_text() for label in shown.ax_.get_xticklabels()] == ["10", "30", "90"]
    assert shown.ax_.get_ylabel() == "mean squared error"
    assert curve.plot(log=False).ax_.get_xscale() == "linear"


def test_gaps_along_strengths_and_alone():
    def gap(L):
        ones = np.linspace(1, 2, L)
        grid = np.geomspace(1, 0.1, L) if L > 1 else None
        return OverfittingGap(
            grid, ones, ones + 1, ones, ones, ones, ones, 3.0, 3.0, 10, "mean squared error"
        )

    shown = gap(4).plot()
    assert set(shown.lines_) == {"train", "test", "null"}
    assert shown.ax_.get_xlim()[0] == 1.0
    assert len(gap(1).plot().ax_.patches) == 2
