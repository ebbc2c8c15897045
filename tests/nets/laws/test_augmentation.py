"""Laws of dropout, mixing and augmentation: every regulariser, every example of it."""

from __future__ import annotations

import copy
import dataclasses
from importlib import import_module

import pytest
import torch
from torch import nn

from regularfit.errors import InterruptedWarning
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import PHASES, Batch, Block, Run
from regularfit.nets.trainer import Trainer
from tests.nets.trainer.problems import InterruptAt

HOMES = {
    "dropout.dropout": "Dropout",
    "dropout.spatial": "SpatialDropout",
    "dropout.gaussian": "GaussianDropout",
    "dropout.alpha": "AlphaDropout",
    "dropout.dropconnect": "DropConnect",
    "dropout.variational": "VariationalDropout",
    "dropout.stochastic_depth": "StochasticDepth",
    "terms.smoothing": "LabelSmoothing",
    "mixing.mixup": "Mixup",
    "mixing.cutmix": "CutMix",
    "mixing.manifold": "ManifoldMixup",
    "augment.tables.feature_swap": "FeatureSwap",
    "augment.tables.feature_mask": "FeatureMask RowCutout",
    "augment.tables.row_cutmix": "RowCutMix",
    "augment.images.chain": "ImageAugmentation",
    "augment.images.flip": "Flip",
    "augment.images.pad_crop": "PadCrop",
    "augment.images.affine": "Affine",
    "augment.images.erase": "Erase Cutout",
    "augment.images.colour": "Colour Noise",
    "augment.images.kornia": "Kornia",
}
KINDS = [
    getattr(import_module(f"regularfit.nets.{home}"), name)
    for home, names in HOMES.items()
    for name in names.split()
]
EXAMPLES = [example for kind in KINDS for example in kind.examples()]
IMAGES = {
    "SpatialDropout",
    "CutMix",
    "ImageAugmentation",
    "Flip",
    "PadCrop",
    "Affine",
    "Erase",
    "Cutout",
    "Colour",
}
IMAGES |= {"Noise", "Kornia"}
BY_PLACE = {
    "Mixup",
    "CutMix",
    "ManifoldMixup",
    "RowCutMix",
    "Kornia",
}  # a row's partner is a place in the batch
BLOCKS = (Block("a", 0, 2), Block("b", 2, 5, "category"))  # the sixth column is nobody's


def named(example) -> str:
    return repr(example).replace(" ", "")[:60]


class Block2(nn.Module):
    """A residual block."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(d, d), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


def problem(example, n: int = 24):
    """A model and rows of the kind that a regulariser works on."""
    g = torch.Generator().manual_seed(1)
    y = torch.randint(0, 3, (n,), generator=g)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if type(example).__name__ in IMAGES:
            X = torch.rand(n, 2, 8, 8, generator=g)
            model = nn.Sequential(
                nn.Conv2d(2, 6, 3), nn.Tanh(), nn.Conv2d(6, 6, 3), nn.Tanh(), nn.Flatten(), nn.Linear(96, 3)
            )
            return model, X, y, ()
        numbers = torch.randn(n, 2, generator=g)
        category = torch.eye(3)[torch.randint(0, 3, (n,), generator=g)]
        X = torch.cat([numbers, category, torch.randn(n, 1, generator=g)], 1)
        model = nn.Sequential(nn.Linear(6, 32), Block2(32), Block2(32), nn.Linear(32, 3))
        return model, X, y, BLOCKS


def started(example, seed: int = 0, step: int = 0):
    model, X, y, blocks = problem(example)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = Run(model, optimizer, n_classes=3, n=len(X), batch_size=len(X), steps=100, seed=seed, step=step)
    run.blocks = blocks
    active = example.start(run)
    active.data(X, y)
    return active, Batch(X, y, torch.arange(len(X)), torch.linspace(0.5, 2, len(X)))


def act(active, batch: Batch):
    """One training pass: the batch that is trained on, the outputs and the loss."""
    batch = active.inputs(active.batch(batch))
    with active.forward():
        logits = active.logits(active.run.model(batch.X), batch)
    rows = nn.functional.cross_entropy(logits, batch.y, reduction="none")
    if batch.partner is not None:
        other = nn.functional.cross_entropy(logits, batch.partner, reduction="none")
        rows = batch.share * rows + (1 - batch.share) * other
    loss = (batch.weight * rows).sum() / batch.weight.sum()
    return batch, logits.detach(), active.loss(loss, logits, batch)


def bites(example) -> bool:
    """Whether an example changes anything: rates of zero do not."""
    fields = {field.name: getattr(example, field.name) for field in dataclasses.fields(example)}
    if "p" in fields:
        return fields["p"] > 0 or fields.get("input_p", 0) > 0
    strengths = [fields[name] for name in ("eps", "pad", "brightness", "contrast") if name in fields]
    return any(strengths) or not strengths


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_the_same_seed_and_step_do_the_same(example):
    one, other = (act(*started(example, 3, 7)) for _ in range(2))
    assert torch.equal(one[0].X, other[0].X)
    assert torch.equal(one[1], other[1])
    assert torch.equal(one[2], other[2])


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_it_bites_unless_its_rate_is_zero_and_knows_it(example):
    active, batch = started(example, 1)
    plain = active.run.model(batch.X).detach()
    changed = False
    for active.run.step in range(4):
        _, logits, loss = act(active, batch)
        cross = nn.functional.cross_entropy(logits, batch.y, reduction="none")
        cross = (batch.weight * cross).sum() / batch.weight.sum()
        changed |= not torch.equal(logits, plain) or bool((loss - cross).abs() > 1e-6)
    assert changed == bites(example)
    assert active.effect().acted == bites(example)
    assert bites(example) or active.effect().strength == 0  # set to nothing: no warning


@pytest.mark.parametrize("example", [e for e in EXAMPLES if bites(e) and "Label" not in named(e)], ids=named)
def test_other_seeds_and_steps_do_something_else(example):
    drawn = [act(*started(example, *at))[1] for at in ((0, 0), (0, 1), (1, 0))]
    if type(example).__name__ == "Flip" and example.p == 1:
        assert torch.equal(drawn[0], drawn[1])  # nothing is left to chance
        return
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_rows_that_came_in_are_never_written_to(example):
    active, batch = started(example)
    before = copy.deepcopy(batch)
    act(active, batch)[2].backward()
    for field in dataclasses.fields(Batch):
        value, old = getattr(batch, field.name), getattr(before, field.name)
        assert value is old is None or torch.equal(value, old), field.name


@pytest.mark.parametrize("example", [e for e in EXAMPLES if type(e).__name__ not in BY_PLACE], ids=named)
def test_what_a_row_becomes_does_not_depend_on_the_order_of_the_batch(example):
    active, batch = started(example, 2, 5)
    order = Stream.of(9).permutation(len(batch.X))
    shuffled = Batch(*(getattr(batch, f)[order] for f in ("X", "y", "rows", "weight")))
    assert torch.equal(active.batch(shuffled).X, active.batch(batch).X[order])


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_torchs_generator_is_neither_asked_nor_moved(example):
    active, batch = started(example)
    state = torch.get_rng_state()
    act(active, batch)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_any_size_of_batch(example):
    active, batch = started(example)
    for n in (1, 2, 3, 7):
        part = Batch(batch.X[:n], batch.y[:n], batch.rows[:n], batch.weight[:n])
        seen, logits, loss = act(active, part)
        assert seen.X.shape == part.X.shape
        assert seen.X.dtype == part.X.dtype
        assert logits.shape == (n, 3)
        assert loss.isfinite()


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_values_are_frozen_equal_and_declare_phases(example):
    assert dataclasses.replace(example) == example
    assert example.phases
    assert set(example.phases) <= set(PHASES)
    assert type(example).__name__ in repr(example)
    field = dataclasses.fields(example)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(example, field, 0.3)


class Watched(nn.Module):
    """A model that notes what it is asked in eval mode."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.asked = model, []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            self.asked.append(x.clone())
        return self.model(x)


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_augmentation_leaks_to_validation_is_impossible(example):
    # research note, section 3: augmentation that reaches validation rows, dropout that is on at inference
    model, X, y, blocks = problem(example)
    watched = Watched(model)
    trainer = Trainer(watched, [example], steps=6, batch_size=5, evaluate_every="2 steps", lr=0.01)
    trainer.fit(X[:17], y[:17], validation=(X[17:], y[17:]), blocks=blocks)
    evaluations = [seen for seen in watched.asked if len(seen) == 7]  # others ask for the shape of outputs
    assert len(evaluations) == 3
    for seen in evaluations:
        assert torch.equal(seen, X[17:])
    plain = copy.deepcopy(trainer.model_).eval()
    assert torch.equal(trainer.predict(X[17:]), plain(X[17:]))


@pytest.mark.parametrize("example", [e for e in EXAMPLES if bites(e)], ids=named)
def test_a_run_that_was_cut_goes_on_to_the_same_bits(example):
    model, X, y, blocks = problem(example)

    def trainer(steps_before_cut: int | None = None) -> Trainer:
        more = [InterruptAt(steps_before_cut if steps_before_cut is not None else -1)]
        return Trainer(copy.deepcopy(model), [example, *more], steps=12, batch_size=5, lr=0.01)

    whole = trainer().fit(X, y, blocks=blocks)
    cut = trainer(5)
    with pytest.warns(InterruptedWarning):
        cut.fit(X, y, blocks=blocks)
    again = trainer().load_state_dict(cut.state_dict()).resume(X, y, blocks=blocks)
    for one, other in zip(again.model_.parameters(), whole.model_.parameters(), strict=True):
        assert torch.equal(one, other)
