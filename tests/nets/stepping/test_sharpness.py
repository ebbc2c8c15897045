"""SAM: its step by hand, the second pass unseen by statistics and dropout, scaling, sparse and missing gradients."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.regulariser import Run  # noqa: E402
from regularfit.nets.stepping.clipping import GradClip  # noqa: E402
from regularfit.nets.stepping.sharpness import SAM  # noqa: E402


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Quadratic(nn.Module):
    """w' A w / 2 with two parameters, so that the norm goes over both."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor([0.5], dtype=torch.float64))
        self.unused = nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
        self.A = torch.tensor([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]], dtype=torch.float64)

    @property
    def w(self):
        return torch.cat([self.a, self.b])

    def forward(self):
        return self.w @ self.A @ self.w / 2


def closure_of(model, optimizer, loss=None, scaler=None):
    def closure():
        optimizer.zero_grad()
        value = model() if loss is None else loss()
        (value if scaler is None else scaler.scale(value)).backward()
        return value

    return closure


@pytest.mark.parametrize("adaptive", [False, True])
def test_a_step_on_a_quadratic_is_the_one_by_hand(adaptive):
    model = Quadratic()
    w, A, rho, rate, eta = model.w.detach().clone(), model.A, 0.3, 0.1, 0.05
    g = A @ w
    T = w.abs() + eta if adaptive else torch.ones(3, dtype=torch.float64)
    wanted = w - rate * A @ (w + rho * T**2 * g / (T * g).norm())
    sam = SAM(rho, adaptive, eta=eta).wrap(torch.optim.SGD(model.parameters(), lr=rate), model)
    loss = sam.step(closure_of(model, sam))
    torch.testing.assert_close(model.w.detach(), wanted, rtol=1e-12, atol=0)
    assert loss.item() == pytest.approx((w @ A @ w / 2).item())  # at the weights where the step began
    assert not loss.requires_grad
    assert model.unused.item() == 3.0


def test_in_a_run_the_step_is_the_same():
    alone, model = Quadratic(), Quadratic()
    sam = SAM(0.3).wrap(torch.optim.SGD(alone.parameters(), lr=0.1), alone)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    active = SAM(0.3).start(Run(model, optimizer, steps=3))
    closure = closure_of(model, optimizer)
    for _ in range(3):
        sam.step(closure_of(alone, sam))
        with active.forward():
            closure()
        active.step(closure, optimizer.step)
    assert torch.equal(alone.w, model.w)
    assert active.effect().note == "second gradient in 3 of 3 steps"


def test_every_second_step_is_the_optimisers_own():
    model, calls = Quadratic(), []
    plain = copy.deepcopy(model)
    settings = SAM(0.3, every=2)
    sam = settings.wrap(torch.optim.SGD(model.parameters(), lr=0.1), model)
    closure = closure_of(model, sam)

    def counted():
        calls.append(1)
        return closure()

    for step in range(4):
        sam.step(counted)
        if step == 0:
            plain.load_state_dict(model.state_dict())
        if step == 1:
            optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
            closure_of(plain, optimizer)()
            optimizer.step()
            assert torch.equal(model.w, plain.w)
    assert len(calls) == 6
    assert settings.passes == 1.5
    assert SAM().passes == 2.0


def test_the_weights_between_passes_come_back_bit_by_bit():
    model = nn.Linear(50, 50)
    sam = SAM(0.1).wrap(torch.optim.SGD(model.parameters(), lr=0.0), model)
    before, x = model.weight.clone(), numbers(4, 50)
    sam.step(closure_of(model, sam, lambda: model(x).square().mean()))
    assert torch.equal(model.weight, before)


def test_an_error_in_the_second_pass_leaves_the_weights_where_they_were():
    model, calls = nn.Linear(3, 3), []
    sam = SAM(0.1).wrap(torch.optim.SGD(model.parameters(), lr=0.1), model)
    before, x = model.weight.clone(), numbers(4, 3)

    def loss():
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("in the second pass")
        return model(x).square().mean()

    with pytest.raises(RuntimeError, match="second pass"):
        sam.step(closure_of(model, sam, loss))
    assert torch.equal(model.weight, before)


def test_batch_norm_statistics_polluted_by_the_second_pass_of_sam():
    """Mistake (davda54/sam, pytorch-optimizer's plain SAM): the second pass updated running statistics, too."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    once, x = copy.deepcopy(model), numbers(16, 3)
    once(x)
    sam = SAM(0.5).wrap(torch.optim.SGD(model.parameters(), lr=0.1), model)
    sam.step(closure_of(model, sam, lambda: model(x).square().mean()))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        assert torch.equal(getattr(model[1], name), getattr(once[1], name)), name


@pytest.mark.parametrize("way", ["wrapped", "run"])
def test_dropout_draws_the_same_mask_in_both_passes(way):
    torch.manual_seed(0)
    model, masks = nn.Sequential(nn.Linear(3, 40), nn.Dropout(0.5), nn.Linear(40, 1)), []
    model[1].register_forward_hook(lambda module, given, out: masks.append(out == 0))
    x = numbers(16, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    closure = closure_of(model, optimizer, lambda: model(x).square().mean())
    if way == "wrapped":
        sam = SAM(0.01).wrap(optimizer, model)
        for _ in range(2):
            sam.step(closure)
    else:
        active = SAM(0.01).start(Run(model, optimizer))

        def one_pass():
            with active.forward():
                return closure()

        for _ in range(2):
            one_pass()
            active.step(one_pass, optimizer.step)
    assert len(masks) == 4
    agree = [(masks[i] == masks[j]).float().mean().item() for i, j in ((0, 1), (2, 3), (1, 2))]
    assert agree[0] == agree[1] == 1.0
    assert agree[2] < 0.7  # steps differ: the test can fail


def test_a_closure_that_forgets_to_clear_gradients_does_not_mix_the_passes():
    """Mistake (davda54/sam #7 and others): the gradients of both passes were added."""
    right, forgetful = Quadratic(), Quadratic()
    sams = [SAM(0.3).wrap(torch.optim.SGD(m.parameters(), lr=0.1), m) for m in (right, forgetful)]
    sams[0].step(closure_of(right, sams[0]))
    sams[1].zero_grad()

    def forgets():
        loss = forgetful()
        loss.backward()
        return loss

    sams[1].step(forgets)
    assert torch.equal(right.w, forgetful.w)


# ---------------------------------------------------------------- scaling and clipping


class Scaler(torch.amp.GradScaler):
    """torch's gradient scaler, on the CPU."""

    def __init__(self, scale):
        super().__init__("cpu", init_scale=scale, growth_interval=1000)


@pytest.mark.parametrize("clipped", [False, True])
def test_davda54_sam_with_a_gradient_scaler(clipped):
    """Mistake (davda54/sam #7, timm #1366): scaled gradients made the perturbation, or were unscaled twice."""
    plain, scaled = nn.Linear(3, 1), nn.Linear(3, 1)
    scaled.load_state_dict(plain.state_dict())
    x, y = numbers(8, 3), numbers(8, 1, seed=1)
    clip = GradClip(0.1) if clipped else None
    scaler = Scaler(2.0**12)  # a power of two, so that scaling rounds nothing
    one = SAM(0.2).wrap(torch.optim.SGD(plain.parameters(), lr=0.1), plain, clip=clip)
    two = SAM(0.2).wrap(torch.optim.SGD(scaled.parameters(), lr=0.1), scaled, scaler=scaler, clip=clip)
    for _ in range(5):
        one.step(closure_of(plain, one, lambda: F.mse_loss(plain(x), y)))
        two.step(closure_of(scaled, two, lambda: F.mse_loss(scaled(x), y), scaler))
        scaler.update()
    torch.testing.assert_close(scaled.weight, plain.weight, rtol=1e-6, atol=1e-7)
    assert scaler.get_scale() == 2.0**12


@pytest.mark.parametrize("overflowing", [1, 2])
def test_gradients_that_overflow_are_skipped_and_the_scale_falls(overflowing):
    model = nn.Linear(3, 1)
    scaler, calls, x = Scaler(2.0**10), [], numbers(8, 3)
    sam = SAM(0.2).wrap(torch.optim.SGD(model.parameters(), lr=0.1), model, scaler=scaler)
    before = model.weight.clone()

    def loss():
        calls.append(1)
        return model(x).mean() * (float("inf") if len(calls) == overflowing else 1.0)

    sam.step(closure_of(model, sam, loss, scaler))
    scaler.update()
    assert torch.equal(model.weight, before)
    assert scaler.get_scale() == 2.0**9
    calls += [1, 1]
    sam.step(closure_of(model, sam, loss, scaler))  # and it goes on
    scaler.update()
    assert not torch.equal(model.weight, before)


def test_davda54_sam_66_clipping_acts_on_the_gradient_that_is_stepped_by():
    model = Quadratic()
    w, A = model.w.detach().clone(), model.A
    sam = SAM(0.3).wrap(torch.optim.SGD(model.parameters(), lr=1.0), model, clip=GradClip(0.01))
    sam.step(closure_of(model, sam))
    second = A @ (w + 0.3 * A @ w / (A @ w).norm())
    torch.testing.assert_close(model.w.detach(), w - 0.01 * second / second.norm(), rtol=1e-10, atol=0)


def test_autocast_in_the_closure():
    model = nn.Linear(3, 1)
    sam = SAM(0.1).wrap(torch.optim.AdamW(model.parameters()), model)
    x, before = numbers(8, 3), model.weight.clone()

    def loss():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return model(x).square().mean()

    sam.step(closure_of(model, sam, loss))
    assert not torch.equal(model.weight, before)
    assert model.weight.isfinite().all()


# ---------------------------------------------------------------- odd gradients


@pytest.mark.parametrize("adaptive", [False, True])
def test_sparse_gradients_give_what_dense_ones_give(adaptive):
    torch.manual_seed(0)
    dense, sparse = nn.Embedding(20, 3), nn.Embedding(20, 3, sparse=True)
    sparse.load_state_dict(dense.state_dict())
    words = torch.tensor([1, 1, 4, 7])  # one twice
    for model in (dense, sparse):
        sam = SAM(0.5, adaptive).wrap(torch.optim.SGD(model.parameters(), lr=0.1), model)
        for _ in range(3):
            sam.step(closure_of(model, sam, lambda m=model: m(words).square().sum()))
    torch.testing.assert_close(sparse.weight, dense.weight)


def test_gradients_that_are_zero_move_nothing_and_make_no_nan():
    model = nn.Linear(3, 1)
    sam = SAM(0.5).wrap(torch.optim.SGD(model.parameters(), lr=0.1), model)
    before = model.weight.clone()
    sam.step(closure_of(model, sam, lambda: (model(torch.zeros(2, 3)) * 0).sum()))
    assert torch.equal(model.weight, before)


def test_with_a_proximal_or_any_other_optimiser_and_several_groups():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    groups = [{"params": model[0].parameters(), "lr": 0.1}, {"params": model[1].parameters(), "lr": 0.01}]
    sam = SAM(0.05).wrap(torch.optim.Adam(groups), model)
    assert [group["lr"] for group in sam.param_groups] == [0.1, 0.01]
    x = numbers(32, 3)
    y = x.sum(1, keepdim=True)
    losses = [sam.step(closure_of(model, sam, lambda: F.mse_loss(model(x), y))).item() for _ in range(60)]
    assert losses[-1] < 0.1 * losses[0]


def test_state_goes_on_with_the_count_of_steps():
    model = Quadratic()
    whole = SAM(0.3, every=2).wrap(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), model)
    half = Quadratic()
    first = SAM(0.3, every=2).wrap(torch.optim.SGD(half.parameters(), lr=0.1, momentum=0.9), half)
    for _ in range(6):
        whole.step(closure_of(model, whole))
    for _ in range(3):
        first.step(closure_of(half, first))
    second = SAM(0.3, every=2).wrap(torch.optim.SGD(half.parameters(), lr=0.1, momentum=0.9), half)
    second.load_state_dict(first.state_dict())
    for _ in range(3):
        second.step(closure_of(half, second))
    assert torch.equal(half.w, model.w)


def test_it_moves_along_a_valley_to_its_flattest_place():
    # (u v - 1)^2 / 2 is 0 wherever u v = 1; its curvature there, u^2 + v^2, is least where u = v
    ends = {}
    for name in ("plain", "sam"):
        model = nn.ParameterList([torch.tensor(3.0), torch.tensor(0.4)])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
        stepper = SAM(0.3).wrap(optimizer, model) if name == "sam" else optimizer
        for _ in range(2000):
            stepper.step(closure_of(model, stepper, lambda m=model: (m[0] * m[1] - 1) ** 2 / 2))
        ends[name] = [p.item() for p in model]
    assert ends["plain"][0] > 2.5
    assert ends["sam"] == pytest.approx([1.0, 1.0], abs=0.2)


def test_settings_out_of_range_are_refused():
    for bad in (
        {"rho": float("nan")},
        {"rho": -1},
        {"rho": float("inf")},
        {"rho": "1"},
        {"eta": 0},
        {"every": 0},
        {"every": 1.5},
    ):
        with pytest.raises(InputError, match="SAM"):
            SAM(**bad)
    assert "one SAM" in SAM().conflict(SAM(0.1))
    model = nn.Linear(1, 1)
    with pytest.raises(UnsupportedError, match="LBFGS"):
        SAM().wrap(torch.optim.LBFGS(model.parameters()), model)
