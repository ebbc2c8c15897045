import numpy as np
import pytest
from scipy import sparse

from regularfit import _checks
from regularfit.errors import InputError

X = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_float_matrix_is_taken_as_it_is(order, dtype):
    given = np.asarray(X, dtype=dtype, order=order)
    assert _checks.check_matrix(given) is given


@pytest.mark.parametrize("dtype", [np.int64, bool, np.uint8, np.float16])
def test_other_numbers_become_float64(dtype):
    assert _checks.check_matrix(X.astype(dtype)).dtype == np.float64


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_compressed_matrices_are_taken_as_they_are(kind):
    given = kind(X)
    assert _checks.check_matrix(given) is given


def test_other_sparse_matrices_become_csr_floats():
    assert _checks.check_matrix(sparse.coo_array(X)).format == "csr"
    assert _checks.check_matrix(sparse.csr_array(X.astype(int))).dtype == np.float64


def with_entry(value, where=(1, 0)):
    array = X.copy()
    array[where] = value
    return array


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.ones(3), r"Expected 2D array, got 1D array instead.*Reshape your data with X.reshape\(-1, 1\)"),
        (np.ones((1, 2, 3)), "got 3D array"),
        (np.ones((0, 2)), r"0 sample\(s\).*minimum of 1 is required"),
        (np.ones((2, 0)), r"0 feature\(s\) \(shape=\(2, 0\)\) while a minimum of 1 is required"),
        (
            with_entry(np.nan),
            r"NaN or infinity in 1 place \(first: NaN in row 1, column 0, counted from 0\).*SimpleImputer",
        ),
        (with_entry(-np.inf), r"first: infinity in row 1, column 0"),
        (X.astype(object), r"dtype object, but only numbers.*X.astype\(float\)"),
        (np.array([["a", "b"]]), "only numbers can be fitted"),
        (X + 1j, "Complex data not supported"),
        ([[1.0], [1.0, 2.0]], "rows of equal length"),
        (
            sparse.csr_array(with_entry(np.nan)),
            r"X contains NaN or infinity in 1 place \(first: NaN in row 1, column 0",
        ),
        (sparse.csr_array((3, 0)), r"0 feature\(s\)"),
    ],
)
def test_a_matrix_that_cannot_be_used_is_named(given, message):
    with pytest.raises(InputError, match=message):
        _checks.check_matrix(given)


def test_numbers_whose_sum_overflows_are_finite_all_the_same():
    _checks.check_matrix(np.full((2, 2), 1e308))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.ones(2), "y has 2 entries but X has 3 rows"),
        (np.ones((3, 1)), r"1D array; its shape is \(3, 1\). Use y.ravel\(\)"),
        ([1.0, np.nan, 2.0], "NaN"),
        ([], "y is empty"),
        (["a", "b", "c"], "only numbers"),
    ],
)
def test_a_vector_that_cannot_be_used_is_named(given, message):
    with pytest.raises(InputError, match=message):
        _checks.check_vector(given, 3)


def test_weights_default_to_ones():
    assert _checks.check_weights(None, 3).tolist() == [1, 1, 1]
    assert _checks.check_weights(2, 3).tolist() == [2, 2, 2]
    assert _checks.check_weights([0, 1, 2], 3).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, -2, 1], "must not be negative; row 1 has -2. Set it to 0"),
        ([0, 0, 0], "zero for every row"),
        ([1, 1], "sample_weight has 2 entries but X has 3 rows"),
        ([1, np.inf, 1], "NaN or infinity"),
        (-1.0, "sample_weight must be a positive"),
    ],
)
def test_weights_that_cannot_be_used_are_named(given, message):
    with pytest.raises(InputError, match=message):
        _checks.check_weights(given, 3)


def test_offset_defaults_to_zeros():
    assert _checks.check_offset(None, 2).tolist() == [0, 0]
    with pytest.raises(InputError, match="offset has 1 entries"):
        _checks.check_offset([1.0], 2)


def test_strengths_are_sorted_downwards_once_each():
    assert _checks.check_strengths([0.1, 10, 1, 10]).tolist() == [10, 1, 0.1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "empty"),
        ([1.0, 0.0], "positive and finite; it holds 0"),
        ([-1.0], "holds -1"),
        ([np.nan], "holds nan"),
    ],
)
def test_strengths_that_cannot_be_used_are_named(given, message):
    with pytest.raises(InputError, match=message):
        _checks.check_strengths(given)


def test_names():
    assert _checks.did_you_mean("agee", ["age", "bmi"]) == "Did you mean 'age'?"
    assert _checks.did_you_mean("zzz", ["age", "bmi"]) == "Known: 'age', 'bmi'."
    assert _checks.did_you_mean("zzz", []) == "There are none."
    assert _checks.check_choice("min", ["min"], "select") == "min"
    with pytest.raises(InputError, match=r"select='mim' is not known. Did you mean 'min'"):
        _checks.check_choice("mim", ["min", "1se"], "select")
    with pytest.raises(InputError, match="select=3 is not known"):
        _checks.check_choice(3, ["min", "1se"], "select")


def test_fractions_and_numbers():
    assert _checks.check_fraction(1, "a") == 1.0
    with pytest.raises(InputError, match=r"a must be a number; 'x' was given"):
        _checks.check_fraction("x", "a")
    with pytest.raises(InputError, match=r"a must lie between 0 and 1; 2 was given. Advice."):
        _checks.check_fraction(2, "a", "Advice.")
