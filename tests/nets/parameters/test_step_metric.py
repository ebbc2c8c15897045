"""The metric is the one that the optimiser really steps with: told from how its steps answer the gradient."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import optim  # noqa: E402

from regularfit.errors import UnsupportedError  # noqa: E402
from regularfit.nets.parameters.step_metric import StepMetric, known_optimizers, register_step_metric  # noqa: E402

SETTINGS = [
    (optim.SGD, {}),
    (optim.SGD, {"momentum": 0.9}),
    (optim.SGD, {"momentum": 0.9, "dampening": 0.3}),
    (optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (optim.Adam, {}),
    (optim.Adam, {"amsgrad": True, "eps": 1e-2}),
    (optim.Adam, {"betas": (0.5, 0.9)}),
    (optim.AdamW, {"weight_decay": 0.0}),
    (optim.AdamW, {"weight_decay": 0.0, "amsgrad": True}),
    (optim.NAdam, {}),
    (optim.RAdam, {}),
    (optim.RAdam, {"betas": (0.9, 0.9)}),
    (optim.Adamax, {}),
    (optim.Adagrad, {}),
    (optim.Adagrad, {"lr_decay": 0.1, "initial_accumulator_value": 0.3}),
    (optim.RMSprop, {}),
    (optim.RMSprop, {"centered": True, "eps": 1e-1}),
    (optim.RMSprop, {"momentum": 0.6, "alpha": 0.5}),
]


def label(value):
    return value.__name__ if isinstance(value, type) else ",".join(f"{k}={v}" for k, v in value.items())


def walk(kind, settings, extra, gradients, dtype=torch.float64, lr=0.03):
    """Steps and metrics along given gradients; the moves are what the optimiser did to the parameter."""
    p = torch.nn.Parameter(torch.zeros(gradients.shape[1], dtype=dtype))
    optimizer = kind([p], lr=lr, **settings, **extra)
    metric = StepMetric(optimizer)
    moves, steps = [], []
    for g in gradients:
        before = p.detach().clone()
        p.grad = g.to(dtype).clone()
        optimizer.step()
        moves.append(p.detach() - before)
        d = metric.after_step(p, optimizer.param_groups[0])
        steps.append(torch.as_tensor(d, dtype=torch.float64).expand(gradients.shape[1]).clone())
    return torch.stack(moves), torch.stack(steps)


@pytest.mark.parametrize(("kind", "settings"), SETTINGS, ids=label)
def test_a_constant_gradient_moves_by_the_metric(kind, settings):
    """Then an average of gradients is the gradient, so the move must be -D g, exactly, from the first step on."""
    g = torch.tensor([2.0, -0.5, 1e-3], dtype=torch.float64).expand(40, 3)
    moves, steps = walk(kind, settings, {}, g)
    if settings.get("momentum") and kind is optim.RMSprop:
        # each gradient in its buffer was divided by the average of its own time, so only once that is at rest
        moves, steps, g = moves[-1:], steps[-1:], g[-1:]
    torch.testing.assert_close(moves, -steps * g, rtol=1e-8, atol=0.0)


@pytest.mark.parametrize("way", [{"foreach": True}, {"foreach": False}, {"fused": True}], ids=label)
@pytest.mark.parametrize(("kind", "settings"), SETTINGS, ids=label)
def test_every_implementation_has_the_same_metric(kind, settings, way):
    if "fused" in way and kind not in (optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad):
        with pytest.raises(TypeError, match="fused"):
            kind([torch.nn.Parameter(torch.zeros(1))], fused=True)
        return
    g = torch.randn(12, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    _, plain = walk(kind, settings, {"foreach": False}, g)
    _, other = walk(kind, settings, way, g)
    torch.testing.assert_close(other, plain, rtol=1e-6, atol=0.0)


def test_the_rate_is_read_when_the_step_is_done():
    p = torch.nn.Parameter(torch.zeros(2))
    optimizer = optim.Adam([p], lr=1.0)
    metric = StepMetric(optimizer)
    p.grad = torch.ones(2)
    optimizer.step()
    first = metric.after_step(p, optimizer.param_groups[0])
    optimizer.param_groups[0]["lr"] = 0.25
    torch.testing.assert_close(metric.after_step(p, optimizer.param_groups[0]), 0.25 * first)


def test_a_parameter_without_a_gradient_has_no_step():
    p = torch.nn.Parameter(torch.zeros(2))
    for kind in (optim.Adam, optim.SGD):
        optimizer = kind([p], lr=1.0)
        metric = StepMetric(optimizer)
        optimizer.step()
        assert metric.after_step(p, optimizer.param_groups[0]) is None


def test_momentum_that_was_there_before_counts_in_full():
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    p.grad = torch.ones(1)
    for _ in range(300):
        optimizer.step()
    late, group = StepMetric(optimizer), optimizer.param_groups[0]
    optimizer.step()
    assert late.after_step(p, group) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["LBFGS", "Rprop", "ASGD", "Adadelta", "SparseAdam"])
def test_an_unknown_optimizer_is_refused_with_the_reason_and_the_list(name):
    optimizer = getattr(optim, name)([torch.nn.Parameter(torch.zeros(2))])
    with pytest.raises(
        UnsupportedError, match=rf"{name} has no known metric: \w+.*Known are Adagrad, Adam, AdamW"
    ):
        StepMetric(optimizer)


def test_a_subclass_with_a_step_of_its_own_is_unknown_and_one_without_is_known():
    class Renamed(optim.Adam):
        pass

    class Different(optim.Adam):
        def step(self, closure=None):
            return super().step(closure)

    p = torch.nn.Parameter(torch.zeros(2))
    for _ in range(2):  # torch wraps the step of a class when it is first made
        StepMetric(Renamed([p]))
        with pytest.raises(UnsupportedError, match="Different"):
            StepMetric(Different([p]))


def test_an_optimizer_of_ones_own_can_be_made_known():
    class Signs(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["seen"] = True
                    p.data.sub_(group["lr"] * p.grad)

    p = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(UnsupportedError, match="register_step_metric"):
        StepMetric(Signs([p]))
    register_step_metric(Signs, lambda state, group, buffered: group["lr"])
    try:
        optimizer = Signs([p])
        p.grad = torch.ones(2)
        metric = StepMetric(optimizer)
        optimizer.step()
        assert metric.after_step(p, optimizer.param_groups[0]) == 0.1
        assert "Signs" in known_optimizers()
    finally:
        from regularfit.nets.parameters import step_metric as module

        del module._RULES[Signs]
