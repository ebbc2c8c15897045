"""Laws of every regulariser in a Trainer: it runs, leaves no hooks, and goes on from a file to the same bits."""

import inspect
import warnings
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit import nets  # noqa: E402
from regularfit.errors import InterruptedWarning  # noqa: E402
from regularfit.nets.regulariser import Regulariser  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from regularfit.nets.trainer.checkpoint import decode, encode  # noqa: E402
from tests.nets.trainer.problems import InterruptAt, classes, net, numbers, weights  # noqa: E402


def kinds():
    found = [getattr(nets, name) for name in nets.__all__]
    return [
        kind
        for kind in found
        if inspect.isclass(kind) and issubclass(kind, Regulariser) and not inspect.isabstract(kind)
    ]


EXAMPLES = [
    pytest.param(
        example,
        id=f"{kind.__name__}-{i}",
        marks=pytest.mark.skipif(
            kind.__name__ == "Kornia" and find_spec("kornia") is None, reason="kornia is not installed"
        ),
    )
    for kind in kinds()
    for i, example in enumerate(kind.examples())
]


def of_images(regulariser):
    """Whether it wants images, or a net with convolutions and residual branches."""
    name, module = type(regulariser).__name__, type(regulariser).__module__
    return ".images" in module or name in ("CutMix", "SpatialDropout", "StochasticDepth")


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.Tanh()
        )

    def forward(self, x):
        return x + self.branch(x)


def problem(regulariser):
    """A net with norm layers and rows that suit the regulariser."""
    regression = getattr(getattr(regulariser, "watched", None), "task", None) == "regression"
    X, y = numbers(60) if regression else classes(60)
    images = of_images(regulariser)
    if images:
        X = torch.randn(60, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if images:
            layers = [
                nn.Conv2d(2, 4, 3, padding=1),
                Residual(4),
                Residual(4),
                nn.Flatten(),
                nn.Linear(144, 3),
            ]
            model = nn.Sequential(*layers)
        else:
            model = net(5, 1 if regression else 3, 8, 0, nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8))
        if isinstance(regulariser, nets.VIB):
            regulariser.insert(model)
    return (
        model,
        (X[:48], y[:48]),
        {"validation": (X[48:], y[48:]), "sample_weight": torch.linspace(1, 2, 48)},
    )


def run(regulariser, at=-1, state=None):
    model, rows, more = problem(regulariser)
    trainer = Trainer(
        model, [regulariser, InterruptAt(at)], steps=8, batch_size=16, lr=0.01, evaluate_every="2 steps"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if state is None:
            return trainer.fit(*rows, **more)
        return trainer.load_state_dict(state).resume(*rows, **more)


WHOLE = {}


def whole_run(regulariser):
    """The run that is not cut; made once, for all laws."""
    if id(regulariser) not in WHOLE:
        WHOLE[id(regulariser)] = run(regulariser)
    return WHOLE[id(regulariser)]


def hooks_of(model):
    return [
        len(getattr(module, kind))
        for module in model.modules()
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    ]


def told(trainer):
    return [
        (r.step, r.train_loss, dict(r.scores), r.regularisers[0].strength, r.regularisers[0].zeros)
        for r in trainer.history_
    ]


@pytest.mark.parametrize("regulariser", EXAMPLES)
def test_a_resumed_run_gives_the_same_bits(regulariser):
    whole = whole_run(regulariser)
    last = whole.history_[-1].step
    assert last == 8 or whole.stopped_by_ == "early stopping"
    cut = run(regulariser, at=last // 2)
    assert cut.stopped_by_ == "interrupted"
    held = {}
    state = decode(encode(cut.state_dict(), held), held)  # as a file holds it
    again = run(regulariser, state=state)
    assert torch.equal(weights(again.model_), weights(whole.model_))
    for (name, one), (_, other) in zip(
        again.model_.named_buffers(), whole.model_.named_buffers(), strict=True
    ):
        assert torch.equal(one, other), name
    assert told(again) == told(whole)


@pytest.mark.parametrize("regulariser", EXAMPLES)
def test_nothing_is_left_behind(regulariser):
    model, (X, _), _ = problem(regulariser)
    before = hooks_of(model)
    trainer = whole_run(regulariser)
    assert hooks_of(trainer.model_) == before
    assert all(p.grad is None for p in trainer.model_.parameters())
    assert torch.equal(trainer.predict(X), trainer.predict(X))
    assert not any(module.training for module in trainer.model_.modules())


@pytest.mark.parametrize("regulariser", EXAMPLES)
def test_it_tells_what_it_costs(regulariser):
    work = whole_run(regulariser).history_[-1].regularisers[0]
    assert work.name == type(regulariser).__name__
    assert 0 <= work.seconds <= whole_run(regulariser).history_[-1].seconds
    assert 0 <= work.share <= 1


def test_all_of_them_are_here():
    assert len(EXAMPLES) > 60
    assert issubclass(InterruptedWarning, UserWarning)
