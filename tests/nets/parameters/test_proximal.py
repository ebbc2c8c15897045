"""The wrapped optimiser solves the penalised problem itself, and behaves as an optimiser in every other way."""

import copy
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn, optim  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay, decay_groups  # noqa: E402
from regularfit.nets.parameters.grouped import Grouped  # noqa: E402
from regularfit.nets.parameters.max_norm import MaxNorm  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402

STRENGTH = 0.1


@pytest.fixture(scope="module")
def data():
    """50 columns whose scales differ by a hundred, of which ten matter."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 50)) * 10 ** rng.uniform(-1, 1, size=50)
    b = np.zeros(50)
    b[:10] = rng.normal(size=10)
    return X, X @ b + 0.5 * rng.normal(size=200) + 0.3


def exact(data, penalty, strength=STRENGTH):
    return rf.fit_path(*data, penalty, strengths=[strength], standardize=False, tol=1e-10).coefs[0]


def moments_of(X, y):
    wide = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], 1)
    return wide.T @ wide / len(X), y.T @ wide / len(X)


def gradient(net, gram, cross):
    both = torch.cat([net.weight.detach(), net.bias.detach()[:, None]], 1) @ gram - cross
    return both[:, :-1], both[:, -1]


def train(data, penalty, kind, lr, steps, digits, after=None, **settings):
    """A linear net on all rows, the rate falling by so many digits; the loss is the linear side's.

    Its gradient comes from the moments of the data, which is what ``backward()`` gives in a tenth of the time.
    """
    X, y = (torch.as_tensor(part, dtype=torch.float64) for part in data)
    torch.manual_seed(0)
    net = nn.Linear(X.shape[1], 1 if y.ndim == 1 else y.shape[1]).double()
    y = y[:, None] if y.ndim == 1 else y
    moments = moments_of(X, y)
    optimizer = kind(net.parameters(), lr=lr, **settings)
    if penalty is not None:
        optimizer = Proximal(optimizer, penalty, net)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 10 ** (-digits * t / steps))
    for _ in range(steps):
        net.weight.grad, net.bias.grad = gradient(net, *moments)
        optimizer.step()
        if after is not None:
            after(net, optimizer)
        schedule.step()
    return net.weight.detach().numpy()


def test_the_gradient_from_moments_is_that_of_the_loss(data):
    X, y = (torch.as_tensor(part) for part in data)
    net = nn.Linear(50, 1).double()
    (0.5 * (net(X) - y[:, None]) ** 2).sum(dim=1).mean().backward()
    weight, bias = gradient(net, *moments_of(X, y[:, None]))
    torch.testing.assert_close(net.weight.grad, weight)
    torch.testing.assert_close(net.bias.grad, bias)


OPTIMIZERS = {
    "Adam": (optim.Adam, 0.3, 1200, 4, {}),
    "Adam amsgrad": (optim.Adam, 0.3, 1200, 4, {"amsgrad": True}),
    "AdamW": (optim.AdamW, 0.3, 1200, 4, {"weight_decay": 0}),
    "AdamW fused": (optim.AdamW, 0.3, 1200, 4, {"weight_decay": 0, "fused": True}),
    "NAdam": (optim.NAdam, 0.3, 1200, 4, {}),
    "RAdam": (optim.RAdam, 0.015, 3000, 2, {"betas": (0.9, 0.99)}),
    "Adamax": (optim.Adamax, 0.3, 3000, 4, {}),
    "Adagrad": (optim.Adagrad, 1.0, 1500, 3, {}),
    "RMSprop": (optim.RMSprop, 0.3, 1500, 4, {}),
    "RMSprop momentum": (optim.RMSprop, 0.1, 3000, 4, {"momentum": 0.8}),
    "SGD momentum": (optim.SGD, 0.009, 4000, 0.5, {"momentum": 0.95}),
    "SGD nesterov": (optim.SGD, 0.009, 4000, 0.5, {"momentum": 0.95, "nesterov": True}),
    "SGD dampened": (optim.SGD, 0.045, 4000, 0.5, {"momentum": 0.9, "dampening": 0.9}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_l1_on_a_linear_net_is_the_lasso(data, name):
    kind, lr, steps, digits, settings = OPTIMIZERS[name]
    lasso = exact(data, rf.L1())
    w = train(data, rf.L1(STRENGTH), kind, lr, steps, digits, **settings)[0]
    assert 10 < np.count_nonzero(lasso) < 25
    np.testing.assert_array_equal(w != 0, lasso != 0)
    np.testing.assert_allclose(w, lasso, atol=1e-5)


def test_plain_sgd_is_the_lasso_too(data):
    """Without momentum badly scaled columns take too many steps for a test, so here they are scaled alike."""
    X, y = data
    alike = (X / X.std(axis=0), y)
    lasso = exact(alike, rf.L1())
    w = train(alike, rf.L1(STRENGTH), optim.SGD, 0.4, 1500, 0.5)[0]
    np.testing.assert_array_equal(w != 0, lasso != 0)
    np.testing.assert_allclose(w, lasso, atol=1e-5)


def test_the_naive_threshold_lr_times_lambda_is_wrong(data):
    """soft(w, lr * strength) after an Adam step: hardly a zero, and another solution."""

    def naive(net, optimizer):
        t = optimizer.param_groups[0]["lr"] * STRENGTH
        w = net.weight.data
        w.copy_(w.sign() * (w.abs() - t).clamp(min=0))

    lasso = exact(data, rf.L1())
    w = train(data, None, optim.Adam, 0.3, 1200, 4, after=naive)[0]
    X, y = data

    def objective(b):
        rest = y - X @ b
        return 0.5 * np.mean((rest - rest.mean()) ** 2) + STRENGTH * np.abs(b).sum()

    assert objective(w) > objective(lasso) + 0.05
    assert np.count_nonzero(w == 0) < np.count_nonzero(lasso == 0) / 2


def test_the_elastic_net(data):
    net = rf.ElasticNet(0.5)
    w = train(data, STRENGTH * net, optim.Adam, 0.3, 1200, 4)[0]
    truth = exact(data, net)
    np.testing.assert_array_equal(w != 0, truth != 0)
    np.testing.assert_allclose(w, truth, atol=1e-5)


def test_bounds_and_factors_by_column(data):
    factors = np.linspace(0, 2, 50)
    factors[7] = np.inf
    penalty = rf.L1().weighted(factors).bounded(-0.5, 0.7)
    w = train(data, Penalise(STRENGTH * penalty, on="inputs"), optim.AdamW, 0.3, 1200, 4, weight_decay=0)[0]
    truth = exact(data, penalty)
    np.testing.assert_array_equal(w != 0, truth != 0)
    np.testing.assert_allclose(w, truth, atol=1e-5)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.3])
def test_the_group_lasso(data, l1_ratio):
    labels = [0] * 3 + [1] * 7 + [2 + j // 4 for j in range(40)]
    linear = rf.Group(labels) if l1_ratio == 0 else rf.SparseGroup(labels, l1_ratio)
    truth = exact(data, linear)
    w = train(data, Grouped(STRENGTH, by=labels, l1_ratio=l1_ratio), optim.Adam, 0.3, 1500, 4)[0]
    assert 0 < np.count_nonzero(truth == 0) < 50
    np.testing.assert_array_equal(w != 0, truth != 0)
    np.testing.assert_allclose(w, truth, atol=1e-5)


def test_whole_inputs_of_several_outputs(data):
    """Rows of coefficients in or out together: the linear side's penalty across outputs, with the root of the size."""
    X, y = data
    Y = np.column_stack([y, X[:, 3] - X[:, 12], -0.5 * y])
    Y += np.random.default_rng(5).normal(size=Y.shape)
    strength = 0.2
    truth = exact((X, Y), rf.L1().across_outputs(), strength * 3**0.5)
    w = train((X, Y), Grouped(strength, by="inputs"), optim.Adam, 0.3, 1500, 4)
    assert 0 < np.count_nonzero((truth == 0).all(axis=0)) < 50
    np.testing.assert_array_equal(w != 0, truth.reshape(w.shape) != 0)
    np.testing.assert_allclose(w, truth.reshape(w.shape), atol=1e-5)


# ---------------------------------------------------------------- as an optimiser


def small():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))


def one_step(net, optimizer, seed=0):
    X = torch.randn(16, 6, generator=torch.Generator().manual_seed(seed))
    optimizer.zero_grad()
    net(X).pow(2).mean().backward()
    optimizer.step()


REGULARISERS = [Penalise(rf.L1(1e-3)), WeightDecay(1e-2), MaxNorm(0.5)]


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSprop])
def test_a_resumed_run_has_the_same_bits(kind):
    settings = {} if kind is optim.Adam else {"momentum": 0.9}

    def fresh():
        net = small()
        return net, Proximal(kind(net.parameters(), lr=0.05, **settings), REGULARISERS, net)

    through, opt_a = fresh()
    for t in range(10):
        one_step(through, opt_a, t)
    stopped, opt_b = fresh()
    for t in range(5):
        one_step(stopped, opt_b, t)
    saved = copy.deepcopy((stopped.state_dict(), opt_b.state_dict()))
    resumed, opt_c = fresh()
    resumed.load_state_dict(saved[0])
    opt_c.load_state_dict(saved[1])
    for t in range(5, 10):
        one_step(resumed, opt_c, t)
    for a, b in zip(through.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert opt_c.state_dict()["regularfit"]["step"] == 10


def test_the_state_survives_saving_without_pickled_classes(tmp_path):
    net = small()
    optimizer = Proximal(optim.SGD(net.parameters(), lr=0.1, momentum=0.9), REGULARISERS, net)
    one_step(net, optimizer)
    torch.save(optimizer.state_dict(), tmp_path / "state.pt")
    optimizer.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))


def test_the_state_of_a_plain_optimizer_is_taken_and_gives():
    net = small()
    plain = optim.Adam(net.parameters(), lr=0.1)
    one_step(net, plain)
    optimizer = Proximal(optim.Adam(net.parameters(), lr=0.1), rf.L1(1e-3), net)
    optimizer.load_state_dict(plain.state_dict())
    one_step(net, optimizer)
    plain.load_state_dict(optimizer.state_dict())
    with pytest.raises(InputError, match="same list"):
        Proximal(optim.Adam(net.parameters()), REGULARISERS, net).load_state_dict(optimizer.state_dict())


def test_a_closure_and_the_loss_it_returns():
    a, b = small(), small()
    X = torch.randn(16, 6, generator=torch.Generator().manual_seed(3))
    decays = [WeightDecay(0.1, coupled=True), Penalise(rf.L1(1e-2))]
    opt_a = Proximal(optim.SGD(a.parameters(), lr=0.1), decays, a)
    opt_b = Proximal(optim.SGD(b.parameters(), lr=0.1), decays, b)

    def closure():
        opt_a.zero_grad()
        loss = a(X).pow(2).mean()
        loss.backward()
        return loss

    loss = opt_a.step(closure)
    b(X).pow(2).mean().backward()
    opt_b.step()
    assert loss.item() > 0
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_the_scaler_leaves_out_leaves_out_the_penalty(fused):
    net = small()
    optimizer = Proximal(optim.AdamW(net.parameters(), lr=0.1, weight_decay=0, fused=fused), rf.L1(10.0), net)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    X = torch.randn(16, 6)
    before = copy.deepcopy(net.state_dict())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = net(X).float().pow(2).mean()
    scaler.scale(loss * float("inf")).backward()
    scaler.step(optimizer)
    scaler.update()
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert scaler.get_scale() == 4.0
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = net(X).float().pow(2).mean()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    assert sum(optimizer.zeros.values()) == 6 * 8 + 8 * 2


def test_the_scaler_changes_nothing_else():
    a, b = small(), small()
    opt_a = Proximal(optim.Adam(a.parameters(), lr=0.1), rf.L1(1e-3), a)
    opt_b = Proximal(optim.Adam(b.parameters(), lr=0.1), rf.L1(1e-3), b)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    X = torch.randn(16, 6, generator=torch.Generator().manual_seed(3))
    for _ in range(5):
        opt_a.zero_grad()
        opt_b.zero_grad()
        scaler.scale(a(X).pow(2).mean()).backward()
        b(X).pow(2).mean().backward()
        scaler.step(opt_a)
        scaler.update()
        opt_b.step()
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_schedulers_write_to_the_wrapped_optimizer():
    net = small()
    inner = optim.SGD(net.parameters(), lr=1.0)
    optimizer = Proximal(inner, rf.L1(1e-3), net)
    for make in (
        lambda o: optim.lr_scheduler.OneCycleLR(o, max_lr=0.5, total_steps=10, cycle_momentum=False),
        lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 10),
        optim.lr_scheduler.ReduceLROnPlateau,
    ):
        schedule = make(optimizer)
        one_step(net, optimizer)
        schedule.step(1.0) if isinstance(schedule, optim.lr_scheduler.ReduceLROnPlateau) else schedule.step()
        assert optimizer.param_groups[0]["lr"] == inner.param_groups[0]["lr"]


def test_parameters_without_a_gradient_are_not_touched():
    net = small()
    before = net[0].weight.detach().clone()
    optimizer = Proximal(optim.Adam(net.parameters(), lr=0.1), [Penalise(rf.L1(10.0)), WeightDecay(0.5)], net)
    net[2](torch.ones(1, 8)).sum().backward()  # the first layer takes no part
    optimizer.step()
    assert torch.equal(net[0].weight, before)
    assert not net[2].weight.any()


def test_frozen_parameters_are_left_out_and_strangers_are_an_error():
    net = small()
    with pytest.raises(InputError, match=r"0\.weight .*not in the optimizer.*requires_grad_\(False\)"):
        Proximal(optim.Adam(net[2].parameters()), rf.L1(1e-3), net)
    net[0].requires_grad_(False)
    optimizer = Proximal(optim.Adam(net[2].parameters()), rf.L1(1e-3), net)
    assert set(optimizer.zeros) == {"2.weight"}


def test_a_group_that_is_added_later_is_found():
    net = small()
    net[0].requires_grad_(False)
    optimizer = Proximal(optim.Adam(net[2].parameters(), lr=0.1), rf.L1(10.0), net)
    net[0].requires_grad_(True)
    optimizer.add_param_group({"params": list(net[0].parameters())})
    one_step(net, optimizer)
    assert optimizer.zeros == {"0.weight": 48, "2.weight": 16}


def test_it_can_be_copied_together_with_the_model():
    net = small()
    optimizer = Proximal(optim.Adam(net.parameters(), lr=0.1), rf.L1(1e-2), net)
    one_step(net, optimizer)
    net2, optimizer2 = copy.deepcopy((net, optimizer))
    one_step(net, optimizer)
    one_step(net2, optimizer2)
    for p, q in zip(net.parameters(), net2.parameters(), strict=True):
        assert torch.equal(p, q)


def test_the_order_is_decay_penalty_constraint():
    net = small()
    optimizer = Proximal(optim.Adam(net.parameters()), [MaxNorm(), rf.L1(1.0), WeightDecay()], net)
    assert [type(one).__name__ for one in optimizer.regularisers] == ["WeightDecay", "Penalise", "MaxNorm"]
    assert repr(optimizer) == "Proximal(Adam, [WeightDecay(0.01), L1(strength=1.0), MaxNorm(3)])"


def test_the_report_tells_zeros_and_what_had_no_effect():
    net = small()
    optimizer = Proximal(
        optim.Adam(net.parameters(), lr=0.1), [Penalise(rf.L1(10.0), on="inputs"), MaxNorm(1e6)], net
    )
    one_step(net, optimizer)
    assert "0.weight: 48 of 48 weights are zero" in optimizer.report()
    assert "MaxNorm(1e+06): no effect so far" in optimizer.report()


def test_what_cannot_work_is_refused():
    net = small()
    with pytest.raises(UnsupportedError, match="LBFGS has no known metric"):
        Proximal(optim.LBFGS(net.parameters()), rf.L1(), net)
    with pytest.raises(InputError, match="list of penalties is empty"):
        Proximal(optim.Adam(net.parameters()), [], net)
    with pytest.raises(InputError, match="neither a penalty nor a regulariser"):
        Proximal(optim.Adam(net.parameters()), 0.01, net)
    with pytest.raises(InputError, match="plain"):
        Proximal(Proximal(optim.Adam(net.parameters()), rf.L1(), net), rf.L1(), net)
    with pytest.raises(InputError, match=r"both L1\(.*\) and L2\(.*L1\(a\) \+ L2\(b\)"):
        Proximal(optim.Adam(net.parameters()), [rf.L1(), rf.L2()], net)
    with pytest.raises(InputError, match="decay it twice"):
        Proximal(optim.Adam(net.parameters()), [rf.L2(), WeightDecay()], net)


def test_decay_of_the_optimizer_itself():
    net = small()
    with pytest.raises(
        InputError, match=r"AdamW decays 0\.bias, a bias.*0\.01 is the default of AdamW.*decay_groups"
    ):
        Proximal(optim.AdamW(net.parameters()), rf.L1(1e-3), net)
    Proximal(optim.AdamW(decay_groups(net, 0.1)), rf.L1(1e-3), net)
    with pytest.raises(InputError, match="decayed twice"):
        Proximal(optim.AdamW(decay_groups(net, 0.1)), rf.ElasticNet(0.5, 1e-3), net)
    with pytest.raises(InputError, match="neither L2 nor decay"):
        Proximal(optim.Adam(decay_groups(net, 0.1)), rf.L1(1e-3), net)


def test_regularisers_of_other_phases_belong_in_a_trainer():
    class Noise(type(WeightDecay()).__mro__[2]):
        phases = ("batch",)

        def start(self, run):
            raise AssertionError

    net = small()
    with pytest.raises(InputError, match=r"acts in batch.*Trainer"):
        Proximal(optim.Adam(net.parameters()), Noise(), net)


def test_regularisers_are_values():
    assert replace(WeightDecay(), rate=0.5) == WeightDecay(0.5)
    assert hash(Penalise(rf.L1(1e-3))) == hash(Penalise(rf.L1(1e-3)))
