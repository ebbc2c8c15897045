from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from regularfit.errors import FewerFoldsWarning, InputError
from regularfit.selection import fold_weights, make_folds, partitions
from regularfit.selection.splitters import repeated_partitions

N = 30


def test_a_number_partitions_the_rows_and_repeats_with_its_seed():
    folds = make_folds(7, N, random_state=3)
    assert np.sort(np.concatenate([test for _, test in folds])).tolist() == list(range(N))
    for train, test in folds:
        assert np.array_equal(np.sort(np.r_[train, test]), np.arange(N))
    again = make_folds(7, N, random_state=3)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(folds, again, strict=True))


def _tests(folds):
    return [test.tolist() for _, test in folds]


@pytest.mark.parametrize("classifier", [False, True])
@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(10), 3)])
def test_the_same_call_gives_the_same_folds_unless_randomness_is_asked_for(classifier, groups):
    def draw(random_state):
        y = np.tile([0, 1, 0], 10)
        return _tests(make_folds(5, N, y, groups=groups, classifier=classifier, random_state=random_state))

    np.random.seed(0)  # noqa: NPY002 - the point: NumPy's global stream has no say
    first = draw(None)
    np.random.seed(1)  # noqa: NPY002
    assert first == draw(None) == draw(0)
    assert first != draw(1)
    stream = np.random.RandomState(0)
    assert draw(stream) == first
    assert draw(stream) != first


def test_without_a_number_there_are_ten_folds_or_as_many_as_can_be():
    assert len(make_folds(None, N)) == 10
    with pytest.warns(FewerFoldsWarning, match="class 1 has only 6 members"):
        assert len(make_folds(None, N, np.repeat([0, 1], [24, 6]), classifier=True)) == 6


def test_classes_are_spread_and_groups_stay_together():
    y = np.repeat([0, 1], [24, 6])
    for _, test in make_folds(6, N, y, classifier=True, random_state=0):
        assert y[test].sum() == 1
    groups = np.repeat(np.arange(10), 3)
    for classifier in (False, True):
        labels = np.tile([0, 1, 0], 10) if classifier else None
        for train, test in make_folds(5, N, labels, groups=groups, classifier=classifier, random_state=0):
            assert not np.intersect1d(groups[train], groups[test]).size


@pytest.mark.parametrize(
    "splitter",
    [KFold(3), RepeatedKFold(n_splits=3, n_repeats=2), ShuffleSplit(4), TimeSeriesSplit(4), LeaveOneOut()],
)
def test_any_splitter(splitter):
    folds = make_folds(splitter, N)
    expected = splitter.get_n_splits(np.zeros((N, 1)))
    assert len(folds) == expected


def test_groups_reach_a_splitter():
    groups = np.repeat(np.arange(6), 5)
    assert len(make_folds(GroupKFold(3), N, groups=groups)) == 3
    with pytest.raises(InputError, match=r"GroupKFold.*cannot split"):
        make_folds(GroupKFold(3), N)


def test_pairs_masks_repeats_and_overlaps():
    mask = np.arange(N) < 20
    folds = make_folds(iter([(mask, ~mask), ([0, 0, 1], [5, 6]), ([2, 3], [5])]), N)
    assert [len(test) for _, test in folds] == [10, 2, 1]
    assert folds[1][0].tolist() == [0, 0, 1]
    assert fold_weights(folds, np.arange(N, dtype=float)).tolist() == [sum(range(20, 30)), 11.0, 5.0]


@pytest.mark.parametrize(
    ("cv", "words"),
    [
        (31, "31 folds were asked for, but there are only 30 rows"),
        (1, "at least 2"),
        (True, "not a way to split"),
        ("ten", "not a way to split"),
        (2.5, "not a way to split"),
        (object(), "neither a number"),
        ([], "no folds"),
        ([([0, 1], [])], "test set of fold 0 is empty"),
        ([([], [1])], "training set of fold 0 is empty"),
        ([([0, 1], [1, 2])], "Row 1 is in the training and in the test"),
        ([([0], [30])], "names row 30"),
        ([([0], [-1])], "names row"),
        ([([0.0], [1.5])], "row indices"),
        ([5], "not a pair"),
    ],
)
def test_refusals(cv, words):
    with pytest.raises(InputError, match=words):
        make_folds(cv, N)


def test_classifier_refusals():
    y = np.repeat(["no", "yes"], [26, 4])
    with pytest.raises(InputError, match=r"class 'yes' has only 4 members; give cv <= 4"):
        make_folds(5, N, y, classifier=True)
    with pytest.raises(InputError, match="one class only"):
        make_folds(KFold(2), 4, np.array([0, 0, 1, 1]), classifier=True)
    with pytest.raises(InputError, match="only 3 groups"):
        make_folds(5, N, groups=np.arange(N) % 3)
    with pytest.raises(InputError, match="groups has 2 entries"):
        make_folds(5, N, groups=[1, 2])


def test_rows_of_weight_zero_do_not_fill_a_fold():
    weights = np.ones(N)
    weights[:10] = 0
    with pytest.raises(InputError, match="test rows of fold 0 all have weight 0"):
        make_folds(KFold(3), N, sample_weight=weights)


def test_partitions_takes_repeats_and_refuses_the_rest():
    repeated = make_folds(RepeatedKFold(n_splits=5, n_repeats=3, random_state=0), N)
    assert [len(part) for part in partitions(repeated, N)] == [5, 5, 5]
    assert len(partitions(make_folds(PredefinedSplit(np.arange(N) % 4), N), N)) == 1
    for cv in (TimeSeriesSplit(4), ShuffleSplit(3, random_state=0), [(np.arange(20), np.arange(20, 30))]):
        with pytest.raises(InputError, match="partition the rows"):
            partitions(make_folds(cv, N), N)


def test_repeated_partitions_differ_and_repeat_with_their_seed():
    drawn = repeated_partitions(5, N, repeats=3, random_state=0)
    first = [folds[0][1].tolist() for folds in drawn]
    assert len({tuple(rows) for rows in first}) == 3
    assert first[0] == make_folds(5, N, random_state=0)[0][1].tolist()
    assert first == [folds[0][1].tolist() for folds in repeated_partitions(5, N, repeats=3, random_state=0)]
    for repeats in (0, 1.5, True, "two"):
        with pytest.raises(InputError, match="repeats="):
            repeated_partitions(5, N, repeats=repeats)
    with pytest.raises(InputError, match="repeated form"):
        repeated_partitions(KFold(5), N, repeats=2)


@pytest.mark.parametrize(
    "broken",
    [
        ([0, 1], [2, 2, 3]),  # a row tested twice
        ([0, 1, 1], [2, 3]),  # a row trained on twice
        ([0], [2, 3]),  # a row that is nowhere
    ],
)
def test_every_row_of_a_partition_is_named_once(broken):
    folds = [tuple(np.array(rows) for rows in broken), (np.array([2, 3]), np.array([0, 1]))]
    with pytest.raises(InputError, match="partition the rows"):
        partitions(folds, 4)
