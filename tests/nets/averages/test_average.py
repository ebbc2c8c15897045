"""What every average shares: when norm statistics are estimated anew in a run."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import FitError, InterruptedWarning  # noqa: E402
from regularfit.nets.averages import EMA, SWA, Lookahead, average  # noqa: E402
from regularfit.nets.evaluation.batch_stats import refresh_batch_stats  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.trainer.problems import InterruptAt  # noqa: E402

AVERAGES = [EMA(0.9), SWA(0.2, every=0.5)]
EPOCHS = 5


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))


def rows(n=48, seed=0):
    X = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    return X, (X[:, 0] > 0).long()


@pytest.fixture
def passes(monkeypatch):
    """A list that grows by one with every estimate of norm statistics."""
    found = []

    def counted(*args, **kwargs):
        found.append(1)
        refresh_batch_stats(*args, **kwargs)

    monkeypatch.setattr(average, "refresh_batch_stats", counted)
    return found


def trainer(value, model=None, **settings):
    return Trainer(model or net(), [value], batch_size=16, epochs=EPOCHS, lr=0.05, **settings)


@pytest.mark.parametrize("value", AVERAGES, ids=repr)
def test_without_validation_rows_statistics_are_estimated_once(value, passes):
    """Mistake: a pass over all rows after every epoch, for weights that nobody looks at."""
    fitted = trainer(value).fit(*rows())
    assert len(fitted.history_) == EPOCHS
    assert len(passes) == 1


@pytest.mark.parametrize("value", AVERAGES, ids=repr)
def test_looking_changes_nothing_in_the_fitted_model(value, passes):
    one = trainer(value).fit(*rows())
    other = trainer(value).fit(*rows(), validation=rows(seed=1))
    assert len(passes) > 1 + 1  # one for the first, and several for the second
    for a, b in zip(one.model_.state_dict().values(), other.model_.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_lookahead_and_an_average_go_together(passes):
    fitted = Trainer(net(), [Lookahead(), EMA(0.9)], batch_size=16, epochs=EPOCHS, lr=0.05).fit(*rows())
    assert len(passes) == 1
    assert all(bool(value.isfinite().all()) for value in fitted.model_.state_dict().values())


class _BreaksAt(nn.Module):
    """A model whose outputs are NaN in one training step."""

    def __init__(self, step):
        super().__init__()
        self.net, self.left = net(), step

    def forward(self, x):
        out = self.net(x)
        self.left -= self.training
        return out * float("nan") if self.training and self.left == 0 else out


@pytest.mark.parametrize("value", AVERAGES, ids=repr)
def test_the_best_weights_after_a_broken_step_have_statistics_of_their_own(value):
    X, y = rows()
    broken = trainer(value, _BreaksAt(11))
    with pytest.raises(FitError, match="Step 11"):
        broken.fit(X, y)
    model = broken.model.net
    torch.testing.assert_close(model[1].running_mean, model[0](X).mean(0).detach(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(model[1].running_var, model[0](X).var(0).detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("value", AVERAGES, ids=repr)
def test_a_run_that_was_cut_has_them_too_and_goes_on_to_the_same_bits(value):
    X, y = rows()
    whole = trainer(value).fit(X, y)
    cut = Trainer(net(), [value, InterruptAt(8)], batch_size=16, epochs=EPOCHS, lr=0.05)
    with pytest.warns(InterruptedWarning):
        cut.fit(X, y)
    again = Trainer(net(), [value, InterruptAt(-1)], batch_size=16, epochs=EPOCHS, lr=0.05)
    again.load_state_dict(cut.state_dict())
    held = again.model  # the best weights so far: those of the second epoch
    torch.testing.assert_close(held[1].running_mean, held[0](X).mean(0).detach(), rtol=1e-4, atol=1e-6)
    again.resume(X, y)
    for a, b in zip(again.model_.state_dict().values(), whole.model_.state_dict().values(), strict=True):
        assert torch.equal(a, b)
