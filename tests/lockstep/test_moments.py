"""A lane's moments on its own scale."""

import numpy as np
import pytest

from regularfit.lockstep import Lane
from regularfit.lockstep.atoms import collect_atoms
from regularfit.lockstep.moments import moments_of, reduce
from regularfit.lockstep.threads import workers
from tests.lockstep.truth import make_data


def atoms_of(data, lanes):
    with workers(1) as team:
        return collect_atoms(data.problem(), lanes, team)


def test_moments_of_a_constant_column_are_zero():
    data = make_data(20, 3)
    data.X[:, 1] = 7.3
    found = reduce(data.problem(), atoms_of(data, [Lane(np.arange(20))]).total)
    assert found.inverse[1] == 0
    assert not found.gram[1].any()
    w = data.weight / data.weight.sum()
    assert found.yy == pytest.approx(w @ (data.y - data.offset - w @ (data.y - data.offset)) ** 2)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
def test_several_lanes_at_once_equal_each_alone(intercept, standardize):
    data = make_data(30, 4).but(intercept=intercept)
    data.X[:, 2] = 3.0  # constant in every lane
    data.X[10:, 3] = -1.0  # constant in the lanes that miss the first rows
    problem = data.but(standardize=standardize).problem()
    lanes = [Lane(np.arange(30)), Lane(np.arange(10, 30)), Lane(np.r_[0, 0, 5:20])]
    with workers(1) as team:
        atoms = collect_atoms(problem, lanes, team)
    together = moments_of(problem, lanes, [0, 1, 2], atoms)
    w = problem.sample_weight
    y = data.y - data.offset
    for k, lane in enumerate(lanes):
        found = together.lane(k)
        share = np.bincount(lane.train, minlength=30) * w
        share = share / share.sum()
        mean = share @ data.X
        deviation = np.sqrt(share @ (data.X - mean) ** 2)
        deviation[deviation < 1e-12] = 0.0
        inverse = np.divide(1.0, deviation if standardize else 1.0, out=np.zeros(4), where=deviation > 0)
        if intercept:
            Z, t = (data.X - mean) * inverse, y - share @ y
            np.testing.assert_allclose(found.inverse, inverse, rtol=1e-9)
            np.testing.assert_allclose(found.gram, (Z * share[:, None]).T @ Z, atol=1e-10)
            np.testing.assert_allclose(found.c, (Z * share[:, None]).T @ t, atol=1e-10)
            np.testing.assert_allclose(found.mean + atoms.centre[:4], mean, atol=1e-12)
        else:
            t = y
            Z = data.X * found.inverse
            np.testing.assert_allclose(found.gram, (Z * share[:, None]).T @ Z, rtol=1e-9)
        assert found.yy == pytest.approx(share @ t**2)
        assert found.gram.flags.f_contiguous


def test_one_lane_far_from_the_common_centre_does_not_touch_the_others():
    data = make_data(60, 3)
    data.X[40:, 1] += 1e9  # a lane of the last rows alone has a mean far from everyone's
    lanes = [Lane(np.arange(40)), Lane(np.arange(40, 60))]
    atoms = atoms_of(data, lanes)
    together = moments_of(data.problem(), lanes, [0, 1], atoms)
    for k, lane in enumerate(lanes):
        sub = data.rows(lane.train)
        with workers(1) as team:
            direct = reduce(
                sub.problem(), collect_atoms(sub.problem(), [Lane(np.arange(sub.problem().n))], team).total
            )
        np.testing.assert_allclose(together.lane(k).gram, direct.gram, atol=1e-7)
        np.testing.assert_allclose(together.lane(k).inverse, direct.inverse, rtol=1e-6)
