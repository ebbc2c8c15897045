"""The information bottleneck: its nats, its noise, its place in a net."""

import copy
import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.bottleneck.layer import Bottleneck, gaussian_nats  # noqa: E402
from regularfit.nets.bottleneck.path import beta_path, code_nats  # noqa: E402
from regularfit.nets.bottleneck.vib import VIB, sampled_probabilities  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import images, net, weights  # noqa: E402


def test_mistake_the_kl_is_per_example_in_nats():
    """pytorch_dvib #1 and #3, vibert #10, VIBNet #5: means over the code, bits, wrong signs of log variances."""
    mean = torch.randn(9, 5, generator=torch.Generator().manual_seed(0))
    sd = torch.rand(9, 5, generator=torch.Generator().manual_seed(1)) + 0.1
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(mean, sd), normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(gaussian_nats(mean, sd), expected)
    assert float(gaussian_nats(torch.full((1, 1), 2.0), torch.ones(1, 1))) == 2.0  # mu^2 / 2
    half = float(gaussian_nats(torch.zeros(1, 1), torch.full((1, 1), 0.5)))
    assert half == pytest.approx(0.5 * (0.25 - 1) + math.log(2))


def test_mistake_the_strength_does_not_depend_on_batch_or_code_size():
    X, y = images()
    model = VIB(0.1, dim=4).insert(net())
    run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1))
    active = VIB(0.1, dim=4).start(run)
    prices = []
    for rows in (X, torch.cat([X, X])):
        with active.forward():
            logits = model(rows)
            prices.append(active.loss(torch.tensor(0.0), logits, Batch(rows, y, torch.arange(len(rows)))))
    torch.testing.assert_close(prices[0], prices[1])
    torch.testing.assert_close(prices[0], 0.1 * torch.tensor(code_nats(model, X)))


def test_sample_weights_weigh_the_nats():
    X, y = images()
    model = VIB(1.0, dim=4).insert(net())
    active = VIB(1.0, dim=4).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1)))
    weight = (torch.arange(64) < 10).float()
    with active.forward():
        price = active.loss(torch.tensor(0.0), model(X), Batch(X, y, torch.arange(64), weight))
    torch.testing.assert_close(price, torch.tensor(code_nats(model, X[:10])))


def test_it_samples_in_training_and_is_its_mean_at_predict():
    layer = Bottleneck(6, 3)
    X = torch.randn(200, 6, generator=torch.Generator().manual_seed(0))
    mean, sd = layer.encode(X)
    assert torch.equal(layer.eval()(X), mean)
    layer.train()
    draws = torch.stack([(layer(X) - mean) / sd for _ in range(20)]).detach()
    assert abs(float(draws.mean())) < 5 / 12000**0.5
    assert abs(float(draws.std()) - 1) < 5 / 24000**0.5
    assert float(sd.detach().min()) > 0


def test_the_noise_begins_small_and_never_vanishes():
    layer = Bottleneck(2, 1)
    nn.init.zeros_(layer.encoder.weight)
    nn.init.zeros_(layer.encoder.bias)
    assert layer.encode(torch.zeros(1, 2))[1].item() == pytest.approx(math.log1p(math.exp(-5)) + 1e-6)
    layer.encoder.bias.data.fill_(-1e4)
    assert layer.encode(torch.zeros(1, 2))[1].item() == pytest.approx(1e-6)
    assert torch.isfinite(gaussian_nats(*layer.encode(torch.zeros(1, 2)))).all()


def test_a_loop_of_ones_own_is_reproducible_and_resumable():
    X = torch.ones(3, 6)
    one, two = Bottleneck(6, 3, seed=1), Bottleneck(6, 3, seed=1)
    two.load_state_dict(one.state_dict())
    torch.manual_seed(0)
    first, second = one(X), one(X)
    assert not torch.equal(first, second)
    torch.manual_seed(9)
    assert torch.equal(two(X), first)
    three = Bottleneck(6, 3, seed=1)
    three.load_state_dict(two.state_dict())
    assert torch.equal(three(X), second)


def test_it_is_put_before_the_last_linear_layer_once():
    model = net()
    same = VIB(dim=4).insert(model, seed=3)
    assert same is model
    assert isinstance(model[2][0], Bottleneck)
    assert model[2][0].encoder.in_features == 12
    assert model(images()[0]).shape == (64, 3)
    before = weights(model)
    VIB(dim=8).insert(model)
    assert torch.equal(weights(model), before)
    twin = VIB(dim=4).insert(net(), seed=3)
    assert torch.equal(weights(twin), before)
    copy.deepcopy(model)


def test_a_model_can_be_copied_after_a_step():
    model = VIB(dim=4).insert(net())
    model(images()[0]).sum().backward()
    assert copy.deepcopy(model)[2][0].nats is None


def test_the_trainer_puts_a_bottleneck_in_before_the_optimiser_is_made():
    model = net()
    Trainer(model, [VIB(dim=4)], steps=1, verbose=None, seed=3).fit(*images())
    (code,) = [m for m in model.modules() if isinstance(m, Bottleneck)]
    alone = VIB(dim=4).insert(net(), 3)
    (before,) = [m for m in alone.modules() if isinstance(m, Bottleneck)]
    assert not torch.equal(
        code.encoder.weight, before.encoder.weight
    )  # it was trained, so the optimiser has it


def test_a_net_without_a_bottleneck_is_refused():
    with pytest.raises(UnsupportedError, match=r"VIB\(dim=32\).insert\(model\)"):
        VIB().start(Run(net(), torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)))
    with pytest.raises(UnsupportedError, match=r"nn\.Linear"):
        VIB().insert(nn.Sequential(nn.Flatten()))
    with pytest.raises(UnsupportedError, match="Bottleneck"):
        sampled_probabilities(net(), images()[0])


def test_the_price_rises_with_progress():
    vib = VIB(0.4, warmup=0.5)
    assert [vib.beta_at(p) for p in (0.0, 0.25, 0.5, 1.0)] == [0.0, 0.2, 0.4, 0.4]


def trained(vib, seed=0, steps=150):
    X, y = images(128)
    model = vib.insert(net(width=24), seed)
    return Trainer(model, [vib], steps=steps, batch_size=32, lr=3e-2, verbose=None, seed=seed).fit(X, y)


def test_the_run_reports_its_bound_and_a_run_repeats():
    one, two = trained(VIB(1e-2, 4)), trained(VIB(1e-2, 4))
    assert torch.equal(weights(one.model_), weights(two.model_))
    (work,) = one.history_[-1].regularisers
    assert work.note.startswith("I(Z; X) <= ")
    assert work.strength == 1e-2
    assert work.acted


def test_a_price_lowers_what_the_code_tells():
    X, y = images(128)
    trainer = Trainer(net(width=24), [VIB(dim=4)], steps=400, batch_size=32, lr=3e-2, verbose=None)
    table = beta_path(trainer, [0.0, 1e-2, 3.0], X, y, train=(X, y))
    assert list(table.columns) == ["beta", "nats", "loss", "told", "accuracy"]
    assert table.nats[0] > table.nats[1] > table.nats[2]
    assert table.nats[2] < 0.05  # an empty code: nothing is told
    assert table.accuracy[1] > 0.9
    shares = torch.bincount(y) / len(y)
    entropy = float(torch.distributions.Categorical(shares).entropy())
    assert table.told[1] == pytest.approx(entropy - table.loss[1])
    assert table.told[1] <= table.nats[1]  # I(Z; Y) <= I(Z; X)


def test_sampled_codes_average_probabilities_and_leave_no_trace():
    X, _ = images()
    model = trained(VIB(1e-1, 4), steps=20).model_.train()
    one, same = (sampled_probabilities(model, X, samples=5, seed=2) for _ in range(2))
    assert torch.equal(one, same)
    torch.testing.assert_close(one.sum(1), torch.ones(64))
    assert not torch.equal(one, sampled_probabilities(model, X, samples=5, seed=3))
    assert model.training
    assert not model[2][0].sampling
    many = sampled_probabilities(model, X, samples=200)
    assert (many - model.eval()(X).softmax(1)).abs().max() < 0.5


def test_two_prices_are_refused():
    with pytest.raises(UnsupportedError, match="one code"):
        Trainer(net(), [VIB(), VIB(1.0)])


@pytest.mark.parametrize("wrong", [{"beta": -1.0}, {"dim": 0}, {"warmup": 1.5}, {"dim": 2.0}])
def test_settings_out_of_range(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        VIB(**wrong)


def test_an_empty_path_is_refused():
    with pytest.raises(InputError, match="betas"):
        beta_path(lambda vib: net(), [], *images())
    with pytest.raises(InputError, match="betas"):
        beta_path(lambda vib: net(), [-1.0], *images())
    with pytest.raises(InputError, match="no Bottleneck"):
        beta_path(lambda vib: net(), [1.0], *images())


def test_autocast_keeps_the_code_in_float32():
    layer = Bottleneck(6, 3)
    with torch.autocast("cpu", torch.bfloat16):
        layer(torch.ones(2, 6))
    assert layer.nats.dtype == torch.float32
    assert F.softplus(torch.tensor(-5.0)) > 0
