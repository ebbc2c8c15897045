"""Noise on gradients and weights: of the size that is promised, and gone when it should be."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.regulariser import Run  # noqa: E402
from regularfit.nets.stepping.noise import GradientNoise, WeightNoise  # noqa: E402


def run_of(model, **changes):
    return Run(model, torch.optim.SGD(model.parameters(), lr=0.1), steps=100, **changes)


def test_gradient_noise_has_the_variance_of_its_formula():
    model = nn.Linear(400, 100)
    run = run_of(model)
    active = GradientNoise(eta=0.3, gamma=0.55).start(run)
    for step in (0, 10, 1000):
        run.step = step
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        active.gradient()
        sd = (0.3 / (1 + step) ** 0.55) ** 0.5
        assert model.weight.grad.std().item() == pytest.approx(sd, rel=4 / np.sqrt(2 * 40000))
        assert abs(model.weight.grad.mean().item()) < 4 * sd / np.sqrt(40000)


def test_gradient_noise_is_added_and_follows_seed_and_step_alone():
    def noisy(seed, step, draws=0):
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        run = run_of(model, seed=seed)
        active = GradientNoise(1.0).start(run)
        run.step = step
        torch.rand(draws)  # whatever the global generator did
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        active.gradient()
        return model.weight.grad

    assert torch.equal(noisy(1, 5), noisy(1, 5, draws=7))
    assert not torch.equal(noisy(1, 5), noisy(2, 5))
    assert not torch.equal(noisy(1, 5), noisy(1, 6))


def test_freezing_one_parameter_moves_no_others_noise():
    def bias_noise(frozen):
        model = nn.Linear(3, 2)
        active = GradientNoise(1.0).start(run_of(model))
        model.weight.grad = None if frozen else torch.zeros(2, 3)
        model.bias.grad = torch.zeros(2)
        active.gradient()
        return model.bias.grad

    assert torch.equal(bias_noise(True), bias_noise(False))


def test_gradient_noise_refuses_sparse_gradients_and_bad_settings():
    model = nn.Embedding(5, 2, sparse=True)
    model(torch.tensor([1])).sum().backward()
    with pytest.raises(InputError, match="dense gradients"):
        GradientNoise().start(run_of(model)).gradient()
    for bad in ({"eta": -1}, {"eta": "1"}, {"gamma": -1}, {"gamma": float("inf")}):
        with pytest.raises(InputError, match="GradientNoise"):
            GradientNoise(**bad)


# ---------------------------------------------------------------- weights


def test_weight_noise_is_relative_to_each_weight_and_leaves_the_parameters_alone():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(300, 200), nn.Linear(200, 100))
    with torch.no_grad():
        model[1].weight.mul_(50)
    before = [p.clone() for p in model.parameters()]
    active = WeightNoise(0.1).start(run_of(model))
    with active.forward():
        for layer in model:
            clean = layer._parameters["weight"]
            off = (layer.weight - clean).detach()
            n = off.numel()
            assert off.std().item() == pytest.approx(
                0.1 * clean.square().mean().sqrt().item(), rel=4 / np.sqrt(2 * n)
            )
            assert layer.bias is layer._parameters["bias"]
        assert list(dict(model.named_parameters())) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    for p, old in zip(model.parameters(), before, strict=True):
        assert torch.equal(p, old)
    assert model[0].weight is model[0]._parameters["weight"]
    assert active.effect().acted is True


def test_the_gradient_is_that_at_the_disturbed_weights_even_after_the_context():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    run = run_of(model, seed=3)
    active = WeightNoise(0.5).start(run)
    x = torch.ones(2, 3)
    with active.forward():
        loss = model(x).square().sum()
        moved = {name: layer.weight.detach().clone() for name, layer in (("0", model[0]), ("2", model[2]))}
    loss.backward()
    got = [p.grad.clone() for p in model.parameters()]
    with torch.no_grad():
        model[0].weight.copy_(moved["0"])
        model[2].weight.copy_(moved["2"])
    model.zero_grad()
    model(x).square().sum().backward()
    for mine, p in zip(got, model.parameters(), strict=True):
        torch.testing.assert_close(mine, p.grad)


def test_both_passes_of_a_step_see_the_same_noise_and_the_next_step_another():
    model = nn.Linear(3, 2)
    run = run_of(model)
    active, seen = WeightNoise(0.5).start(run), []
    for step in (4, 4, 5):
        run.step = step
        with active.forward():
            seen.append(model.weight.detach().clone())
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])


def test_schedule_and_target():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    run = run_of(model)
    active = WeightNoise(0.5, on="inputs", schedule="linear").start(run)
    run.step = 50
    assert active.effect().strength == pytest.approx(0.25)
    with active.forward():
        assert model[0].weight is not model[0]._parameters["weight"]
        assert model[1].weight is model[1]._parameters["weight"]
    run.step = 100
    with active.forward():
        assert torch.equal(model[0].weight, model[0]._parameters["weight"])


def test_weight_noise_refuses_bad_settings():
    for bad in ({"scale": float("nan")}, {"scale": -1}, {"scale": "a"}, {"schedule": "cosin"}, {"on": 3}):
        with pytest.raises(InputError):
            WeightNoise(**bad)
    with pytest.raises(InputError, match="matches no parameter"):
        WeightNoise(on="conv.*").start(run_of(nn.Linear(1, 1)))
