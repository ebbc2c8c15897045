"""Manifold mixup: pairs drawn with the batch, mixed in one hidden layer."""

import pytest
import torch
from torch import nn

from regularfit.errors import UnsupportedError
from regularfit.nets.mixing.manifold import ManifoldMixup
from regularfit.nets.mixing.pairs import mix_rows
from regularfit.nets.regulariser import Batch, Run

X = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
BATCH = Batch(X, torch.arange(7) % 3, torch.arange(7))


def started(model: nn.Module | None = None, **settings):
    torch.manual_seed(0)
    model = model or nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings)
    return model, ManifoldMixup(1.0).start(run)


def test_one_hidden_layer_is_mixed_and_targets_with_it():
    model, active = started()
    places = set()
    for active.run.step in range(12):
        batch = active.batch(BATCH)
        assert torch.equal(batch.X, X)
        with active.forward():
            out = model(batch.X)
        place = active.place
        places.add(place)
        hidden = model[:2](X) if place == 1 else model[:4](X)
        mixed = mix_rows(hidden, active.pairs[0], batch.share)
        torch.testing.assert_close(out, (model[2:] if place == 1 else model[4:])(mixed))
        assert torch.equal(batch.partner, BATCH.y[active.pairs[0]])
    assert places == {1, 2}
    assert active.effect().acted


def test_a_second_pass_mixes_the_same_and_evaluation_nothing():
    model, active = started()
    plain = model(X)
    batch = active.batch(BATCH)
    with active.forward():
        first = model(batch.X)
    with active.forward():
        second = model(batch.X)
    assert torch.equal(first, second)
    assert not torch.equal(first, plain)
    assert torch.equal(model(X), plain)
    with active.forward():
        assert torch.equal(model.eval()(X), plain)


def test_a_linear_model_mixes_its_input_as_text_does():
    model, active = started(nn.Sequential(nn.EmbeddingBag(10, 4), nn.Linear(4, 2)))
    tokens = torch.randint(0, 10, (7, 5), generator=torch.Generator().manual_seed(0))
    batch = active.batch(Batch(tokens, BATCH.y, BATCH.rows))
    with active.forward():
        out = model(batch.X)
    torch.testing.assert_close(out, model[1](mix_rows(model[0](tokens), active.pairs[0], batch.share)))


def test_a_batch_of_one_and_images():
    model, active = started(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3)))
    image = torch.randn(1, 1, 6, 6)
    batch = active.batch(Batch(image, torch.tensor([0]), torch.tensor([4])))
    with active.forward():
        torch.testing.assert_close(model(batch.X), model(image))


def test_models_that_cannot_be_mixed_are_refused():
    with pytest.raises(UnsupportedError, match="use Mixup"):
        started(nn.Embedding(3, 2))
    model, active = started(
        nn.Sequential(nn.Linear(4, 4), nn.Unflatten(1, (2, 2)), nn.Flatten(0, 1), nn.Linear(2, 2))
    )
    batch = active.batch(BATCH)
    with pytest.raises(UnsupportedError, match="sees 14 of them"), active.forward():
        model(batch.X)
