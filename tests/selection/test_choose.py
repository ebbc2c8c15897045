from __future__ import annotations

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.selection import Choice, Criterion, CVResult, choose

S = np.array([1.0, 0.1, 0.01])


def cv(shift: float, up: bool = False) -> CVResult:
    folds = np.array([[1.05, 1.0], [1.0, 1.0], [3.0, 3.0]]) + shift
    return CVResult(S, -folds if up else folds, np.ones(2), greater_is_better=up)


def test_the_best_candidate_wins_and_the_first_of_equals():
    assert choose("min", [cv(1.0), cv(0.0), cv(0.0)]) == Choice(1, 1, 0.1, 1.0)
    assert choose("min", [cv(1.0, True), cv(0.0, True)]) == Choice(1, 1, 0.1, -1.0)


def test_one_se_goes_along_the_winner():
    assert choose("1se", [cv(1.0), cv(0.0)]) == Choice(1, 0, 1.0, pytest.approx(1.025))


def test_criteria():
    curves = [
        Criterion("bic", S, np.array([3.0, 2.0, np.inf])),
        Criterion("bic", S, np.array([3.0, 1.0, 2.0])),
    ]
    assert choose("bic", curves) == Choice(1, 1, 0.1, 1.0)


def test_refusals():
    with pytest.raises(InputError, match=r"select='mim'.*min"):
        choose("mim", [cv(0.0)])
    with pytest.raises(InputError, match="no candidate"):
        choose("min", [])
    with pytest.raises(InputError, match="chooses by aic"):
        choose("aic", [cv(0.0)])
    with pytest.raises(InputError, match="holds bic"):
        choose("aic", [Criterion("bic", S, S)])
