"""Nets of many prices as lanes: each is the net that is trained alone."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets import EMA, VIB, Dropout, GradClip, InputNoise, Mixup, Trainer, WeightDecay  # noqa: E402
from regularfit.nets.bottleneck.lanes import beta_nets  # noqa: E402
from regularfit.nets.bottleneck.path import beta_path  # noqa: E402
from tests.nets.adversarial.problems import images, net, weights  # noqa: E402

BETAS = [0.0, 1e-2, 2.0]
SETTINGS = {"steps": 60, "batch_size": 32, "lr": 1e-2, "seed": 3, "verbose": None}


def alone(vib, others, beta, X, y, weight=None, start=None, **more):
    model = copy.deepcopy(start or net())
    chosen = VIB(beta, vib.dim, vib.warmup)
    return Trainer(model, [chosen, *others], **SETTINGS | more).fit(X, y, sample_weight=weight).model_


OTHERS = {
    "plain": ([], 200),
    "decay, EMA and L1": ([WeightDecay(0.1), EMA(0.98), rf.L1(1e-3)], 60),
    "mixup and noise": ([Mixup(0.4), InputNoise(0.1)], 60),
}


@pytest.mark.parametrize("which", OTHERS)
def test_a_lane_is_the_net_trained_alone(which):
    X, y = images(128)
    others, steps = OTHERS[which]
    vib = VIB(dim=4, warmup=0.25)
    trainer = Trainer(net(), [vib, *others], **SETTINGS | {"steps": steps})
    before = weights(trainer.model)
    nets = beta_nets(trainer, BETAS, X, y)
    assert torch.equal(weights(trainer.model), before)
    for beta, lane in zip(BETAS, nets, strict=True):
        expected = alone(vib, others, beta, X, y, steps=steps)
        assert [n for n, _ in lane.named_parameters()] == [n for n, _ in expected.named_parameters()]
        torch.testing.assert_close(weights(lane), weights(expected), rtol=0, atol=1e-5)
        assert not lane.training
    assert (weights(nets[0]) - weights(nets[-1])).abs().max() > 0.01  # the price was paid


def test_weights_of_rows_and_a_flattened_image():
    X, y = images(128)
    weight = torch.linspace(0.1, 2.0, 128)
    start = nn.Sequential(nn.Flatten(), net())
    found = beta_nets(
        Trainer(copy.deepcopy(start), [VIB(dim=4)], **SETTINGS), BETAS[1:], X, y, sample_weight=weight
    )
    for beta, lane in zip(BETAS[1:], found, strict=True):
        expected = alone(VIB(dim=4), [], beta, X, y, weight, start)
        torch.testing.assert_close(weights(lane), weights(expected), rtol=0, atol=1e-5)


def test_a_path_of_a_trainer_is_that_of_a_loop():
    X, y = images(128)
    together = beta_path(Trainer(net(), [VIB(dim=4)], **SETTINGS), BETAS, X, y, train=(X, y))
    loop = beta_path(lambda vib: alone(vib, [], vib.beta, X, y), BETAS, X, y, vib=VIB(dim=4))
    for column in loop.columns:
        torch.testing.assert_close(
            torch.tensor(together[column]), torch.tensor(loop[column]), rtol=1e-3, atol=1e-4
        )


@pytest.mark.parametrize(
    "refused", [Dropout(0.2), GradClip(1.0), rf.L0(1e-3), WeightDecay(0.1, on="*.weight")]
)
def test_what_lanes_cannot_do_is_refused(refused):
    with pytest.raises(UnsupportedError, match="function that trains one net"):
        beta_nets(Trainer(net(), [VIB(dim=4), refused], steps=2), [0.1], *images())


def test_layers_and_settings_that_lanes_cannot_do_are_refused():
    with pytest.raises(UnsupportedError, match="BatchNorm1d"):
        beta_nets(Trainer(net(batch_norm=True), steps=2), [0.1], *images())
    with pytest.raises(UnsupportedError, match="optimizer"):
        beta_nets(Trainer(net(), optimizer=lambda g, lr: torch.optim.SGD(g, lr), steps=2), [0.1], *images())
    X, y = images()
    with pytest.raises(UnsupportedError, match="classification"):
        beta_nets(Trainer(net(), steps=2), [0.1], X, y.float())
    with pytest.raises(InputError, match="holds class 7"):
        beta_nets(Trainer(net(), steps=2), [0.1], X, torch.full_like(y, 7))
    with pytest.raises(UnsupportedError, match="Flatten"):
        beta_nets(Trainer(net(), steps=2), [0.1], X.view(4, 16, 16), y[:4])


def test_a_path_says_what_it_needs():
    X, y = images()
    with pytest.raises(InputError, match="train="):
        beta_path(Trainer(net(), steps=2), [0.1], X, y)
    with pytest.raises(InputError, match="leave train out"):
        beta_path(lambda vib: net(), [0.1], X, y, train=(X, y))
