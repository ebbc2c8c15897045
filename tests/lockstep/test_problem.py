"""Problems and lanes: what is checked, and what weights mean."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.lockstep import Lane, make_problem


def test_weights_sum_to_n_and_those_of_a_lane_to_one():
    problem = make_problem(np.eye(3), [1.0, 2, 3], sample_weight=[2.0, 0, 2])
    np.testing.assert_allclose(problem.sample_weight, [1.5, 0, 1.5])
    np.testing.assert_allclose(Lane(np.array([0, 2, 2])).weights(problem), [1 / 3, 0, 2 / 3])
    assert (problem.n, problem.p) == (3, 3)


def test_a_lane_without_weight_is_refused():
    problem = make_problem(np.eye(2), [1.0, 2], sample_weight=[1.0, 0.0])
    with pytest.raises(InputError, match="positive weight"):
        Lane(np.array([1, 1])).weights(problem)


@pytest.mark.parametrize(
    "wrong",
    [
        {"y": [1.0]},
        {"y": [1.0, np.nan]},
        {"sample_weight": [1.0, -1.0]},
        {"sample_weight": [0.0, 0.0]},
        {"sample_weight": [1.0]},
        {"offset": [1.0]},
        {"offset": [np.inf, 0.0]},
        {"loss": "hinge"},
        {"loss": "logistic", "y": [0.0, 2.0]},
    ],
)
def test_what_cannot_be_fitted_is_refused(wrong):
    with pytest.raises(InputError):
        make_problem(**{"X": np.eye(2), "y": [0.0, 1.0], **wrong})
