"""Lanes of which only errors are wanted: the short way gives what the long way gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from regularfit.lockstep import Lane, make_problem, strength_grid
from regularfit.lockstep.atoms import collect_atoms
from regularfit.lockstep.gram import Settings, fit_batch
from regularfit.lockstep.gram_errors import light_lanes
from regularfit.lockstep.standard import forms_by_lane
from regularfit.lockstep.threads import Workers
from regularfit.penalties import L1, L2, ElasticNet

TEAM = Workers(1, inline=True)


def lanes_of(n, K, seed=0):
    folds = np.array_split(np.random.default_rng(seed).permutation(n), K)
    sets = [out for size in (1, 2, 3) for out in combinations(range(K), size)]
    return [
        Lane(
            np.setdiff1d(np.arange(n), np.concatenate([folds[k] for k in out])),
            tuple(folds[k] for k in out),
            keep=len(out) == 1 and out[0] == 0,
            without=tuple(folds[k] for k in out),
        )
        for out in sets
    ]


def settings_of(problem, penalties, grids, lanes):
    atoms = collect_atoms(problem, lanes, TEAM)
    normals = tuple(forms_by_lane(penalties, problem.p, lanes))
    return Settings(problem, normals, tuple(grids), 1e-7, None, None, lanes, atoms), normals, atoms


def problem_of(n=120, p=15, seed=0, **more):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1)) + rng.normal(size=p)
    y = X[:, :4] @ rng.normal(size=4) + rng.normal(size=n) + 3
    return make_problem(X, y, **more)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    "penalty", [L1(), ElasticNet(0.4), L1().weighted(np.r_[np.inf, np.linspace(0.5, 2, 14)])]
)
def test_both_ways_agree(penalty, weighted, standardize):
    n, rng = 120, np.random.default_rng(1)
    more = {"sample_weight": rng.uniform(0.2, 3, n), "offset": rng.normal(size=n)} if weighted else {}
    problem = problem_of(n, standardize=standardize, **more)
    lanes, grid = lanes_of(n, 6), strength_grid(problem, penalty, 20, 1e-3)
    settings, normals, atoms = settings_of(problem, [penalty], [grid], lanes)
    light = light_lanes(problem, normals, lanes, atoms)
    assert light.among.sum() == len(lanes) - 1  # all but the one whose path is wanted
    every = list(range(len(lanes)))
    for [short], [long] in zip(fit_batch(settings, every, light), fit_batch(settings, every), strict=True):
        np.testing.assert_allclose(short.scores, long.scores, rtol=1e-9)
        assert (short.gaps <= 1e-7).all()
        assert (long.gaps <= 1e-7).all()
        assert short.converged.all()
        assert short.kkt.max() <= 1e-7


def test_only_what_is_plain_goes_the_short_way():
    lanes = lanes_of(120, 5)

    def among(problem, penalty):
        _, normals, atoms = settings_of(problem, [penalty], [np.ones(1)], lanes)
        light = light_lanes(problem, normals, lanes, atoms)
        return 0 if light is None else int(light.among.sum())

    assert among(problem_of(), L1()) == len(lanes) - 1
    for penalty in (L2(), L1().nonnegative(), L1().weighted(np.r_[0.0, np.ones(14)])):
        assert among(problem_of(), penalty) == 0
    assert among(problem_of(fit_intercept=False), L1()) == 0
    first = lanes[0].tests[0]
    X = np.random.default_rng(0).normal(size=(120, 15))
    X[:, 3] = 0.0
    X[first[0], 3] = 1.0  # does not vary in lanes without the first fold
    with_it = sum(all(rows is not first for rows in lane.tests) for lane in lanes)
    assert among(make_problem(X, X[:, 0] + X[:, 1]), L1()) == with_it


def test_a_saturated_lane_ends_where_the_long_way_ends():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    problem = make_problem(X, X @ rng.normal(size=6))  # no noise
    problem = replace(problem, saturation=1 - 1e-6)
    lanes, grid = lanes_of(60, 4), strength_grid(problem, L1(), 60, 1e-6)
    settings, normals, atoms = settings_of(problem, [L1()], [grid], lanes)
    every = list(range(len(lanes)))
    light = light_lanes(problem, normals, lanes, atoms)
    for [short], [long] in zip(fit_batch(settings, every, light), fit_batch(settings, every), strict=True):
        assert np.isnan(short.scores[-1]).all()
        np.testing.assert_array_equal(np.isnan(short.scores), np.isnan(long.scores))
