"""Input noise: in each column's own units, on numbers only, and ridge regression for a linear model."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.augment.input_noise import InputNoise  # noqa: E402
from regularfit.nets.regulariser import Batch, Block, Run  # noqa: E402


def started(settings, X, blocks=(), **changes):
    model = nn.Linear(X.shape[1], 1)
    run = Run(model, torch.optim.SGD(model.parameters()), blocks=blocks, steps=100, **changes)
    active = settings.start(run)
    given, _ = active.data(X, torch.zeros(len(X)))
    assert given is X
    return active, run


def batch_of(X):
    return Batch(X, torch.zeros(len(X)), rows=torch.arange(len(X)))


def test_the_noise_is_in_units_of_each_columns_own_spread():
    X = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 100.0, 0.0])
    active, _ = started(InputNoise(0.2), X)
    off = active.batch(batch_of(X)).X - X
    for column, spread in ((0, X[:, 0].std()), (1, X[:, 1].std())):
        assert off[:, column].std().item() == pytest.approx(0.2 * spread.item(), rel=4 / np.sqrt(8000))
    assert (off[:, 2] == 0).all()


def test_categories_are_never_disturbed():
    X = torch.rand(50, 5)
    blocks = (Block("age", 0, 1), Block("town", 1, 4, "category"), Block("income", 4, 5))
    active, _ = started(InputNoise(0.5), X, blocks)
    off = active.batch(batch_of(X)).X != X
    assert off[:, [0, 4]].all()
    assert not off[:, 1:4].any()


def test_a_table_of_categories_alone_is_told_to_have_no_effect():
    X = torch.rand(50, 2)
    active, _ = started(InputNoise(0.5), X, (Block("town", 0, 2, "category"),))
    assert torch.equal(active.batch(batch_of(X)).X, X)
    assert active.effect().acted is False


def test_images_are_disturbed_in_units_of_their_channel():
    X = torch.randn(50, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 10.0]).view(
        1, 2, 1, 1
    )
    active, _ = started(InputNoise(0.1), X)
    off = active.batch(batch_of(X)).X - X
    assert (off[:, 1].std() / off[:, 0].std()).item() == pytest.approx(10, rel=0.1)


def test_training_a_linear_model_with_it_is_ridge_regression():
    # the expected squared loss under noise of variance s^2 is the loss plus s^2 |w|^2 (in units of each column)
    rng = np.random.default_rng(0)
    X = torch.tensor(rng.normal(size=(60, 4)), dtype=torch.float32)
    y = X @ torch.tensor([1.0, -2.0, 0.5, 0.0]) + torch.tensor(rng.normal(size=60), dtype=torch.float32)
    active, run = started(InputNoise(0.7), X)
    w, loss = torch.tensor([0.3, -0.2, 1.0, 0.4]), 0.0
    for step in range(1500):
        run.step = step
        loss += ((active.batch(batch_of(X)).X @ w - y) ** 2).mean().item() / 1500
    spread = X.var(0, correction=0)
    wanted = ((X @ w - y) ** 2).mean() + 0.7**2 * (spread * w**2).sum()
    assert loss == pytest.approx(wanted.item(), rel=0.02)


def test_the_schedule_and_the_numbers_are_those_of_the_step():
    X = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    active, run = started(InputNoise(0.5, "linear"), X, seed=4)
    run.step = 50
    half = active.batch(batch_of(X)).X - X
    assert active.effect().strength == pytest.approx(0.25)
    expected = run.stream("input noise").normal(20, 2) * 0.25 * X.std(0, correction=0)
    torch.testing.assert_close(half, expected)
    run.step = 100
    assert torch.equal(active.batch(batch_of(X)).X, X)


def test_what_cannot_be_disturbed_is_refused():
    with pytest.raises(InputError, match="int64, such as tokens"):
        started(InputNoise(), torch.zeros(3, 2, dtype=torch.int64))
    model = nn.Linear(1, 1)
    active = InputNoise().start(Run(model, torch.optim.SGD(model.parameters())))
    with pytest.raises(InputError, match="call data"):
        active.batch(batch_of(torch.zeros(2, 1)))
    for bad in ({"scale": "0"}, {"scale": -0.1}, {"schedule": "never"}):
        with pytest.raises(InputError):
            InputNoise(**bad)
