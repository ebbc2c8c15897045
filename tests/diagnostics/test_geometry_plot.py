import matplotlib as mpl
import numpy as np
import pytest

import regularfit as rf
from regularfit.diagnostics import Bridge, geometry
from tests.diagnostics.bayes_data import rows

mpl.use("Agg")
import matplotlib.pyplot as plt

X, Y, *_ = rows()


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.MCP(3.0), rf.Group([0, 0, 1, 1])], ids=repr)
def test_what_is_drawn_are_the_facts(penalty):
    facts = geometry(penalty, X, Y, strength=0.3, points=40)
    shown = facts.plot()
    np.testing.assert_array_equal(np.column_stack(shown.ball_.get_data()), facts.ball)
    np.testing.assert_array_equal(np.column_stack(shown.contours_[2].get_data()), facts.contours[2])
    widths = [line.get_linewidth() for line in shown.contours_]
    assert widths.index(max(widths)) == 3
    assert shown.ax_.get_aspect() == 1
    assert shown.ax_.get_xlabel() == "coefficient of x0, per standard deviation"
    low, high = shown.ax_.get_xlim()
    assert low < facts.minimum[0] < high
    assert low < facts.solution[0] < high
    shown.figure_.canvas.draw()


def test_words_say_what_is_zero_and_axes_can_be_given():
    _, ax = plt.subplots()
    facts = geometry(rf.L1(), X, Y, strength=1.5, columns=(0, 3), standardize=False)
    assert facts.zeros[1] or facts.zeros[0]
    shown = facts.plot(ax, title=False)
    assert shown.ax_ is ax
    assert "at zero" in shown.solution_.get_label()
    assert ax.get_title() == ""
    assert ax.get_ylabel() == "coefficient of x3"
    inside = geometry(Bridge(1.5), X[:, :2], Y, budget=1e4).plot()
    inside.figure_.canvas.draw()
    assert inside.solution_.get_label() == "solution (no zero)"
