"""Looking at a model leaves no trace, and a model that is random in eval mode is found, by name."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from regularfit.errors import UnsupportedError  # noqa: E402
from regularfit.nets.evaluation.modes import evaluating  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.trainer.problems import classes, net, numbers, weights  # noqa: E402


class Forgetful(nn.Module):
    """The classical mistake: dropout by function, without the mode."""

    def forward(self, x):
        return F.dropout(x, 0.5)


@pytest.mark.parametrize("deep", [False, True])
def test_a_module_that_ignores_eval_mode_is_named(deep):
    X, y = classes()
    inner = nn.Sequential(nn.Linear(8, 8), Forgetful()) if deep else Forgetful()
    model = net(5, 3, 8, 0, inner)
    with pytest.raises(
        UnsupportedError, match=r"module '2%s' \(Forgetful\) ignores eval mode" % (r"\.1" if deep else "")
    ):
        Trainer(model, steps=5).fit(X, y)
    assert Trainer(model, steps=5, check_eval=False).fit(X, y).stopped_by_ == "steps"
    assert Trainer(net(5, 3, 8, 0, nn.Dropout(0.5)), steps=5).fit(X, y).stopped_by_ == "steps"


def test_the_models_own_forward_is_named():
    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 3)

        def forward(self, x):
            return self.layer(x + torch.randn_like(x))

    X, y = classes()
    with pytest.raises(UnsupportedError, match=r"its own forward \(Whole\)"):
        Trainer(Whole()).fit(X, y)


def test_modes_come_back_also_after_an_error():
    model = net(5, 3, 8, 0, nn.BatchNorm1d(8))
    model[2].eval()
    seen = []

    def fails():
        with evaluating(model):
            seen.extend(m.training for m in model.modules())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not any(seen)
    assert [m.training for m in model.modules()] == [True, True, True, False, True]


def test_scores_are_those_of_all_rows_whatever_the_batches():
    X, y = numbers(3000)
    weight = torch.linspace(0, 1, 3000)
    trainer = Trainer(net(k=1), steps=2, metrics=["mse", "r2"]).fit(X, y, validation=(X, y, weight))
    from sklearn.metrics import mean_squared_error, r2_score

    f = trainer.predict(X)[:, 0].numpy()
    scores = trainer.history_[-1].scores
    assert list(scores) == ["loss", "mse", "r2"]
    assert scores["mse"] == pytest.approx(mean_squared_error(y, f, sample_weight=weight), rel=1e-5)
    assert scores["loss"] == pytest.approx(scores["mse"] / 2, rel=1e-5)
    assert scores["r2"] == pytest.approx(r2_score(y, f, sample_weight=weight), rel=1e-4)


def test_an_evaluation_changes_nothing():
    X, y = classes()
    extra = [nn.BatchNorm1d(8), nn.Dropout(0.2)]
    import copy

    looked = Trainer(net(5, 3, 8, 0, *copy.deepcopy(extra)), steps=20, evaluate_every="1 step").fit(
        X, y, validation=(X, y)
    )
    not_looked = Trainer(net(5, 3, 8, 0, *copy.deepcopy(extra)), steps=20).fit(X, y)
    assert torch.equal(weights(looked.model_), weights(not_looked.model_))
    assert torch.equal(looked.model_[2].running_mean, not_looked.model_[2].running_mean)
