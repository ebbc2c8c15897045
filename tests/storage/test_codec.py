"""Values survive the way through JSON with their types; nothing foreign is built."""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.model_selection import KFold, LeaveOneOut, RepeatedKFold, ShuffleSplit

import regularfit as rf
from regularfit.storage.codec import Codec, Unstored

encode, decode = Codec().encode, Codec().decode


def around(value):
    arrays = {}
    return decode(json.loads(json.dumps(encode(value, arrays), allow_nan=False)), arrays)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, float("inf"), -float("inf"), "text", [1, [2]], (1, (2, "a")), {"a": (1,), 2: None}],
)
def test_plain_values(value):
    found = around(value)
    assert found == value
    assert type(found) is type(value)


def test_nan_and_numpy_numbers():
    assert np.isnan(around(float("nan")))
    assert around(np.float64(0.1)) == 0.1
    assert around(np.int64(3)) == 3
    assert around(np.bool_(True)) is True


@pytest.mark.parametrize(
    "array",
    [
        np.arange(3.0),
        np.array(["a", "bc"]),
        np.array([True]),
        np.array(["a", 1], dtype=object),
        np.eye(2, order="F"),
    ],
)
def test_arrays(array):
    found = around(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_sparse_matrices():
    matrix = sp.random(5, 4, 0.3, format="csr", random_state=0)
    np.testing.assert_array_equal(around(matrix).toarray(), matrix.toarray())


@pytest.mark.parametrize(
    "value", [rf.L1(), rf.ElasticNet(0.3), rf.L1().weighted([0, np.inf]), rf.L2().on("a", "b"), rf.Squared()]
)
def test_frozen_values(value):
    assert around(value) == value


@pytest.mark.parametrize(
    "cv",
    [KFold(3, shuffle=True, random_state=1), LeaveOneOut(), ShuffleSplit(4, test_size=0.2, random_state=0)],
)
def test_splitters(cv):
    assert repr(around(cv)) == repr(cv)


def test_repeated_splitters_keep_all_they_can():
    cv = around(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0))
    assert isinstance(cv, RepeatedKFold)
    assert cv.get_n_splits() == 6


def test_what_cannot_be_stored_says_what_it_was():
    found = around(print)
    assert isinstance(found, Unstored)
    assert "print" in found


@pytest.mark.parametrize("bad", [{"$kind": "exec"}, {"$kind": "value", "class": "L9", "fields": {}}, {}])
def test_foreign_json_is_refused(bad):
    with pytest.raises(KeyError):
        decode(bad, {})
