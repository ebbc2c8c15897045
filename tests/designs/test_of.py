"""The one way in: what becomes which design, and what is refused."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import Dense, Imputed, SparseColumns, as_design
from regularfit.errors import InputError


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([[1, 2], [3, 4]], Dense),
        (np.eye(2), Dense),
        (np.eye(2, dtype=np.float32), Dense),
        (sparse.eye_array(2, format="csr"), SparseColumns),
        (sparse.csc_matrix(np.eye(2)), SparseColumns),
    ],
)
def test_what_becomes_what(given, kind):
    design = as_design(given)
    assert type(design) is kind
    assert design.shape == (2, 2)


def test_a_design_stays_itself_and_arrays_are_not_copied():
    X = np.asfortranarray(np.eye(2))
    assert as_design(X).X is X
    for design in (Dense(X), Imputed(X)):
        assert as_design(design) is design


@pytest.mark.parametrize("bad", [np.array([1.0]), np.array([[np.nan]]), np.array([["a"]]), np.empty((0, 3))])
def test_what_is_no_matrix_of_numbers_is_refused_by_its_name(bad):
    with pytest.raises(InputError, match="Xtest"):
        as_design(bad, "Xtest")
