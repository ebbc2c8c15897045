"""Full-Gram mode: atoms of rows, subtraction that knows its limits, held-out errors without another pass."""

import numpy as np
import pytest

from regularfit.lockstep import Lane
from regularfit.lockstep.gram import collect_atoms, fit_gram, reduce, suits_gram
from regularfit.lockstep.threads import workers
from regularfit.penalties import L1, L2
from tests.lockstep.truth import drive, make_data


def atoms_of(data, lanes):
    with workers(1) as team:
        return collect_atoms(data.problem(), lanes, team)


def test_rows_that_all_lanes_treat_alike_are_one_atom():
    data, every = make_data(30), np.arange(30)
    folds = np.array_split(np.random.default_rng(0).permutation(30), 5)
    lanes = [Lane(np.setdiff1d(every, f), (f,)) for f in folds] + [Lane(every)]
    atoms = atoms_of(data, lanes)
    assert len(atoms.grams) == 5
    np.testing.assert_array_equal(atoms.train.sum(axis=1), [4, 4, 4, 4, 4, 5])
    A = np.column_stack([data.X, data.y - data.offset, np.ones(30)]) - np.append(atoms.centre, 0)
    w = data.problem().sample_weight
    np.testing.assert_allclose(sum(atoms.grams), (A * w[:, None]).T @ A, atol=1e-9)
    for k, fold in enumerate(folds):
        inside = (A[fold] * w[fold, None]).T @ A[fold]
        np.testing.assert_allclose(atoms.of_test(k, 0), inside, atol=1e-9)


def test_rows_that_no_lane_uses_are_never_looked_at():
    data = make_data(30)
    data.X[20:] = 1e300
    atoms = atoms_of(data.but(weight=np.where(np.arange(30) < 20, data.weight, 0.0)), [Lane(np.arange(20))])
    assert np.isfinite(sum(atoms.grams)).all()


def test_repeats_count_as_often_as_they_are_named():
    data = make_data(12)
    rows = np.array([0, 0, 0, 5, 5, 7])
    atoms = atoms_of(data, [Lane(rows), Lane(np.arange(12))])
    total = sum(atoms.grams)
    A = np.column_stack([data.X, data.y - data.offset, np.ones(12)]) - np.append(atoms.centre, 0)
    w = data.problem().sample_weight
    np.testing.assert_allclose(atoms.of_train(0, total), (A[rows] * w[rows, None]).T @ A[rows], atol=1e-10)


@pytest.mark.parametrize("intercept", [True, False])
def test_a_column_that_lives_in_the_fold_left_out_loses_no_digits(intercept):
    data = make_data(40, 3).but(intercept=intercept)
    data.X[:10, 0] *= 1e7  # subtracting the fold's part would leave rounding only
    folds = np.array_split(np.arange(40), 4)
    lanes = [Lane(np.setdiff1d(np.arange(40), f), (f,), keep=True) for f in folds]
    [first, *_] = drive(fit_gram, data.problem(), L1(), [0.05], lanes)
    [alone] = drive(fit_gram, data.rows(lanes[0].train).problem(), L1(), [0.05])
    np.testing.assert_allclose(first.path.coefs, alone.path.coefs, rtol=1e-6)


def test_moments_of_a_constant_column_are_zero():
    data = make_data(20, 3)
    data.X[:, 1] = 7.3
    found = reduce(data.problem(), sum(atoms_of(data, [Lane(np.arange(20))]).grams))
    assert found.inverse[1] == 0
    assert not found.gram[1].any()
    w = data.weight / data.weight.sum()
    assert found.yy == pytest.approx(w @ (data.y - data.offset - w @ (data.y - data.offset)) ** 2)


@pytest.mark.parametrize("penalty", [L1(), L2()], ids=repr)
def test_a_score_of_ones_own_sees_eta_and_weights_and_equals_the_own_one(penalty):
    data, lane = make_data(30), Lane(np.arange(20), (np.arange(20, 30),))

    def score(y, eta, w):
        assert y.shape == eta.shape == w.shape == (10,)
        return float(w @ (y - eta) ** 2 / w.sum())

    [own] = drive(fit_gram, data.problem(), penalty, [0.5, 0.05], [lane], score=score)
    [built_in] = drive(fit_gram, data.problem(), penalty, [0.5, 0.05], [lane])
    np.testing.assert_allclose(own.scores, built_in.scores)
    assert own.path is None


def test_which_shapes_suit_it():
    lanes = [Lane(np.arange(5))]
    assert suits_gram(make_data(5, 300).problem(), lanes)
    assert suits_gram(make_data(400, 350).problem(), lanes)
    assert not suits_gram(make_data(5, 301).problem(), lanes)
