import matplotlib as mpl
import numpy as np
import pytest

import regularfit as rf
from regularfit.diagnostics import evidence_path, posterior
from tests.diagnostics.bayes_data import rows

mpl.use("Agg")
import matplotlib.pyplot as plt

X, Y, *_ = rows()


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_means_and_intervals_the_largest_on_top():
    found = posterior(rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, Y), X, Y)
    shown = found.plot(most=3)
    values, at = shown.points_.get_data()
    assert len(values) == 3
    assert abs(values[np.argmax(at)]) == np.abs(found.coef).max()
    assert shown.mode_points_ is None
    assert {text.get_text() for text in shown.ax_.get_legend().get_texts()} >= {
        "95 % interval",
        "50 % interval",
    }
    scaled = found.plot(scale=X.std(axis=0))
    assert scaled.ax_.get_xlabel() == "coefficient, scaled"
    with pytest.raises(rf.InputError, match="levels"):
        found.plot(levels=(0.9, 0.5))
    with pytest.raises(rf.InputError, match="scale"):
        found.plot(scale=np.ones(2))


def test_the_lasso_stands_beside_the_mean():
    model = rf.PenalizedRegressor(rf.L1(), strength=0.3).fit(X, Y)
    shown = posterior(model, X, Y, draws=300, burn_in=100, chains=8).plot()
    assert sorted(shown.mode_points_.get_xdata()) == pytest.approx(sorted(model.coef_), abs=1e-4)


def test_the_evidence_and_both_strengths():
    found = evidence_path(rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, Y), X, Y)
    shown = found.plot()
    np.testing.assert_array_equal(shown.line_.get_ydata(), found.log_evidence)
    left, right = shown.ax_.get_xlim()
    assert left > right  # weak penalties to the right
    assert [text.get_text()[:4] for text in shown.ax_.get_legend().get_texts()] == ["most", "the "]
    shown.figure_.canvas.draw()
