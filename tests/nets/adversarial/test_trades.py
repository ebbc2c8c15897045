"""TRADES: the objective of the paper."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.adversarial.fgsm import FGSM  # noqa: E402
from regularfit.nets.adversarial.pgd import PGD  # noqa: E402
from regularfit.nets.adversarial.trades import Trades  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from tests.nets.adversarial.problems import images, net  # noqa: E402


def run_of(model, **changes):
    return Run(model, torch.optim.SGD(model.parameters(), lr=0.1), n=64, batch_size=64, **changes)


def test_the_objective_is_that_of_the_paper():
    X, y = images()
    model = net()
    active = Trades(6.0, PGD(0.1, Domain.images(), steps=4)).start(run_of(model))
    batch = Batch(X, y, torch.arange(64))
    assert active.inputs(batch) is batch
    logits = model(X)
    base = F.cross_entropy(logits, y)
    p = torch.distributions.Categorical(logits=logits)
    q = torch.distributions.Categorical(logits=model(active.crafted))
    expected = base + 6.0 * torch.distributions.kl_divergence(p, q).mean()
    torch.testing.assert_close(active.loss(base, logits, batch), expected)


def test_the_inner_search_makes_answers_differ_and_looks_at_no_label():
    X, y = images()
    model = net()
    active = Trades(1.0, PGD(0.1, Domain.images(), steps=8)).start(run_of(model))
    active.inputs(Batch(X, y, torch.arange(64)))
    found = active.crafted
    active.inputs(Batch(X, (y + 1) % 3, torch.arange(64)))
    assert torch.equal(found, active.crafted)
    assert ((found - X).abs() <= 0.1 + 1e-6).all()
    random = PGD(0.1, Domain.images()).around(X, Domain.images()).random(active.run.stream("other"))

    def kl(Z):
        p, q = model(X).log_softmax(1), model(Z).log_softmax(1)
        return (p.exp() * (p - q)).sum(1).mean()

    assert kl(found) > 1.5 * kl(random)


def test_a_regression_is_held_still_by_squared_distance():
    X, _ = images()
    model = net(outputs=1)
    run = run_of(model, task="regression")
    active = Trades(2.0, PGD(0.1, Domain.images(), steps=2)).start(run)
    batch = Batch(X, torch.zeros(64), torch.arange(64))
    active.inputs(batch)
    logits = model(X)
    expected = 1.0 + 2.0 * 0.5 * (logits - model(active.crafted)).square().mean()
    torch.testing.assert_close(active.loss(torch.tensor(1.0), logits, batch), expected)


def test_an_attack_that_starts_at_the_row_is_refused():
    for attack in (FGSM(0.1), PGD(0.1, random_start=False)):
        with pytest.raises(InputError, match="random_start=True"):
            Trades(1.0, attack)


@pytest.mark.parametrize("wrong", [{"beta": -1.0}, {"beta": float("inf")}, {"attack": None}])
def test_settings_out_of_range(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Trades(**wrong)
