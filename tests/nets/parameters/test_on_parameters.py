"""In which order decay, penalties and constraints act after a step: one, whatever the order of the list."""

from itertools import permutations

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import optim  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.nets import Grouped, MaxNorm, Orthogonal, Spectral, Trainer, WeightDecay  # noqa: E402
from regularfit.nets.parameters.on_parameters import in_order  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402
from regularfit.nets.parameters.step_metric import StepMetric  # noqa: E402
from tests.nets.trainer.problems import acting, classes, net, weights  # noqa: E402

ALL = (WeightDecay(1.0), Penalise(rf.L1(1e-2)), MaxNorm(0.1), Spectral(0.08, iterations=20))


def trained(regularisers, optimizer="adamw"):
    X, y = classes(64)
    trainer = Trainer(
        net(), list(regularisers), steps=6, batch_size=16, lr=0.05, optimizer=optimizer, schedule="constant"
    )
    return trainer.fit(X, y).model_


def test_every_order_of_the_list_gives_the_same_bits():
    orders = list(permutations(ALL))
    first = weights(trained(orders[0]))
    for order in orders[1:]:
        assert torch.equal(weights(trained(order)), first)
    assert in_order(orders[-1]) == list(ALL)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_both_constraints_hold_at_the_end(optimizer):
    model = trained(reversed(ALL), optimizer)
    for layer in (m for m in model.modules() if isinstance(m, torch.nn.Linear)):
        weight = layer.weight.detach()
        assert weight.norm(dim=1).max() <= 0.1 * (1 + 1e-5)
        assert torch.linalg.matrix_norm(weight, 2) <= 0.08 * (1 + 1e-3)  # by power iteration, from below
    assert any((p == 0).any() for p in model.parameters())  # scaling keeps the penalty's zeros


def test_a_proximal_optimizer_has_the_same_order():
    X, y = classes(64)
    found = []
    for order in (ALL, ALL[::-1]):
        model = net()
        optimizer = Proximal(optim.SGD(model.parameters(), lr=0.5), list(order), model)
        for _ in range(3):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X), y).backward()
            optimizer.step()
        found.append(weights(model))
    assert torch.equal(*found)


def test_matrices_come_after_rows_and_what_is_of_ones_own_among_penalties():
    own = acting("prox", prox=lambda: None)
    order = in_order([Orthogonal(), MaxNorm(), own, Grouped(), WeightDecay()])
    assert [type(r).__name__ for r in order][-2:] == ["MaxNorm", "Orthogonal"]
    assert isinstance(order[0], WeightDecay)


@pytest.mark.parametrize(
    "penalty", [rf.L1(1e-2), rf.ElasticNet(0.5, 1e-2), rf.L1(1e-2).nonnegative()], ids=str
)
@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
def test_all_parameters_at_once_is_one_by_one(penalty, kind, monkeypatch):
    X, y = classes(64)
    found = []
    for at_once in (True, False):
        if not at_once:
            monkeypatch.setattr(StepMetric, "together", lambda *_: None)
        model = net()
        settings = {"lr": 0.05, "weight_decay": 0.0, "betas": (0.8, 0.9), "eps": 1e-3}
        optimizer = Proximal(kind(model.parameters(), **settings), penalty, model)
        for _ in range(5):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X), y).backward()
            optimizer.step()
        found.append(weights(model))
    assert (found[0] == 0).any()
    assert torch.equal(found[0] == 0, found[1] == 0)
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-7)


def test_parameters_that_differ_are_asked_one_by_one():
    one, two = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    one.grad = two.grad = torch.ones(3)

    def together(optimizer, steps=((one, two),)):
        for moved in steps:
            for p in (one, two):
                p.grad = torch.ones(3) if any(p is m for m in moved) else None
            optimizer.step()
        one.grad = two.grad = torch.ones(3)
        groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
        return StepMetric(optimizer).together([one, two], groups)

    assert together(optim.Adam([one, two])) is not None
    assert together(optim.Adam([one, two]), [(one,), (one, two)]) is None  # another number of steps
    assert together(optim.Adam([{"params": [one]}, {"params": [two]}])) is None
    assert together(optim.Adam([one, two], amsgrad=True)) is None
    assert together(optim.SGD([one, two], lr=0.1)) is None
    assert together(optim.Adam([one, two], lr=torch.tensor(0.1))) is None
