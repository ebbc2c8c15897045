"""Fast adversarial training, and the guard that watches it."""

import warnings

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import CatastrophicOverfittingWarning  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.adversarial.fast import FastAdversarial  # noqa: E402
from regularfit.nets.adversarial.fgsm import FGSM  # noqa: E402
from regularfit.nets.randomness import Stream  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from tests.nets.adversarial.problems import images, net  # noqa: E402


class Deceptive(nn.Module):
    """Right under one step, wrong under many: its logit is high again at the corner that the gradient points to."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        d = x[:, 0]
        z = 1.0 - 30.0 * d.abs() + 300.0 * (d.abs() - 0.07).relu()
        return torch.stack([self.one - z, self.one + z], 1)


def run_of(model):
    return Run(model, torch.optim.SGD(model.parameters(), lr=0.1), n=64, batch_size=64)


def test_the_guard_says_when_only_one_step_is_held_up_to():
    model = Deceptive()
    X, y = torch.full((32, 1), 1e-3), torch.ones(32, dtype=torch.int64)
    domain = Domain(-1.0, 1.0)
    active = FastAdversarial(0.1, domain=domain, check_every=5).start(run_of(model))
    active.data(X, y)
    with pytest.warns(CatastrophicOverfittingWarning, match=r"100% .*under 10: catastrophic"):
        active.inputs(Batch(X, y, torch.arange(32)))
    assert active.repairing
    assert "overfitting 1 times" in active.effect().note
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        active.run.step = 5
        active.inputs(Batch(X, y, torch.arange(32)))


def test_a_healthy_net_is_left_in_peace():
    X, y = images()
    model = net()
    active = FastAdversarial(0.02, domain=Domain.images(), check_every=1).start(run_of(model))
    active.data(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moved = active.inputs(Batch(X, y, torch.arange(64)))
    settings = FastAdversarial(0.02, domain=Domain.images()).attack
    assert isinstance(settings, FGSM)
    expected = settings(model, X, y, stream=Stream.of(0, "attack", 0).at(0))
    assert torch.equal(moved.X, expected)


def test_repair_can_be_declined():
    model = Deceptive()
    X, y = torch.full((32, 1), 1e-3), torch.ones(32, dtype=torch.int64)
    active = FastAdversarial(0.1, domain=Domain(-1.0, 1.0), repair="warn").start(run_of(model))
    active.data(X, y)
    with pytest.warns(CatastrophicOverfittingWarning, match="as asked"):
        active.inputs(Batch(X, y, torch.arange(32)))
    assert not active._mends
