"""Losses looked at together tell the same as losses looked at one by one."""

import math
from functools import partial

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import FitError  # noqa: E402
from regularfit.nets.trainer import Trainer, training  # noqa: E402
from regularfit.nets.trainer.ledger import Ledger, NotFinite  # noqa: E402
from tests.nets.trainer.problems import acting, classes, net, weights  # noqa: E402

CPU = torch.device("cpu")


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_the_mean_is_that_of_all(count):
    losses = torch.rand(count, generator=torch.Generator().manual_seed(0)).double().float()
    means = []
    for at_once in (True, False):
        ledger = Ledger(CPU, at_once)
        for step, loss in enumerate(losses):
            ledger.note(step, loss + 1, loss)
        ledger.settle()
        means.append(ledger.take_mean())
        assert math.isnan(ledger.take_mean())
    assert means[0] == means[1] or count == 0
    assert count == 0 or means[0] == pytest.approx(losses.mean().item())


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_the_step_is_told_exactly(at_once, bad):
    ledger = Ledger(CPU, at_once)

    def steps():
        for step in range(200):
            ledger.note(step, torch.tensor(bad if step >= 37 else 1.0), torch.tensor(1.0))

    with pytest.raises(NotFinite) as caught:
        steps()
    assert caught.value.step == 38


def test_a_run_that_looks_later_ends_in_the_same_way(monkeypatch):
    X, y = classes()

    def fit(at_once, bad=17, **more):
        monkeypatch.setattr(training, "Ledger", partial(Ledger, at_once=at_once))
        spoil = acting(
            "loss", loss=lambda self, loss, *rest: loss * (math.nan if self.run.step == bad else 1.0)
        )
        trainer = Trainer(net(), [spoil], evaluate_every="5 steps", steps=30)
        if bad < 30:
            with pytest.raises(FitError, match="Step 18 of 30"):
                trainer.fit(X, y)
        else:
            trainer.fit(X, y)
        return weights(trainer.model_), [r.train_loss for r in trainer.history_]

    for bad in (17, 99):
        (w, losses), (later_w, later_losses) = fit(True, bad), fit(False, bad)
        assert torch.equal(w, later_w)
        assert losses == later_losses
