"""Early stopping: the very best weights come back, whatever ended the run; every known mistake has its test."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.averages import EMA, SWA  # noqa: E402
from regularfit.nets.evaluation.metrics import Metric  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402
from regularfit.nets.regulariser import Run  # noqa: E402


class Numbered(nn.Module):
    """A net whose weight and buffer say which evaluation they are of."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([-1.0]))
        self.register_buffer("seen", torch.tensor(-1))

    def set(self, number):
        with torch.no_grad():
            self.weight.fill_(float(number))
            self.seen.fill_(number)

    @property
    def number(self):
        assert self.weight.item() == self.seen.item()
        return int(self.seen)


def walk(stopper, model, scores):
    """Evaluate until the stopper says stop; return how many evaluations there were."""
    for i, score in enumerate(scores):
        model.set(i)
        if stopper(score):
            return i + 1
    return len(scores)


# ---------------------------------------------------------------- each mistake of other libraries


def test_lightning_1415_keras_11371_the_last_weights_are_not_returned_as_the_best():
    """Mistake: stopping early left the weights of the last evaluation, buffers too."""
    model = Numbered()
    with EarlyStopping(patience=3).watch(model) as stopper:
        done = walk(stopper, model, [3.0, 1.0, 2.0, 2.5, 2.0, 0.0])
    assert (done, model.number, stopper.best_score) == (5, 1, 1.0)


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ValueError, None])
def test_the_best_weights_come_back_whatever_ended_the_run(ending):
    """Mistake: keras restored only where patience ended the run, not at the last epoch or Ctrl-C."""
    model = Numbered()

    def run():
        with EarlyStopping(patience=9).watch(model) as stopper:
            walk(stopper, model, [3.0, 1.0, 2.0])
            if ending is not None:
                raise ending

    if ending is None:
        run()
    else:
        with pytest.raises(ending):
            run()
    assert model.number == 1


def test_skorch_1065_a_negative_score_does_not_move_the_bar_the_wrong_way():
    """Mistake: with scores below zero a relative threshold asked for less than no improvement."""
    model = Numbered()
    stopper = EarlyStopping(patience=2, metric="neg_mse", min_delta=0.1).watch(model)
    # worse every time: nothing may count as an improvement
    assert walk(stopper, model, [-100.0, -100.5, -101.0, -101.5]) == 3
    stopper.finish()
    assert model.number == 0


def test_skorch_1065_the_best_is_the_very_best_and_not_the_last_past_the_bar():
    model = Numbered()
    stopper = EarlyStopping(patience=3, min_delta=0.5).watch(model)
    # 0.9 and 0.8 do not clear the bar of 0.5 below 1.0, so patience runs on; yet 0.8 is the smallest loss
    assert walk(stopper, model, [1.0, 0.9, 0.8, 0.85]) == 4
    stopper.finish()
    assert (model.number, stopper.best_score) == (2, 0.8)


def test_small_improvements_add_up_past_the_bar():
    model = Numbered()
    stopper = EarlyStopping(patience=2, min_delta=0.15).watch(model)
    assert walk(stopper, model, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]) == 6  # two steps of 0.1 clear 0.15


def test_skorch_765_wrong_direction_is_impossible_for_it_is_the_metrics():
    """Mistake: mode='min' by default, with an accuracy."""
    model = Numbered()
    stopper = EarlyStopping(patience=2, metric="accuracy").watch(model)
    assert walk(stopper, model, [0.5, 0.6, 0.7, 0.8]) == 4
    stopper.finish()
    assert model.number == 3
    own = Metric("profit", "higher", lambda p, y, w: 0.0)
    assert EarlyStopping(metric=own).watched.direction == "higher"


def test_an_unknown_metric_is_refused_when_it_is_named_and_not_when_it_is_missed():
    """Mistake (keras, Lightning): a monitor that does not exist only warns, after the first epoch."""
    with pytest.raises(InputError, match="Did you mean 'balanced_accuracy'"):
        EarlyStopping(metric="balanced_acuracy")
    stopper = EarlyStopping(metric="auc").watch(Numbered())
    with pytest.raises(InputError, match="watches 'auc', but the evaluation has no such score"):
        stopper({"loss": 0.3})


def test_lightning_1751_patience_counts_evaluations_and_says_so_in_steps_and_epochs():
    """Mistake: a patience of 80 stopped at epoch 75, as it counted validations."""
    model = Numbered()
    run = Run(model, torch.optim.SGD(model.parameters()), n=100, batch_size=10, steps=1000)
    active = EarlyStopping(patience=4).start(run)
    stopped = []
    for evaluation in range(6):
        run.step += 5  # an evaluation every 5 steps, half an epoch
        stopped.append(active.evaluated({"loss": float(evaluation)}))
    assert stopped == [False] * 4 + [True] * 2  # the first evaluation is the best; four follow it
    assert "best loss 0 after 0.5 epochs (step 5)" in active.effect().note
    assert "waited 5 of 4 evaluations (20 steps, 2 epochs)" in active.effect().note


def test_lightning_18727_resume_does_not_forget_best_and_patience():
    """Mistake: a resumed run started with patience anew, and could overwrite the best weights by worse ones."""
    scores = [3.0, 1.0, 2.0, 1.5, 1.2, 0.5, 0.6]
    whole_model, model = Numbered(), Numbered()
    whole = EarlyStopping(patience=4).watch(whole_model)
    first = EarlyStopping(patience=4).watch(model)
    assert walk(whole, whole_model, scores) == 7
    for i, score in enumerate(scores[:4]):
        model.set(i)
        first(score)
    again = Numbered()
    second = EarlyStopping(patience=4).watch(again)
    second.load_state_dict(first.state_dict())
    assert (second.best_score, second.waited, second.evaluations) == (1.0, 2, 4)
    for i, score in enumerate(scores[4:], start=4):
        again.set(i)
        assert not second(score)
    assert second.state_dict().keys() == whole.state_dict().keys()
    for name, value in second.state_dict().items():
        assert value == whole.state_dict()[name], name
    second.finish()
    assert again.number == 5


# ---------------------------------------------------------------- the rest of the contract


@settings(deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=30),
    st.sampled_from(["loss", "accuracy"]),
)
def test_the_best_is_the_first_of_the_best_scores(scores, name):
    model = Numbered()
    stopper = EarlyStopping(patience=math.inf, metric=name).watch(model)
    assert walk(stopper, model, scores) == len(scores)
    stopper.finish()
    better = max if name == "accuracy" else min
    worst = -math.inf if name == "accuracy" else math.inf
    usable = [s for s in scores if not math.isnan(s) and s != worst]
    if usable:
        assert model.number == scores.index(better(usable))
    else:
        assert model.number == len(scores) - 1  # nothing was ever better than nothing


@settings(deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.integers(1, 5), st.floats(0, 3))
def test_turning_scores_and_direction_round_changes_nothing(scores, patience, delta):
    lower = EarlyStopping(patience, "mse", delta).watch(Numbered())
    higher = EarlyStopping(patience, "neg_mse", delta).watch(Numbered())
    assert [lower(s) for s in scores] == [higher(-s) for s in scores]
    assert (lower.best_evaluation, lower.waited) == (higher.best_evaluation, higher.waited)


def test_nan_is_never_the_best_and_counts():
    model = Numbered()
    stopper = EarlyStopping(patience=3).watch(model)
    assert walk(stopper, model, [math.nan, 2.0, math.nan, math.nan, math.nan, 1.0]) == 5
    stopper.finish()
    assert model.number == 1


def test_the_buffers_of_the_best_weights_are_made_once():
    model = Numbered()
    stopper = EarlyStopping().watch(model)
    stopper(3.0)
    places = {name: copy.data_ptr() for name, copy in stopper.kept.copies.items()}
    walk(stopper, model, [2.0, 1.0])
    assert {name: copy.data_ptr() for name, copy in stopper.kept.copies.items()} == places


def test_batch_norm_statistics_come_back_with_the_weights():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    stopper = EarlyStopping(patience=1).watch(model)
    model(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
    stopper(1.0)
    best = {name: value.clone() for name, value in model.state_dict().items()}
    model(torch.full((8, 2), 9.0))
    assert stopper(2.0)
    stopper.finish()
    for name, value in model.state_dict().items():
        assert torch.equal(value, best[name]), name


def test_restore_last_leaves_the_last_weights_and_costs_no_memory():
    model = Numbered()
    stopper = EarlyStopping(patience=1, restore="last").watch(model)
    walk(stopper, model, [1.0, 2.0])
    stopper.finish()
    assert model.number == 1
    assert not stopper.kept
    assert stopper.best_evaluation == 0


def test_finishing_twice_does_not_undo_what_came_between():
    model = Numbered()
    stopper = EarlyStopping(patience=1).watch(model)
    walk(stopper, model, [1.0, 2.0])
    stopper.finish()
    model.set(7)
    stopper.finish()
    assert model.number == 7


def test_without_an_evaluation_nothing_is_restored():
    model = Numbered()
    with EarlyStopping().watch(model):
        model.set(5)
    assert model.number == 5


def test_the_average_is_what_is_kept():
    model = nn.Linear(1, 1, bias=False)
    average = EMA(0.5).follow(model)
    with EarlyStopping(patience=3).watch(model, average) as stopper:
        for weight, score in ((1.0, 3.0), (2.0, 1.0), (3.0, 2.0)):
            nn.init.constant_(model.weight, weight)
            average.update()
            with average.evaluate():
                seen = model.weight.item()
                stopper(score)
            if score == 1.0:
                best = seen
            assert model.weight.item() == weight  # training goes on with the raw weights
    assert model.weight.item() == best
    assert best not in (1.0, 2.0, 3.0)


def test_the_average_is_kept_even_where_the_stopper_is_asked_outside_its_context():
    model = nn.Linear(1, 1, bias=False)
    average = SWA(after=0.0).follow(model, steps=2)
    stopper = EarlyStopping().watch(model, average)
    for weight in (1.0, 2.0):
        nn.init.constant_(model.weight, weight)
        average.update()
        stopper(1.0 / weight)
    stopper.finish()
    assert model.weight.item() == 1.5


def test_patience_starts_when_the_average_exists():
    model = nn.Linear(1, 1, bias=False)
    average = SWA(after=0.6).follow(model, steps=10)
    stopper = EarlyStopping(patience=2).watch(model, average)
    asked = []
    for step in range(10):
        nn.init.constant_(model.weight, float(step))
        average.update()
        with average.evaluate():
            # the raw weights score better than any average, and get no better: patience must not run out on them
            asked.append(stopper(1.0 if step < 5 else 5.0 + step))
    # the average exists from step 5 on (6 of 10 done); its first evaluation is the best, two more use patience up
    assert asked == [False] * 7 + [True] * 3
    stopper.finish()
    assert model.weight.item() == 5.0
    assert stopper.best_score == 10.0


def test_settings_out_of_range_are_refused():
    for bad in (0, -1, 1.5, "3", True, math.nan):
        with pytest.raises(InputError, match="patience"):
            EarlyStopping(patience=bad)
    for bad in (-0.1, math.inf, math.nan, "0", True):
        with pytest.raises(InputError, match="min_delta"):
            EarlyStopping(min_delta=bad)
    with pytest.raises(InputError, match="restore"):
        EarlyStopping(restore="first")
    model = nn.Linear(1, 1)
    with pytest.raises(InputError, match="not of regression"):
        EarlyStopping(metric="accuracy").start(
            Run(model, torch.optim.SGD(model.parameters()), task="regression")
        )
    assert "one EarlyStopping" in EarlyStopping().conflict(EarlyStopping(5))
    assert EarlyStopping().conflict(EMA()) is None


def test_scores_may_be_tensors_or_come_by_name():
    model = Numbered()
    stopper = EarlyStopping(patience=1, metric="accuracy").watch(model)
    assert not stopper(model.weight.sum() * 0 + 0.5)  # with a graph
    assert stopper({"accuracy": 0.4, "loss": 0.1})
    assert stopper.best_score == 0.5


def test_weights_of_another_model_are_refused():
    stopper = EarlyStopping().watch(Numbered())
    stopper(1.0)
    with pytest.raises(InputError, match="another model"):
        EarlyStopping().watch(nn.Linear(1, 1)).load_state_dict(stopper.state_dict())
