"""The baseline hazard by hand; tests/reference/test_cox.py compares with survfit."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.losses import Cox, baseline_hazard
from regularfit.losses._survival_target import read_survival


def test_with_equal_risks_it_is_nelson_aalen():
    y, _ = read_survival([[1, 1], [2, 0], [3, 1], [4, 1]])
    found = baseline_hazard(Cox(), y, np.zeros(4), np.ones(4))
    np.testing.assert_allclose(found.cumulative, np.cumsum([1 / 4, 1 / 2, 1.0]))
    np.testing.assert_allclose(found.at([0.5, 1.0, 2.5, 9.0]), [0, 1 / 4, 1 / 4, 1.75])


def test_efron_takes_tied_events_one_after_the_other():
    y, _ = read_survival([[1, 1], [1, 1], [2, 0]])
    found = baseline_hazard(Cox("efron"), y, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(found.cumulative, [1 / 3 + 1 / 2])


def test_a_common_shift_of_predictors_leaves_curves():
    rng = np.random.default_rng(0)
    y, eta = read_survival(np.column_stack([rng.exponential(size=20), np.ones(20)]))[0], rng.normal(size=20)
    near = baseline_hazard(Cox(), y, eta, np.ones(20))
    far = baseline_hazard(Cox(), y, eta + 1e4, np.ones(20))  # exp(1e4) is infinite
    times, codes = np.array([0.1, 1.0]), np.zeros(20, int)
    np.testing.assert_allclose(far.hazard(eta + 1e4, times, codes), near.hazard(eta, times, codes), rtol=1e-9)


def test_strata_are_asked_for_and_known():
    kinds = [("time", "f8"), ("event", "?"), ("strata", "U1")]
    y, labels = read_survival(np.array([(1.0, 1, "a"), (2.0, 1, "b")], dtype=kinds))
    found = baseline_hazard(Cox(), y, np.zeros(2), np.ones(2), labels)
    assert found.codes_of(["b", "a"], 2).tolist() == [1, 0]
    assert list(found.to_frame()["stratum"]) == ["a", "b"]
    with pytest.raises(InputError, match="give strata"):
        found.codes_of(None, 2)
    with pytest.raises(InputError, match="'c' was not in the training rows"):
        found.codes_of(["a", "c"], 2)
