import numpy as np
import scipy.sparse as sp

from regularfit.table.impute import column_means, fill_with


def test_weighted_means_over_the_rows_with_a_value():
    X = np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]])
    np.testing.assert_allclose(column_means(X, np.array([3.0, 1.0])), [1.5, 4.0, 0.0])


def test_complete_and_sparse_matrices_are_passed_on():
    X = np.ones((2, 2))
    assert fill_with(X, np.zeros(2)) is X
    S = sp.csr_matrix(X)
    assert fill_with(S, column_means(S)) is S
