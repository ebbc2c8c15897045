"""The gap of a Cox lane is never smaller than how far its objective is from the best."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes
from tests.lockstep.cox.data import cox_problem, objective

WAYS = [(late, strata, ties) for late in (False, True) for strata in (1, 2) for ties in ("breslow", "efron")]
PENALTIES = {
    "L1": rf.L1(),
    "ElasticNet": rf.ElasticNet(0.3),
    "L2": rf.L2(),
    "bounded": rf.L1().bounded(-0.2, 0.1),
    "free": rf.L1().weighted([0, 0] + [1] * 10),
}


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize(("late", "strata", "ties"), WAYS)
def test_crude_solutions_are_no_worse_than_they_admit(name, late, strata, ties):
    problem = cox_problem(late=late, strata=strata, ties=ties, standardize=False)
    penalty, lane = PENALTIES[name], Lane(np.arange(problem.n), keep=True)
    grid = np.array([0.1, 0.03, 0.005])
    [[exact]] = fit_lanes(problem, [penalty], [grid], [lane], tol=1e-12)
    for tol in (0.3, 1e-2, 1e-4):
        [[crude]] = fit_lanes(problem, [penalty], [grid], [lane], tol=tol)
        for k, strength in enumerate(grid):
            best, found = (
                objective(problem, penalty, strength, p.coefs[k]) for p in (exact.path, crude.path)
            )
            assert found - best <= crude.path.gaps[k] * found * (1 + 1e-6) + 1e-12
            assert crude.path.gaps[k] <= max(tol, 1e-9)
