from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from regularfit.cli.job import _edges, labels_in_order
from regularfit.table import guess_task

GRID = np.geomspace(1.0, 0.01, 5)


def tuned(*lowest):
    """An estimator whose candidates have their lowest errors at these places of the grid; the last one wins."""
    means = [np.abs(np.arange(5.0) - k) + 1.0 for k in lowest]
    cvs = [SimpleNamespace(strengths=GRID, mean=mean, index_min=int(mean.argmin())) for mean in means]
    paths = [SimpleNamespace(nonzeros=np.array([0, 1, 2, 3, 4]), ended=None) for _ in means]
    return SimpleNamespace(cvs_=cvs, paths_=paths, path_=paths[-1])


@pytest.mark.parametrize(
    ("lowest", "note"),
    [
        ((2, 2), None),
        ((2, 4), None),  # the winner's own warning is enough
        (
            (4, 2),
            "Ridge has its lowest error at the weakest penalty tried, so it may do better beyond the grid",
        ),
        (
            (4, 4, 4, 2),
            "Ridge, Elastic 0.5 and Lasso have their lowest error at the weakest penalty tried, so they",
        ),
    ],
)
def test_losers_at_the_edge_of_their_grid_are_told_in_one_sentence(lowest, note):
    names = ["ridge", "elastic 0.5", "lasso", "elastic 0.9"]
    settings = SimpleNamespace(candidates=dict.fromkeys([*names[: len(lowest) - 1], "last"], 0.5))
    notes = _edges(tuned(*lowest), settings)
    assert len(notes) == (note is not None)
    assert all(found.startswith(note) for found in notes)


@pytest.mark.parametrize("positive", [None, "no", "yes"])
def test_labels_sort_with_the_positive_class_last(positive):
    target = guess_task(pd.Series(["yes", "no", "no", "yes"], name="y"), positive=positive)
    labels = labels_in_order(target)
    later = np.unique(labels)[1]
    np.testing.assert_array_equal(labels == later, target.values == 1)
