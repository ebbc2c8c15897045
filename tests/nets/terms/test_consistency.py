"""R-Drop and the confidence penalty."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.dropout.dropout import Dropout  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from regularfit.nets.terms.consistency import ConfidencePenalty, RDrop  # noqa: E402
from regularfit.nets.terms.second_pass import again  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import buffers, images, net, weights  # noqa: E402


def run_of(model, **changes):
    return Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **changes)


def test_the_second_pass_has_masks_of_its_own_and_the_first_keeps_its_own():
    X, _ = images()
    model = net().train()
    run = run_of(model)
    dropout = Dropout(0.5).start(run)
    with dropout.forward():
        alone = model(X)
    with dropout.forward():
        first, second = model(X), again(run, X)
    assert torch.equal(first, alone)
    assert not torch.equal(first, second)
    assert run.draw == 0


def test_streams_of_another_draw_differ_and_that_of_the_first_does_not():
    run = run_of(net())
    plain = run.stream("noise").uniform(5)
    run.draw = 1
    assert not torch.equal(run.stream("noise").uniform(5), plain)
    run.draw = 0
    assert torch.equal(run.stream("noise").uniform(5), plain)


def test_the_loss_is_the_mean_of_both_and_the_symmetric_divergence():
    X, y = images()
    model = net()
    run = run_of(model)
    dropout, active = Dropout(0.5).start(run), RDrop(0.7).start(run)
    batch = Batch(X, y, torch.arange(64))
    with dropout.forward():
        one = model(X)
        found = active.loss(F.cross_entropy(one, y), one, batch)
    with dropout.forward():
        model(X)
        other = again(run, X)
    p, q = (torch.distributions.Categorical(logits=z) for z in (one, other))
    apart = (torch.distributions.kl_divergence(p, q) + torch.distributions.kl_divergence(q, p)).mean() / 2
    expected = 0.5 * (F.cross_entropy(one, y) + F.cross_entropy(other, y)) + 0.7 * apart
    torch.testing.assert_close(found, expected)


def test_batch_norm_counts_a_step_once():
    X, y = images()
    model, twin = net(batch_norm=True), net(batch_norm=True)
    one = model(X)
    RDrop(1.0).start(run_of(model)).loss(F.cross_entropy(one, y), one, Batch(X, y, torch.arange(64)))
    twin(X)
    for name, value in buffers(twin).items():
        assert torch.equal(model.get_buffer(name), value)


def test_without_noise_it_says_that_it_did_nothing():
    X, y = images()
    with pytest.warns(UserWarning, match="RDrop"):
        Trainer(net(), [RDrop()], steps=3, batch_size=16, verbose=None).fit(X, y)


def test_it_brings_the_two_answers_together():
    X, y = images()

    def apart(regularisers):
        model = net(width=32)
        Trainer(model, regularisers, steps=80, batch_size=32, lr=1e-2, verbose=None).fit(X, y)
        run = run_of(model.train())
        with Dropout(0.5).start(run).forward():
            p, q = (torch.distributions.Categorical(logits=z.detach()) for z in (model(X), again(run, X)))
        return float(torch.distributions.kl_divergence(p, q).mean())

    assert apart([Dropout(0.5), RDrop(3.0)]) < 0.5 * apart([Dropout(0.5)])


def test_the_confidence_penalty_is_the_entropy():
    X, y = images()
    model = net()
    logits = model(X)
    weight = torch.rand(64, generator=torch.Generator().manual_seed(0))
    entropy = torch.distributions.Categorical(logits=logits).entropy()
    for w, mean in ((None, entropy.mean()), (weight, (weight * entropy).sum() / weight.sum())):
        batch = Batch(X, y, torch.arange(64), w)
        found = ConfidencePenalty(0.3).start(run_of(model)).loss(torch.tensor(2.0), logits, batch)
        torch.testing.assert_close(found, 2.0 - 0.3 * mean)


def test_doubt_grows_with_the_penalty():
    X, y = images()

    def entropy(regularisers):
        trainer = Trainer(net(), regularisers, steps=200, batch_size=32, lr=1e-2, verbose=None).fit(X, y)
        return float(torch.distributions.Categorical(logits=trainer.predict(X)).entropy().mean())

    assert entropy([ConfidencePenalty(2.0)]) > entropy([]) + 0.3


def test_a_regression_has_no_confidence():
    with pytest.raises(UnsupportedError, match="regression"):
        ConfidencePenalty().start(run_of(net(), task="regression"))


def test_a_regression_has_consistency():
    X, _ = images()
    model = net(outputs=1)
    Trainer(model, [Dropout(0.3), RDrop(1.0)], steps=4, batch_size=16, verbose=None).fit(X, X.sum(1))
    assert weights(model).isfinite().all()


@pytest.mark.parametrize("kind", [RDrop, ConfidencePenalty])
@pytest.mark.parametrize("wrong", [-1.0, float("nan"), True, "1"])
def test_settings_out_of_range(kind, wrong):
    with pytest.raises(InputError, match="weight"):
        kind(wrong)
