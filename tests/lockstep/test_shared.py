"""What is learnt in one pass is what a pass of its own would say."""

import numpy as np
import pytest

from regularfit.lockstep import Lane, look_ahead, strength_grid
from regularfit.lockstep.null import null_scores
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import make_data


def lanes_of(n):
    return [Lane(np.arange(n), keep=True), Lane(np.arange(n // 2), (np.arange(n // 2, n),))]


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1e9])
def test_null_scores_from_the_pass_are_those_of_products(standardize, scale):
    data = make_data(50, 6).but(standardize=standardize)
    data.X[:, 1] = 4.0  # constant
    data.X[:, 2] += 1e5
    problem = data.but(y=scale * data.y, offset=scale * data.offset).problem()
    shared = look_ahead(problem, [L1()], lanes_of(50))
    assert shared.seen is not None
    for penalty in (L1(), ElasticNet(0.3), L1().weighted([1, 1, 1, 2, np.inf, 1])):
        normal = penalty.coordinates(6)
        wanted = null_scores(problem, normal)
        np.testing.assert_allclose(null_scores(problem, normal, shared), wanted, rtol=1e-6, atol=1e-9 * scale)
        np.testing.assert_allclose(
            strength_grid(problem, penalty, 5, shared=shared), strength_grid(problem, penalty, 5), rtol=1e-6
        )


def test_a_target_without_signal_gives_the_natural_size_either_way():
    data = make_data(50, 4)
    problem = data.but(y=np.full(50, 3.0), offset=np.zeros(50)).problem()
    shared = look_ahead(problem, [L1()], lanes_of(50))
    normal = L1().coordinates(4)
    np.testing.assert_allclose(null_scores(problem, normal, shared), null_scores(problem, normal), rtol=1e-9)


def test_where_the_pass_says_nothing_exact_products_are_taken():
    data = make_data(50, 4)
    free = L1().weighted([0.0, 1.0, 1.0, 1.0])
    for problem, penalty in ((data.problem(), free), (data.but(intercept=False).problem(), L2())):
        shared = look_ahead(problem, [penalty], lanes_of(50))
        normal = penalty.coordinates(4)
        np.testing.assert_array_equal(null_scores(problem, normal, shared), null_scores(problem, normal))
    some = look_ahead(data.problem(), [L1()], [Lane(np.arange(20))])
    assert some.null_scores() is None


def test_only_full_gram_mode_looks_ahead():
    wide = make_data(20, 400).problem()
    assert look_ahead(wide, [L1()], lanes_of(20)).seen is None
