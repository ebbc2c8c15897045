"""Ctrl-C: between two steps where they are short, at once where they are long; the best weights stay."""

import signal
import threading
import time

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import InputError, InterruptedWarning  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from regularfit.nets.trainer.interrupt import Interrupt  # noqa: E402
from tests.nets.trainer.problems import acting, classes, net, weights  # noqa: E402

# Seconds in which a run of years has ended after Ctrl-C. It takes milliseconds, or one for a step under way; the rest
# is for machines that do other things.
SOON = 20


class Press:
    """Presses Ctrl-C, once, some time after a training has begun to step; a regulariser's ``batch``."""

    def __init__(self, after):
        self.after, self.at = after, None

    def __call__(self, active, batch):
        if self.at is None:
            timer = threading.Timer(self.after, lambda: signal.raise_signal(signal.SIGINT))
            timer.daemon = True
            timer.start()
            self.at = time.monotonic() + self.after
        return batch


def test_ctrl_c_ends_a_run_soon_and_keeps_the_best_weights():
    X, y = classes()
    press = Press(0.3)
    trainer = Trainer(net(), [acting("batch", batch=lambda self, batch: press(self, batch))], epochs=1e6)
    with pytest.warns(InterruptedWarning, match="best weights, of step"):
        trainer.fit(X, y, validation=(X, y))
    assert time.monotonic() - press.at < SOON
    assert trainer.stopped_by_ == "interrupted"
    score = torch.nn.functional.cross_entropy(trainer.predict(X), y).item()
    assert score == pytest.approx(trainer.best_score_, rel=1e-5)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_in_a_long_step_does_not_wait_for_its_end():
    press = Press(0.3)

    def slow(self, batch):
        if self.run.step == 2:
            press(self, batch)
            for _ in range(10**5):
                time.sleep(0.01)
        return batch

    X, y = classes()
    trainer = Trainer(net(), [acting("batch", batch=slow)], epochs=1e6, evaluate_every="1 step")
    with pytest.warns(InterruptedWarning, match="a step was cut short"):
        trainer.fit(X, y, validation=(X, y))
    assert time.monotonic() - press.at < SOON
    assert trainer.stopped_by_ == "interrupted"
    assert trainer.best_step_ == 2
    assert torch.isfinite(weights(trainer.model_)).all()


def test_a_run_in_another_thread_leaves_signals_alone():
    X, y = classes()
    trainer, done = Trainer(net(), steps=5), []
    thread = threading.Thread(target=lambda: done.append(trainer.fit(X, y)))
    thread.start()
    thread.join()
    assert done
    assert trainer.stopped_by_ == "steps"


def test_after_a_cut_step_there_is_nothing_to_go_on_with_but_the_result():
    def interrupt(self):
        raise KeyboardInterrupt

    X, y = classes()
    trainer = Trainer(net(), [acting("prox", prox=interrupt)], steps=5)
    with pytest.warns(InterruptedWarning, match="cannot go on"):
        trainer.fit(X, y)
    assert trainer.state_dict()["stopped_by"] == "interrupted"
    assert trainer.resume(X, y) is trainer


def test_the_state_of_a_trainer_before_fit():
    with pytest.raises(InputError, match="before fit"):
        Trainer(net()).save("nowhere")


def test_ctrl_c_does_not_cut_what_closes_a_run():
    """The timer of a press that ended the steps, or a second press, while the best weights are put back."""
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked
        interrupt.settle()
        signal.raise_signal(signal.SIGINT)
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):  # while steps are done
            signal.raise_signal(signal.SIGINT)


def test_a_press_during_the_end_of_a_run_is_heard_too_late():
    pressed = []

    def finish(self):  # called twice, the second time when the run is over
        if not pressed:
            pressed.append(signal.raise_signal(signal.SIGINT))

    X, y = classes()
    trainer = Trainer(net(), [acting("evaluate", finish=finish)], steps=3).fit(X, y)
    assert pressed
    assert trainer.stopped_by_ == "steps"
