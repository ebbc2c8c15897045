"""Kill and resume gives the same bits: weights, history, what early stopping remembers."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit import L1  # noqa: E402
from regularfit.errors import InputError, InterruptedWarning  # noqa: E402
from regularfit.nets.averages.ema import EMA  # noqa: E402
from regularfit.nets.dropout.dropout import Dropout  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402
from regularfit.nets.mixing.mixup import Mixup  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay  # noqa: E402
from regularfit.nets.stepping.clipping import GradClip  # noqa: E402
from regularfit.nets.stepping.sharpness import SAM  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from regularfit.nets.trainer.state import copied  # noqa: E402
from tests.nets.trainer.problems import InterruptAt, acting, classes, net, weights  # noqa: E402

ROOT = Path(__file__).parents[3]


def everything(step=-1):
    return [
        EarlyStopping(patience=8),  # before the average whose best it keeps: the order must not matter
        Dropout(0.3, input_p=0.1),
        Mixup(0.5),
        GradClip(0.5),
        SAM(0.05, every=2),
        WeightDecay(1e-2),
        L1(1e-3),
        EMA(0.9),
        InterruptAt(step),
    ]


def trainer(regularisers, steps=60, **more):
    model = net(5, 3, 8, 0, nn.BatchNorm1d(8), nn.Dropout(0.1))
    settings = {"steps": steps, "batch_size": 25, "lr": 0.02, "metrics": ["accuracy"], **more}
    return Trainer(model, regularisers, **settings)


def rows():
    X, y = classes()
    return (X[:72], y[:72]), {"validation": (X[72:], y[72:]), "sample_weight": torch.linspace(0.5, 2, 72)}


def without_times(history):
    return [
        (r.step, r.lr, r.train_loss, dict(r.scores), [(w.note, w.zeros, w.strength) for w in r.regularisers])
        for r in history
    ]


def same(one, other):
    """Nested states, bit for bit, but for times."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            same(one[k], other[k]) for k in one if k not in ("seconds", "share", "clock")
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("step", [0, 1, 13, 14, 28])
def test_an_interrupted_run_goes_on_to_the_same_bits(step):
    data, more = rows()
    whole = trainer(everything()).fit(*data, **more)
    cut = trainer(everything(step))
    with pytest.warns(InterruptedWarning, match=f"after step {step + 1} of 60"):
        cut.fit(*data, **more)
    assert cut.stopped_by_ == "interrupted"
    state = cut.state_dict()
    again = trainer(everything()).load_state_dict(state).resume(*data, **more)
    cut.resume(*data, **more)  # and without leaving the process
    for done in (again, cut):
        assert torch.equal(weights(done.model_), weights(whole.model_))
        assert all(
            torch.equal(a, b) for a, b in zip(done.model_.buffers(), whole.model_.buffers(), strict=True)
        )
        assert without_times(done.history_) == without_times(whole.history_)
        assert (done.best_step_, done.best_score_) == (whole.best_step_, whole.best_score_)
        assert done.stopped_by_ == whole.stopped_by_
    assert whole.stopped_by_ == "early stopping"


def test_an_interrupt_just_before_the_end_of_a_hundred_resumptions():
    data, more = rows()
    whole = trainer(everything(), steps=12).fit(*data, **more)
    state = None
    for step in range(12):
        part = trainer(everything(step), steps=12)
        with pytest.warns(InterruptedWarning) if step < 11 else _nothing():
            part = (
                part.fit(*data, **more)
                if state is None
                else part.load_state_dict(state).resume(*data, **more)
            )
        state = part.state_dict()
    assert same(copied(whole.state_dict()), state)


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


def test_a_run_out_of_time_goes_on_to_the_same_bits(clock):
    data, more = rows()
    whole = trainer(everything(), evaluate_every="7 steps").fit(*data, **more)
    slow = acting("batch", batch=lambda self, batch: clock.sleep(1) or batch)
    part = trainer([*everything()[:-1], slow], evaluate_every="7 steps", time_limit=9.5).fit(*data, **more)
    assert part.stopped_by_ == "time limit"
    state = part.state_dict()
    assert state["step"] == 10
    state["identity"]["regularisers"] = whole.state_dict()["identity"]["regularisers"]
    state["regularisers"][-1] = {}
    again = trainer(everything(), evaluate_every="7 steps").load_state_dict(state).resume(*data, **more)
    assert torch.equal(weights(again.model_), weights(whole.model_))
    assert without_times(again.history_) == without_times(whole.history_)


def test_a_finished_run_is_left_as_it_is():
    data, more = rows()
    done = trainer(everything()).fit(*data, **more)
    again = trainer(everything()).load_state_dict(done.state_dict()).resume(*data, **more)
    assert torch.equal(weights(again.model_), weights(done.model_))
    assert without_times(again.history_) == without_times(done.history_)
    assert again.stopped_by_ == done.stopped_by_


def test_until_it_goes_on_the_model_holds_the_best_weights():
    data, more = rows()
    cut = trainer(everything(28))
    with pytest.warns(InterruptedWarning, match="best weights, of step"):
        cut.fit(*data, **more)
    loaded = trainer(everything()).load_state_dict(cut.state_dict())
    assert torch.equal(weights(loaded.model), weights(cut.model))
    assert loaded.best_step_ == cut.best_step_ < 29


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 1}, "its seed differ: 0 then, 1 now"),
        ({"lr": 0.03}, "its lr differ: 0.02 then, 0.03 now"),
        ({"schedule": "constant"}, "its schedule differ"),
        ({"steps": 61}, "its steps differ: 60 then, 61 now"),
    ],
)
def test_a_state_of_other_settings_is_refused(change, says):
    data, more = rows()
    cut = trainer(everything(3))
    with pytest.warns(InterruptedWarning):
        cut.fit(*data, **more)
    other = trainer(everything(), **change).load_state_dict(cut.state_dict())
    with pytest.raises(InputError, match=says):
        other.resume(*data, **more)


def test_a_state_of_other_rows_regularisers_or_models_is_refused():
    (X, y), more = rows()
    cut = trainer(everything(3))
    with pytest.warns(InterruptedWarning):
        cut.fit(X, y, **more)
    state = cut.state_dict()
    with pytest.raises(InputError, match="training rows differ"):
        trainer(everything()).load_state_dict(state).resume(X, y.flip(0), **more)
    with pytest.raises(InputError, match="regularisers differ"):
        trainer([EarlyStopping(patience=9), *everything()[1:]]).load_state_dict(state).resume(X, y, **more)
    with pytest.raises(InputError, match="of another model"):
        Trainer(net()).load_state_dict(state)
    with pytest.raises(InputError, match="not the state of a Trainer"):
        Trainer(net()).load_state_dict({"model": {}})
    with pytest.raises(InputError, match="no run to go on with"):
        Trainer(net()).resume(X, y)
    with pytest.raises(InputError, match=r"no state before fit"):
        Trainer(net()).state_dict()


CHILD = """
    import sys, time, torch
    sys.path.insert(0, {root!r})
    from tests.nets.trainer.test_state import everything, rows, trainer
    from tests.nets.trainer.problems import acting
    data, more = rows()
    regularisers = everything()
    slow = trainer(regularisers)
    import regularfit.nets.trainer.training as training
    step = training.Training.step
    def slowly(self):
        time.sleep(0.05 if self.run.step < 30 else 3600)  # it never ends by itself
        step(self)
    training.Training.step = slowly
    slow.fit(*data, **more, checkpoint=sys.argv[1])
"""


def test_a_killed_process_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path):
    file = tmp_path / "run.ckpt"
    code = textwrap.dedent(CHILD.format(root=str(ROOT)))
    child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code, str(file)], env=dict(os.environ))
    deadline = time.monotonic() + 600  # a busy machine imports torch for minutes
    while not file.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)  # into the next steps
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    data, more = rows()
    whole = trainer(everything()).fit(*data, **more)
    again = trainer(everything()).load(file)
    assert 0 < again.state_dict()["step"] < whole.history_[-1].step
    again.resume(*data, **more, checkpoint=file)
    assert torch.equal(weights(again.model_), weights(whole.model_))
    assert without_times(again.history_) == without_times(whole.history_)
    finished = trainer(everything()).load(file)  # the file of a finished run holds its result
    assert torch.equal(weights(finished.model_), weights(whole.model_))
    assert finished.stopped_by_ == "early stopping"
