"""Certificates from one product: gaps of arbitrary residuals, blocks and threads, violators and nobody else."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import Dense, SparseColumns
from regularfit.lockstep import Lane
from regularfit.lockstep.gram_gaps import dual_terms
from regularfit.lockstep.scores import score_columns
from regularfit.lockstep.threads import workers
from regularfit.lockstep.workset import make_fronts
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import make_data

PENALTIES = [
    L1(),
    ElasticNet(0.5),
    L2(),
    L1().bounded(-0.5, 0.3),
    ElasticNet(0.4).bounded(-0.1, 0.2),
    L1().weighted([0.0, np.inf, 2.0] + [1.0] * 197).nonnegative(),
]


@pytest.mark.parametrize("kind", [Dense, SparseColumns])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_the_scan_agrees_with_the_dual_written_out(penalty, kind):
    data = make_data(20, 200)
    problem = data.problem(data.X if kind is Dense else sparse.csc_array(data.X))
    problem.design.block = 64
    lanes = [Lane(np.arange(20)), Lane(np.arange(5, 20))]
    fronts = make_fronts(problem, [penalty.coordinates(200)], [np.array([0.5, 0.1])], lanes)[0]
    rng, strengths = np.random.default_rng(0), [0.3, 0.05]
    R = np.ascontiguousarray(np.column_stack([f.weights * rng.standard_normal(20) * 3 for f in fronts]))
    gradients = np.empty((2, 200), np.float32)
    fronts[1].inside[7] = 1
    with workers(2) as team:
        verdicts = score_columns(problem.design, R, fronts, strengths, team, gradients)
    for k, (front, s, verdict) in enumerate(zip(fronts, strengths, verdicts, strict=True)):
        g = ((data.X - front.mean).T @ R[:, k]) * front.inverse
        np.testing.assert_allclose(gradients[k], g, rtol=1e-5, atol=1e-6)
        ratio, conjugate = dual_terms(front.terms, np.array([s]), g[None])
        assert max(verdict.ratio, 0) == pytest.approx(ratio[0], rel=1e-9)
        assert verdict.conjugate == pytest.approx(conjugate[0], rel=1e-9)
        reach = np.where(g > 0, front.terms.upper > 0, front.terms.lower < 0) & np.isfinite(front.terms.l1)
        broken = (
            reach & (np.abs(g) > s * np.where(reach, front.terms.l1, 0) * (1 + 1e-8)) & (front.inside == 0)
        )
        assert sorted(verdict.violators) == np.flatnonzero(broken).tolist()
        excess = (np.abs(g) - s * np.where(reach, front.terms.l1, 0))[broken]
        assert verdict.violation == pytest.approx(excess.max(initial=0) / s)


@pytest.mark.parametrize("count", [7, 8, 19])
def test_many_columns_of_residuals_are_judged_as_each_by_itself(count):
    data = make_data(20, 200)
    problem = data.problem(sparse.csc_array(data.X))
    front = make_fronts(problem, [L1().coordinates(200)], [np.array([0.5, 0.1])], [Lane(np.arange(20))])[0][0]
    R = np.random.default_rng(1).standard_normal((20, count)) / 20
    strengths = np.linspace(0.02, 0.2, count).tolist()
    gradients = np.empty((count, 200), np.float32)
    with workers(1) as team:
        many = score_columns(problem.design, R, [front] * count, strengths, team, gradients)
        for k in range(count):
            [one] = score_columns(
                problem.design,
                np.ascontiguousarray(R[:, [k]]),
                [front],
                strengths[k : k + 1],
                team,
                gradients[:1].copy(),
            )
            assert many[k].violators == one.violators
            assert many[k].ratio == pytest.approx(one.ratio, rel=1e-12)
    np.testing.assert_allclose(
        gradients, (data.X - front.mean).T.dot(R).T * front.inverse, rtol=1e-4, atol=1e-6
    )
