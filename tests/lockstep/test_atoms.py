"""One pass over X: rows that all lanes treat alike, and sums of them that lose no digits."""

import numpy as np

from regularfit.lockstep import Lane
from regularfit.lockstep.atoms import collect_atoms, label_rows
from regularfit.lockstep.threads import workers
from tests.lockstep.truth import make_data


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
    A = np.column_stack([data.X, data.y - data.offset, np.ones(12)]) - np.append(atoms.centre, 0)
    w = data.problem().sample_weight
    np.testing.assert_allclose(atoms.of_train([0])[0], (A[rows] * w[rows, None]).T @ A[rows], atol=1e-10)


def nested_lanes(n, K, hint):
    """Singles and pairs of folds left out; with the hint or without it."""
    folds = np.array_split(np.random.default_rng(1).permutation(n), K)
    pairs = [(folds[a], folds[b]) for a in range(K) for b in range(a)]
    return [
        Lane(np.setdiff1d(np.arange(n), np.concatenate(out)), out, without=out if hint else None)
        for out in [*((f,) for f in folds), *pairs]
    ]


def test_what_a_lane_says_it_leaves_out_changes_nothing():
    data = make_data(40)
    said, unsaid = (atoms_of(data, nested_lanes(40, 4, hint)) for hint in (True, False))
    np.testing.assert_array_equal(said.seen.label, unsaid.seen.label)
    np.testing.assert_array_equal(said.train, unsaid.train)
    np.testing.assert_array_equal(said.grams, unsaid.grams)
    for a, b in zip(said.tests, unsaid.tests, strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_count_up_and_name_their_first_rows():
    label, first = label_rows(40, nested_lanes(40, 4, hint=True))
    np.testing.assert_array_equal(label[first], np.arange(4))
    assert (np.diff(first) > 0).all()
    assert all((label[: row + 1] == k).sum() == 1 for k, row in enumerate(first))


def test_a_pass_serves_again_where_the_atoms_are_the_same_and_only_there():
    data = make_data(40)
    lanes = nested_lanes(40, 4, hint=True)
    with workers(1) as team:
        first = collect_atoms(data.problem(), lanes[:4], team)
        again = collect_atoms(data.problem(), lanes[4:], team, first.seen)
        other = collect_atoms(data.problem(), [Lane(np.arange(40))], team, first.seen)
        some = collect_atoms(data.problem(), [Lane(np.arange(20))], team)
        all_rows = collect_atoms(
            data.problem(), [Lane(np.arange(20)), Lane(np.arange(20, 40))], team, some.seen
        )
    assert again.seen is first.seen
    assert other.seen is not first.seen
    assert len(other.grams) == 1
    assert all_rows.seen is not some.seen  # the same two atoms, but one was never looked at
    assert all_rows.grams.any(axis=(1, 2)).all()


def test_a_difference_that_would_lose_its_digits_is_a_sum_instead():
    data = make_data(40, 3).but(intercept=False)  # so the centre is zero
    data.X[:10, 0] *= 1e7
    folds = np.array_split(np.arange(40), 4)
    atoms = atoms_of(data, [Lane(np.setdiff1d(np.arange(40), f), (f,)) for f in folds])
    found = atoms.of_train(range(4))
    np.testing.assert_array_equal(found[0], atoms.grams[1] + atoms.grams[2] + atoms.grams[3])
    np.testing.assert_allclose(found[1], atoms.grams[0] + atoms.grams[2] + atoms.grams[3], rtol=1e-12)
