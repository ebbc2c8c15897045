"""Leaves that no split could fill are refused; those that one split fills are not."""

import pytest

from regularfit.errors import InputError
from regularfit.trees._min_rows import check_min_rows


@pytest.mark.parametrize("min_rows", [None, 1, 50, 0.5, 0.01])
def test_leaves_that_fit(min_rows):
    check_min_rows(min_rows, 100)


@pytest.mark.parametrize(("min_rows", "n"), [(51, 100), (1, 1), (2, 3), (0.6, 100)])
def test_leaves_that_do_not(min_rows, n):
    with pytest.raises(
        InputError, match=f"leaf={min_rows} rows in every leaf allow no split .* leaf <= {n // 2}"
    ):
        check_min_rows(min_rows, n, "leaf")
