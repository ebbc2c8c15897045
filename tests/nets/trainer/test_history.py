"""What the records of a run hold, as a table too."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit import L1  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay  # noqa: E402
from regularfit.nets.trainer import History, Trainer  # noqa: E402
from tests.nets.trainer.problems import classes, net  # noqa: E402


def test_strength_cost_and_zeros_of_every_regulariser():
    X, y = classes(300)
    trainer = Trainer(net(), [L1(0.02), WeightDecay(0.1)], epochs=40, lr=0.02).fit(X, y)
    lasso, decay = trainer.history_[-1].regularisers
    zeros = sum(int((layer.weight == 0).sum()) for layer in trainer.model_ if hasattr(layer, "weight"))
    assert lasso.zeros == zeros > 0
    assert lasso.strength == 0.02
    assert decay.zeros is None
    first = trainer.history_.of("WeightDecay")[0]
    assert first.strength == pytest.approx(trainer.history_[0].lr * 0.1)
    assert decay.strength < first.strength  # decoupled decay follows the learning rate
    for work in (lasso, decay):
        assert 0 < work.seconds < trainer.history_[-1].seconds  # parts of a whole, on any machine
        assert 0 < work.share < 1


def test_the_table():
    X, y = classes()
    trainer = Trainer(net(), [WeightDecay(0.1)], steps=6, evaluate_every="2 steps", metrics="accuracy")
    frame = trainer.fit(X, y, validation=(X, y)).history_.to_frame()
    assert list(frame["step"]) == [2, 4, 6]
    assert {"epoch", "lr", "train_loss", "loss", "accuracy", "WeightDecay strength"} <= set(frame.columns)
    assert list(frame["accuracy"]) == [record.scores["accuracy"] for record in trainer.history_]


def test_train_loss_is_the_mean_of_the_steps_in_between():
    X, y = classes()
    by_step = Trainer(net(), steps=6, evaluate_every="1 step").fit(X, y).history_
    by_three = Trainer(net(), steps=6, evaluate_every="3 steps").fit(X, y).history_
    for k, record in enumerate(by_three):
        assert record.train_loss == pytest.approx(sum(r.train_loss for r in by_step[3 * k : 3 * k + 3]) / 3)


def test_a_history_from_its_state():
    X, y = classes()
    history = Trainer(net(), [WeightDecay(0.1)], steps=4).fit(X, y, validation=(X, y)).history_
    assert list(History.of_state(history.state_dict())) == list(history)
