"""Folds with their share of the events."""

import numpy as np
import pytest

from regularfit.errors import FewerFoldsWarning, InputError
from regularfit.linear._event_folds import event_folds


def test_events_and_rows_are_dealt_out_evenly():
    events = (np.arange(103) % 4 == 0).astype(float)
    folds = event_folds(10, events)
    assert {int(events[test].sum()) for _, test in folds} <= {2, 3}
    assert {len(test) for _, test in folds} <= {10, 11}
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(103))
    again = event_folds(10, events)
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))


def test_few_events_are_few_folds():
    events = np.array([1.0, 1, 1] + [0] * 20)
    with pytest.warns(FewerFoldsWarning, match="only 3 events"):
        assert len(event_folds(None, events)) == 3
    with pytest.raises(InputError, match=r"5 folds are not possible with 3 event"):
        event_folds(5, events)
    with pytest.raises(InputError, match=r"1 folds are not possible"):
        event_folds(None, np.array([1.0, 0.0]))


def test_splitters_pass():
    splits = [(np.array([0]), np.array([1]))]
    assert event_folds(splits, np.ones(2)) is splits
