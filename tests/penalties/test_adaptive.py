"""The value: its weights, its checks, and that it passes names and multiples on."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.penalties import L1, L2, MCP, Adaptive, ElasticNet


def test_weights_of_a_pilot():
    np.testing.assert_allclose(Adaptive(power=1.0).factors(np.array([4.0, -2.0, 1.0])), [1.0, 2.0, 4.0])
    np.testing.assert_allclose(Adaptive(power=0.5).factors(np.array([4.0, -1.0])), [1.0, 2.0])
    np.testing.assert_array_equal(Adaptive().factors(np.zeros(3)), np.ones(3))


def test_the_form_on_a_pilot():
    inner = ElasticNet(0.5).weighted([1.0, 2.0, 0.0, np.inf, 1.0]).bounded(-1.0, 2.0)
    form = Adaptive(inner).for_pilot(np.array([2.0, 1.0, 0.0, 1.0, 0.0]), 5)
    np.testing.assert_array_equal(form.l1, [0.5, 2.0, 0.0, np.inf, np.inf])
    np.testing.assert_array_equal(form.l2, [0.5, 2.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(form.lower, -np.ones(5))


def test_names_and_multiples_go_inside():
    penalty = Adaptive(L1().on("a"), pilot=L2(0.1).on("b")).resolve(["a", "b"])
    assert penalty == Adaptive(L1().on("a").resolve(["a", "b"]), pilot=L2(0.1).on("b").resolve(["a", "b"]))
    assert 2 * Adaptive(L1(3.0)) == Adaptive(L1(6.0))
    assert eval(repr(Adaptive(power=2.0))) == Adaptive(power=2.0)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Adaptive(L2()), UnsupportedError, "sets coefficients to zero"),
        (lambda: Adaptive(MCP()), UnsupportedError, "convex"),
        (lambda: Adaptive(power=0), InputError, "power"),
        (lambda: Adaptive(pilot="ridge"), InputError, "pilot='ridge'"),
        (lambda: Adaptive(pilot=Adaptive()), UnsupportedError, "two stages"),
        (lambda: Adaptive().on([0]), UnsupportedError, "Adaptive"),
        (lambda: Adaptive().nonnegative(), UnsupportedError, "Adaptive"),
        (lambda: Adaptive() + L2(), UnsupportedError, "Adaptive"),
        (lambda: L2() + Adaptive(), UnsupportedError, "Adaptive"),
    ],
)
def test_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_a_model_with_it_is_saved_and_loaded(tmp_path):
    X = np.random.default_rng(0).normal(size=(50, 4))
    model = rf.PenalizedRegressor([L1(), Adaptive(power=2.0)], cv=3).fit(X, X[:, 0] + np.sin(np.arange(50)))
    model.save(tmp_path / "m.rfit")
    again = rf.load(tmp_path / "m.rfit")
    assert again.penalty == model.penalty
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    model.set_params(penalty=Adaptive(), penalty__power=3.0)
    assert model.penalty.power == 3.0
