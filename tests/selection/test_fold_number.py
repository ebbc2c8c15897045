from __future__ import annotations

import warnings

import numpy as np
import pytest

from regularfit.errors import FewerFoldsWarning, InputError
from regularfit.selection.fold_number import check_number, usual_number

N = 30
RARE = np.repeat([0, 1], [24, 6])


@pytest.mark.parametrize(
    "given",
    [(10,), (N,), (N, np.tile([0, 1], 15), None, True), (N, RARE, np.arange(N) % 12, True), (N, RARE)],
)
def test_ten_folds_are_usual_and_no_news(given):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert usual_number(*given) == 10


@pytest.mark.parametrize(
    ("given", "most", "why"),
    [
        ((7,), 7, "there are only 7 rows"),
        ((2,), 2, "there are only 2 rows"),
        ((N, RARE, None, True), 6, "class 1 has only 6 members"),
        (
            (N, np.repeat(np.array(["no", "yes"], object), [27, 3]), None, True),
            3,
            "class 'yes' has only 3 mem",
        ),
        ((N, RARE, np.arange(N) % 4, True), 4, "there are only 4 groups"),
    ],
)
def test_fewer_folds_are_told_and_can_be_had(given, most, why):
    with pytest.warns(FewerFoldsWarning, match=f"{most} folds .* the usual 10, since {why}.*Give cv={most}"):
        assert usual_number(*given) == most
    check_number(most, *given)


@pytest.mark.parametrize(
    ("k", "given", "words"),
    [
        (0, (N,), "cv=0 is too few folds; give at least 2"),
        (31, (N,), "cv=31 folds were asked for, but there are only 30 rows; give cv <= 30"),
        (7, (N, RARE, None, True), "class 1 has only 6 members; give cv <= 6"),
        (5, (N, None, np.arange(N) % 3), "there are only 3 groups; give cv <= 3"),
        (5, (N, None, np.zeros(N)), "there is only 1 group; give strength=.*rows of more groups"),
        (
            10,
            (N, np.arange(N) == 3, None, True),
            "class True has only 1 member; give strength=.*more rows of that class",
        ),
        (5, (N, np.array(["a", *"b" * 29], object), None, True), "class 'a' has only 1 member;"),
    ],
)
def test_too_many_folds_are_refused_with_what_can_be_done(k, given, words):
    with pytest.raises(InputError, match=words):
        check_number(k, *given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            (N, np.arange(N) == 3, None, True),
            r"class True has only 1 member\. Give strength=.*more rows of that class",
        ),
        ((N, None, np.zeros(N)), r"there is only 1 group\. Give strength=.*rows of more groups"),
    ],
)
def test_where_nothing_can_be_held_out_no_number_is_blamed(given, words):
    with pytest.raises(InputError, match=f"^Choosing by folds holds rows out, but {words}"):
        usual_number(*given)


def test_other_usual_numbers_and_other_ways_without_folds():
    assert usual_number(100, usual=5) == 5
    with pytest.warns(
        FewerFoldsWarning, match="3 folds are used in place of the usual 5, since there are only 3 rows"
    ):
        assert usual_number(3, usual=5) == 3
    y = ["a"] * 9 + ["b"]
    with pytest.raises(InputError, match=r"only 1 member\. Give ccp_alpha=0 to choose nothing, or more rows"):
        usual_number(10, y, classifier=True, instead="ccp_alpha=0")
    with pytest.raises(InputError, match=r"only 1 member; give more rows of that class\."):
        check_number(5, 10, y, classifier=True, instead=None)
