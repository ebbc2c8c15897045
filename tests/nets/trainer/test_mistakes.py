"""Mistakes that users of other libraries make with training loops (threads in the research notes): impossible here."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError, InterruptedWarning, NoEffectWarning  # noqa: E402
from regularfit.nets.averages.ema import EMA  # noqa: E402
from regularfit.nets.dropout.dropout import Dropout  # noqa: E402
from regularfit.nets.evaluation.stopping import EarlyStopping  # noqa: E402
from regularfit.nets.mixing.mixup import Mixup  # noqa: E402
from regularfit.nets.stepping.clipping import GradClip  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.trainer.problems import InterruptAt, acting, classes, net, numbers, weights  # noqa: E402


def overfitting(regularisers, **more):
    """Twenty rows, a wide net and a large learning rate: validation gets worse soon."""
    X, y = numbers(220, 10, k=None)
    y = y + 3 * torch.randn(220, generator=torch.Generator().manual_seed(5))
    settings = {"epochs": 150, "lr": 0.02, "batch_size": 20, "schedule": "constant"} | more
    trainer = Trainer(net(10, 1, 64), regularisers, **settings)
    return trainer.fit(X[:20], y[:20], validation=(X[20:], y[20:])), (X[20:], y[20:])


@pytest.mark.parametrize("ended_by", ["patience", "steps", "time", "ctrl-c"])
def test_early_stopping_returns_the_best_weights_not_the_last(ended_by, clock):
    # Lightning #1415, keras #11371, skorch load_best=False
    if ended_by == "patience":
        trainer, held_out = overfitting([EarlyStopping(patience=30)])
    elif ended_by == "steps":
        trainer, held_out = overfitting([EarlyStopping(patience=math.inf)])
    elif ended_by == "time":
        slow = acting("batch", batch=lambda self, batch: clock.sleep(1) or batch)
        trainer, held_out = overfitting([EarlyStopping(patience=math.inf), slow], time_limit=149, epochs=1e6)
    else:
        with pytest.warns(InterruptedWarning):
            trainer, held_out = overfitting([EarlyStopping(patience=math.inf), InterruptAt(100)])
    expected = {"patience": "early stopping", "time": "time limit", "ctrl-c": "interrupted"}
    assert trainer.stopped_by_ == expected.get(ended_by, ended_by)
    losses = [record.scores["loss"] for record in trainer.history_]
    f = trainer.predict(held_out[0])[:, 0]
    assert 0.5 * (f - held_out[1]).square().mean().item() == pytest.approx(min(losses), rel=1e-5)
    assert min(losses) < losses[-1]
    assert trainer.best_score_ == min(losses)
    assert trainer.best_step_ == trainer.history_[losses.index(min(losses))].step


def test_resume_does_not_forget_best_and_patience():
    # Lightning #18727, #3488
    whole, _ = overfitting([EarlyStopping(patience=30), InterruptAt(-1)])
    middle = (whole.best_step_ + whole.history_[-1].step) // 2
    with pytest.warns(InterruptedWarning):
        cut, _ = overfitting([EarlyStopping(patience=30), InterruptAt(middle)])
    X, y = numbers(220, 10, k=None)
    y = y + 3 * torch.randn(220, generator=torch.Generator().manual_seed(5))
    cut.resume(X[:20], y[:20], validation=(X[20:], y[20:]))
    assert cut.history_[-1].step == whole.history_[-1].step  # not another 30 evaluations from the middle on
    assert (cut.best_step_, cut.best_score_) == (whole.best_step_, whole.best_score_)
    assert torch.equal(weights(cut.model_), weights(whole.model_))


def test_augmentation_does_not_leak_to_validation_rows():
    # torchgeo PR #257, keras #10458
    X, y = classes()
    seen = []

    class Looks(nn.Module):
        def forward(self, x):
            seen.append((self.training, x.detach().clone()))
            return x

    model = nn.Sequential(Looks(), net())
    spoil = acting(
        "batch", "inputs", batch=lambda self, b: b.with_(X=b.X + 100), inputs=lambda self, b: b.with_(X=-b.X)
    )
    Trainer(model, [spoil, Dropout(0.5, input_p=0.5), Mixup(1.0)], steps=10, evaluate_every="2 steps").fit(
        X[:64], y[:64], validation=(X[64:], y[64:])
    )
    trained = torch.cat([x for training, x in seen if training])
    looked_at = [x for training, x in seen if not training and len(x) == 32]
    assert (trained < -50).all()
    assert len(looked_at) == 5
    assert all(torch.equal(x, X[64:]) for x in looked_at)


@pytest.mark.parametrize("metric", ["accuracy", "loss", "neg_log_loss", "log_loss"])
def test_a_metric_knows_its_direction(metric):
    # skorch #765, Lightning #1751; and negative scores, skorch PR #1065
    X, y = classes(300, 10)
    trainer = Trainer(net(10, 3, 64), [EarlyStopping(math.inf, metric)], epochs=40, lr=0.05)
    trainer.fit(X[:30], y[:30], validation=(X[30:], y[30:]))
    scores = [record.scores[metric] for record in trainer.history_]
    assert trainer.best_score_ == (min if metric in ("loss", "log_loss") else max)(scores)


def test_an_unknown_metric_is_an_error_at_construction():
    # keras only warns when the monitor is missing
    with pytest.raises(InputError, match="Did you mean 'balanced_accuracy'"):
        EarlyStopping(metric="balancd_accuracy")
    with pytest.raises(InputError, match="Did you mean"):
        Trainer(net(), metrics=["val_acc"])


def test_early_stopping_without_validation_rows_is_an_error_before_training():
    # skorch's default takes a fifth of the training rows without being asked
    X, y = classes()
    model = net()
    with pytest.raises(
        InputError, match=r"EarlyStopping watches 'loss' of validation rows, but there are none"
    ):
        Trainer(model, [EarlyStopping()]).fit(X, y)
    assert torch.equal(weights(model), weights(net()))


def test_a_metric_of_the_other_task_is_an_error_before_training():
    X, y = numbers()
    with pytest.raises(InputError, match=r"is of classification, not of regression"):
        Trainer(net(k=1), [EarlyStopping(metric="accuracy")]).fit(X, y, validation=(X, y))


@pytest.mark.parametrize(("batch_size", "epochs"), [(96, 8), (16, 3), (7, 0.5), (1000, 5)])
def test_a_schedule_ends_where_training_ends_whatever_the_batches(batch_size, epochs):
    # stepped per epoch instead of per step: pytorch #65417, villa PR #1495 (horizon 250 times short)
    X, y = classes()
    rates = []
    note = acting("prox", prox=lambda self: rates.append(self.run.optimizer.param_groups[0]["lr"]))
    Trainer(net(), [note], lr=1.0, schedule="cosine", batch_size=batch_size, epochs=epochs).fit(X, y)
    steps = len(rates)
    assert steps == math.ceil(epochs * 96 / min(batch_size, 96) - 1e-9)
    assert rates == pytest.approx([0.5 * (1 + math.cos(math.pi * i / steps)) for i in range(steps)])


def test_a_regulariser_that_does_nothing_is_not_silent():
    # pytabkit #34: TabM's gradient clipping did nothing for years
    X, y = classes()
    with pytest.warns(NoEffectWarning, match="GradClip changed nothing in 20 steps"):
        Trainer(net(), [GradClip(1e9)], steps=20).fit(X, y)


def test_the_average_is_not_looked_at_before_it_exists_and_is_what_is_left():
    # Lightning #21724 validates the untrained copy; #8811 leaves the raw weights
    X, y = classes()
    trainer = Trainer(net(), [EMA(0.99)], steps=30, evaluate_every="1 step").fit(X, y, validation=(X, y))
    losses = [record.scores["loss"] for record in trainer.history_]
    untrained = torch.nn.functional.cross_entropy(net()(X), y).item()
    assert losses[0] != pytest.approx(untrained, abs=1e-6)
    f = trainer.predict(X)
    assert torch.nn.functional.cross_entropy(f, y).item() == pytest.approx(losses[-1], rel=1e-5)
    plain = Trainer(net(), steps=30).fit(X, y)
    assert not torch.equal(weights(trainer.model_), weights(plain.model_))


def test_train_loss_after_mixing_is_that_of_mixed_targets():
    # timm #1304: accuracy on mixed rows against one of the labels jumps about
    X, y = classes(512)
    trainer = Trainer(net(), [Mixup(5.0)], epochs=10, lr=0.02).fit(X, y)
    clean = torch.nn.functional.cross_entropy(trainer.predict(X), y).item()
    assert trainer.history_[-1].train_loss > clean  # half of a mixed target is another class
