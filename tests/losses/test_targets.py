"""Targets that a loss refuses, and what the refusal says."""

import numpy as np
import pytest

import regularfit as rf

X = np.arange(12.0).reshape(6, 2) % 5


@pytest.mark.parametrize(
    ("loss", "y", "said"),
    [
        (rf.Poisson(), [0, 1, -2, 3, 0, 1], "0 or above.*holds -2 in row 2"),
        (rf.NegativeBinomial(1.0), [0, 1, -2, 3, 0, 1], "0 or above.*holds -2 in row 2"),
        (
            rf.NegativeBinomial(1.0),
            [0, 1, 2.5, 3, 0, 1],
            r"whole counts; y holds 2.5 in row 2.*offset=log\(exposure\)",
        ),
        (rf.Gamma(), [1, 1, 2, 0, 2, 1], "above 0; y holds 0 in row 3"),
    ],
)
def test_the_row_the_rule_and_the_way_out_are_named(loss, y, said):
    with pytest.raises(rf.InputError, match=said):
        rf.fit_path(X, y, loss=loss)


def test_poisson_takes_rates():
    assert np.isfinite(rf.fit_path(X, [0.5, 1, 2.5, 3, 0, 1], loss="poisson").coefs).all()
