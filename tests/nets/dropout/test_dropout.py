"""Dropout by hooks: where it acts, when, and that nothing else can see it."""

import copy

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.dropout.dropout import Dropout
from regularfit.nets.dropout.masks import drop
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Run


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))


def run_of(model: nn.Module, **settings) -> Run:
    return Run(model, torch.optim.SGD(model.parameters(), lr=0.1), n=20, batch_size=5, steps=10, **settings)


X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def test_it_acts_on_the_inputs_of_weight_layers_counted_from_0():
    model = net()
    run = run_of(model, seed=3, step=2)
    active = Dropout(0.5, input_p=0.25, shape="funnel").start(run)
    with active.forward():
        out = model(X)

    def at(i: int, x: torch.Tensor, p: float) -> torch.Tensor:
        return drop(x, Stream.of(3, "dropout", i).at(2), p)

    hidden = model[0](at(0, X, 0.25)).relu()
    hidden = model[2](at(1, hidden, 0.5)).relu()
    assert torch.equal(out, model[4](at(2, hidden, 0.25)))


def test_layers_are_counted_as_the_forward_pass_reaches_them():
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.second = nn.Linear(4, 4)
            self.first = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(x))

    model = Backwards()
    active = Dropout(0.5).start(run_of(model))
    with active.forward():
        out = model(X)
    mid = drop(model.first(X), Stream.of(0, "dropout", 1).at(0), 0.5)
    assert torch.equal(out, model.second(mid))
    again = Dropout(0.5).start(run_of(model))
    again.load_state_dict(active.state_dict())
    assert again.order == active.order == {model.first: 0, model.second: 1}


def test_a_second_pass_in_the_same_step_sees_the_same_mask_and_another_step_does_not():
    model = net()
    run = run_of(model)
    active = Dropout(0.5).start(run)
    outs = []
    for step in (0, 0, 1):
        run.step = step
        with active.forward():
            outs.append(model(X))
    assert torch.equal(outs[0], outs[1])
    assert not torch.equal(outs[0], outs[2])


def test_a_layer_used_twice_draws_anew():
    model = net()
    active = Dropout(0.5).start(run_of(model))
    with active.forward():
        assert not torch.equal(model(X), model(X))


def test_dropout_on_at_inference_is_impossible():
    # research note, section 3: predictions with dropout on
    model = net()
    plain = model(X)
    active = Dropout(0.5, 0.5).start(run_of(model))
    assert torch.equal(model(X), plain)  # in training mode, but no step is taken
    with active.forward():
        model.eval()
        assert torch.equal(model(X), plain)  # a step is taken, but in eval mode
        model.train()
        assert not torch.equal(model(X), plain)
        copied = copy.deepcopy(model)
    assert torch.equal(model(X), plain)
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert torch.equal(copied.eval()(X), plain)


def test_hooks_are_gone_when_the_forward_pass_raises():
    model = net()
    active = Dropout(0.5).start(run_of(model))
    with pytest.raises(RuntimeError), active.forward():
        model(torch.zeros(5, 3))
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_the_schedule_moves_the_rate():
    model = net()
    run = run_of(model)
    active = Dropout(0.4, schedule="linear").start(run)
    strengths = []
    for run.step in (0, 5, 10):
        strengths.append(active.effect().strength)
    assert strengths == pytest.approx([0.4, 0.2, 0.0])
    with active.forward():
        assert torch.equal(model(X), active.run.model.eval()(X))


def test_convolutions_and_keyword_inputs():
    class Keyword(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 1, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(input=self.a(input=x))

    model, images = Keyword(), torch.randn(2, 1, 8, 8)
    active = Dropout(0.5).start(run_of(model))
    with active.forward():
        out = model(images)
    assert torch.equal(out, model.b(drop(model.a(images), Stream.of(0, "dropout", 1).at(0), 0.5)))


def test_it_bites_and_says_so():
    active = Dropout(0.9).start(run_of(net()))
    assert active.effect().acted is False
    with active.forward():
        active.run.model(X)
    assert active.effect().acted is True


def test_models_without_a_place_are_refused():
    with pytest.raises(UnsupportedError, match="input_p"):
        Dropout(0.2).start(run_of(nn.Linear(3, 2)))
    Dropout(0.2, input_p=0.1).start(run_of(nn.Linear(3, 2)))
    with pytest.raises(UnsupportedError, match="this model has 0"):
        Dropout(0.0, 0.1).start(Run(nn.ReLU(), torch.optim.SGD(net().parameters(), lr=0.1)))


@pytest.mark.parametrize(
    "settings",
    [{"p": 1.0}, {"p": 0.001}, {"input_p": -1}, {"shape": "pyramid"}, {"schedule": "daily"}, {"p": None}],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(InputError):
        Dropout(**settings)


def test_a_schedule_that_drops_everything_is_refused():
    with pytest.raises(InputError, match="drops everything"):
        Dropout(0.6, schedule=lambda progress: 1 + progress).start(run_of(net()))


def test_two_of_them_conflict():
    assert "same inputs" in (Dropout(0.1).conflict(Dropout(0.2)) or "")


def test_compiled_models_are_refused_as_hooks_are_not_seen_there():
    wrapped = torch.compile(net(), backend="eager")
    inner = net()
    inner.compile(backend="eager")
    for model in (wrapped, inner, nn.Sequential(inner)):
        run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1))
        with pytest.raises(UnsupportedError, match="compiled"):
            Dropout(0.5).start(run)
