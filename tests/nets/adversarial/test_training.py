"""Adversarial training in the Trainer's list."""

import dataclasses

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.adversarial.fgsm import FGSM  # noqa: E402
from regularfit.nets.adversarial.pgd import PGD  # noqa: E402
from regularfit.nets.adversarial.robust import robust_accuracy  # noqa: E402
from regularfit.nets.adversarial.trades import Trades  # noqa: E402
from regularfit.nets.adversarial.training import Adversarial  # noqa: E402
from regularfit.nets.augment.tables.feature_swap import FeatureSwap  # noqa: E402
from regularfit.nets.mixing.mixup import Mixup  # noqa: E402
from regularfit.nets.randomness import Stream  # noqa: E402
from regularfit.nets.regulariser import Batch, Block, Run  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import buffers, images, net, weights  # noqa: E402

PIXELS = Domain.images()


def train(regularisers, model=None, X=None, y=None, **settings):
    if X is None:
        X, y = images()
    model = model or net()
    settings = {"steps": 12, "batch_size": 16, "verbose": None, "lr": 1e-2} | settings
    fit = {name: settings.pop(name) for name in ("sample_weight", "blocks") if name in settings}
    return Trainer(model, regularisers, **settings).fit(X, y, **fit)


def run_of(model, **changes):
    run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1), n=64, batch_size=64)
    return dataclasses.replace(run, **changes)


def test_the_loss_is_the_mixture_that_it_says():
    X, y = images()
    model, batch = net(), Batch(X, y, torch.arange(64))
    run = run_of(model, step=3)
    attack = PGD(0.1, PIXELS, steps=2)
    active = Adversarial(attack, weight=0.3).start(run)
    same = active.inputs(batch)
    assert same is batch
    logits = model(X)
    clean = F.cross_entropy(logits, y)
    found = attack(model, X, y, stream=Stream.of(0, "attack", 0).at(3))
    expected = 0.7 * clean + 0.3 * F.cross_entropy(model(found), y)
    torch.testing.assert_close(active.loss(clean, logits, batch), expected)


def test_weight_1_trains_on_the_examples_alone():
    X, y = images()
    model, batch = net(), Batch(X, y, torch.arange(64))
    active = Adversarial(FGSM(0.1, PIXELS), weight=1.0).start(run_of(model))
    moved = active.inputs(batch)
    assert torch.equal(moved.X, FGSM(0.1, PIXELS)(model, X, y))
    loss = torch.tensor(1.0)
    assert active.loss(loss, model(X), moved) is loss


def test_sample_weights_weigh_the_examples_too():
    X, y = images()
    weight = torch.zeros(64)
    weight[:5] = 1.0
    model = net()
    batch = Batch(X, y, torch.arange(64), weight)
    run = run_of(model)
    from regularfit.nets.losses import net_loss

    run.loss = net_loss("auto", y)
    active = Adversarial(FGSM(0.1, PIXELS), weight=0.5).start(run)
    active.inputs(batch)
    found = FGSM(0.1, PIXELS)(model, X[:5], y[:5])
    expected = 0.5 * F.cross_entropy(model(X[:5]), y[:5]) + 0.5 * F.cross_entropy(model(found), y[:5])
    torch.testing.assert_close(active.loss(run.loss(model(X), batch), model(X), batch), expected)


def test_every_second_step_is_clean_without_memory():
    X, y = images()
    batch, model = Batch(X, y, torch.arange(64)), net()
    run = run_of(model)
    active = Adversarial(FGSM(0.1, PIXELS), weight=1.0, every=2).start(run)
    moved = []
    for run.step in range(4):
        moved.append(not torch.equal(active.inputs(batch).X, X))
    assert moved == [True, False, True, False]
    assert active.effect().note == "2 batches attacked"


def test_a_remembered_attack_goes_on_where_it_ended():
    """On a model that stands still, visits of one step each are the steps of PGD without a random start."""
    X, y = images()
    model, order = net(), torch.randperm(64, generator=torch.Generator().manual_seed(0))
    run = run_of(model)
    active = Adversarial(FGSM(0.2, PIXELS, step_size=0.05), weight=1.0, remember=True).start(run)
    for visit in range(3):
        for part in order.split(16):
            run.step += 1
            found = active.inputs(Batch(X[part], y[part], part)).X
            steps = PGD(0.2, PIXELS, steps=visit + 1, step_size=0.05, random_start=False)
            torch.testing.assert_close(found, steps(model, X[part], y[part]), atol=1e-6, rtol=0)


def test_between_attacks_remembered_rows_are_trained_on():
    model, batch = net(), Batch(*images(), torch.arange(64))
    run = run_of(model)
    active = Adversarial(FGSM(0.2, PIXELS), weight=1.0, every=2, remember=True).start(run)
    found = active.inputs(batch).X
    run.step = 1
    model[0].weight.data.neg_()
    torch.testing.assert_close(active.inputs(batch).X, found, atol=1e-7, rtol=0)


def test_the_statistics_of_batch_norm_are_those_of_the_first_pass():
    X, y = images()
    model, twin = net(batch_norm=True), net(batch_norm=True)
    batch = Batch(X, y, torch.arange(64))
    active = Adversarial(PGD(0.3, PIXELS), weight=0.5).start(run_of(model))
    active.inputs(batch)
    logits = model(X)
    active.loss(F.cross_entropy(logits, y), logits, batch).backward()
    twin(X)
    for name, value in buffers(twin).items():
        assert torch.equal(model.get_buffer(name), value), name


def test_it_makes_a_net_robust():
    X, y = images(256)
    scores = {}
    for name, regularisers in {
        "plain": [],
        "adversarial": [Adversarial(FGSM(0.15, PIXELS, random_start=True), weight=1.0)],
    }.items():
        model = train(regularisers, net(width=32), X, y, steps=200, batch_size=64).model_
        scores[name] = robust_accuracy(model, X, y, PGD(0.15, PIXELS, steps=20))
    assert scores["adversarial"] > scores["plain"] + 0.2


def test_the_table_of_a_run_keeps_its_categories():
    X = torch.cat([torch.randn(64, 2), F.one_hot(torch.arange(64) % 3).float()], 1)
    y = torch.arange(64) % 2
    run = run_of(net(5, 2), blocks=(Block("a", 0, 1), Block("b", 1, 2), Block("c", 2, 5, "category")))
    active = Adversarial(FGSM(0.5), weight=1.0).start(run)
    active.data(X, y)
    moved = active.inputs(Batch(X, y, torch.arange(64))).X
    assert torch.equal(moved[:, 2:], X[:, 2:])
    sd = X[:, :2].std(0, correction=0)
    torch.testing.assert_close((moved - X)[:, :2].abs(), (0.5 * sd).expand(64, 2))


@pytest.mark.parametrize("change", [lambda X: X, lambda X: 100 * X, lambda X: X.reshape(64, 1, 4, 4)])
def test_an_undeclared_unit_is_an_error(change):
    """Pixels in [0, 1] or to 255, and images: nobody can know what eps counts."""
    X, y = images()
    active = Adversarial(FGSM(0.1)).start(run_of(net()))
    with pytest.raises(InputError, match=r"what does eps count.*Domain.images\(\)"):
        active.data(change(X), y)


def test_a_z_scored_table_needs_no_declaration_and_keeps_its_binary_columns():
    X = torch.cat(
        [torch.randn(64, 3, generator=torch.Generator().manual_seed(0)), (torch.arange(64) % 2)[:, None]], 1
    )
    active = Adversarial(FGSM(0.1), weight=1.0).start(run_of(net(4, 2)))
    active.data(X, torch.arange(64) % 2)
    moved = active.inputs(Batch(X, torch.arange(64) % 2, torch.arange(64))).X
    assert torch.equal(moved[:, 3], X[:, 3])
    assert (moved[:, :3] != X[:, :3]).all()


def test_rows_outside_the_domain_are_told_before_training():
    X, y = images()
    model = net()
    before = weights(model)
    with pytest.raises(InputError, match="its domain is 0 to 1"):
        train([Adversarial(FGSM(0.1, PIXELS))], model, X - 0.5, y)
    assert torch.equal(weights(model), before)


@pytest.mark.parametrize("wrong", [{"attack": "fgsm"}, {"weight": 1.5}, {"weight": -0.1}, {"every": 0}])
def test_settings_out_of_range(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Adversarial(**wrong)


def test_conflicts_are_errors_at_construction():
    for pair in (
        [Adversarial(), Trades()],
        [Trades(), Mixup()],
        [Adversarial(), Adversarial()],
        [Mixup(), Adversarial(FGSM(0.1), remember=True)],
        [FeatureSwap(), Adversarial(FGSM(0.1), remember=True)],
    ):
        with pytest.raises(UnsupportedError, match="cannot be used together"):
            Trainer(net(), pair)
    Trainer(net(), [FeatureSwap(), Trades()])
    Trainer(net(), [Mixup(), Adversarial(FGSM(0.1, PIXELS))])  # the loss of mixed targets is attacked


def test_mixed_targets_are_attacked_as_mixed():
    trainer = train([Mixup(1.0), Adversarial(FGSM(0.1, PIXELS), weight=0.5)])
    assert trainer.history_[-1].train_loss > 0


def test_passes_are_counted():
    assert Adversarial(FGSM(0.1), weight=1.0, every=2).passes == 1.5
    assert Adversarial(PGD(0.1, steps=7, restarts=2), weight=0.5).passes == 16.0
    assert Adversarial(weight=0.0).passes == 1.0
