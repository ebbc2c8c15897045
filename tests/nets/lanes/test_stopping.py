"""Early stopping of lanes does what the stopper of one net does, whatever the scores."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.evaluation.metrics import metric  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402
from regularfit.nets.lanes.stopping import LaneStopping  # noqa: E402
from regularfit.nets.lanes.values import LaneValues  # noqa: E402


class Average:
    """An average that comes to exist at some evaluation."""

    exists = False

    def evaluate(self):
        from contextlib import nullcontext

        return nullcontext()

    def finish(self):
        """Nothing to put in place."""


@pytest.mark.parametrize("name", ["log_loss", "accuracy", "neg_log_loss"])
def test_the_same_as_one_stopper_a_lane(name):
    rng = np.random.default_rng(0)
    lanes, evaluations = 200, 30
    patience, delta = rng.integers(1, 8, lanes), rng.choice([0.0, 0.1], lanes)
    begins = rng.choice([0, 0, 5, 12], lanes)  # when the average exists
    scores = rng.normal(size=(evaluations, lanes)).round(1)
    scores[rng.random(scores.shape) < 0.05] = np.nan
    rows = [
        {"fold": 0, "seed": 0, "lr": 1.0, "rates": [0], "patience": p, "min_delta": d, "keep_best": 1}
        for p, d in zip(patience, delta, strict=True)
    ]
    values, measure = LaneValues.of(rows), metric(name)
    together = LaneStopping.start(lanes, measure)
    ends, best = np.full(lanes, -1), np.full(lanes, -1)
    for t in range(evaluations):
        _, stop = together.look(scores[t], measure, values, t >= begins, t)
        ends = np.where((ends < 0) & stop, t, ends)
        best = np.where((ends < 0) | (ends == t), together.best_step, best)
    for k in range(lanes):
        average = Average()
        settings = EarlyStopping(int(patience[k]), metric=name, min_delta=float(delta[k]))
        stopper = settings.watch(torch.nn.Linear(1, 1), average if begins[k] else None)
        end = -1
        for t in range(evaluations):
            average.exists = t >= begins[k]
            if stopper(float(scores[t, k])):
                end = t
                break
        assert ends[k] == end
        assert best[k] == stopper.best_evaluation
