"""Laws of every regulariser that acts on parameters, over its examples and every known optimiser."""

import copy
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn, optim  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.nets.dropout.dropout import Dropout  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay  # noqa: E402
from regularfit.nets.parameters.grouped import Grouped  # noqa: E402
from regularfit.nets.parameters.max_norm import MaxNorm  # noqa: E402
from regularfit.nets.parameters.orthogonal import Orthogonal  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise  # noqa: E402
from regularfit.nets.parameters.proximal import Proximal  # noqa: E402
from regularfit.nets.parameters.spectral import Spectral  # noqa: E402
from regularfit.nets.regulariser import PHASES  # noqa: E402

EXAMPLES = [
    e for kind in (Penalise, Grouped, WeightDecay, MaxNorm, Spectral, Orthogonal) for e in kind.examples()
]
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, weight_decay=0, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
}
every = pytest.mark.parametrize("example", EXAMPLES, ids=repr)


def net_of(seed, dtype=torch.float32):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6), nn.Tanh(), nn.Linear(6, 3)).to(dtype)


def walk(net, optimizer, steps):
    dtype = net[0].weight.dtype
    for t in steps:
        X = torch.randn(12, 5, generator=torch.Generator().manual_seed(t)).to(dtype)
        optimizer.zero_grad()
        net(X).float().pow(2).mean().backward()
        optimizer.step()


def bits(net):
    return [p.detach().clone() for p in net.parameters()]


@every
def test_it_declares_phases_that_exist_and_is_a_value(example):
    assert example.phases
    assert set(example.phases) <= set(PHASES)
    assert example == copy.deepcopy(example)
    assert example.conflict(Dropout()) is None
    if isinstance(example.on, str) and example.kind != "constraint":
        assert example.conflict(example)  # twice on the same parameters
    assert isinstance(example.label, str)


@every
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), name=st.sampled_from(sorted(OPTIMIZERS)))
def test_no_parameter_outside_its_target_is_touched(example, seed, name):
    """One step with it and without: elsewhere every bit is the same."""
    with_it, without = net_of(seed), net_of(seed)
    optimizer = Proximal(OPTIMIZERS[name](with_it.parameters()), example, with_it)
    walk(with_it, optimizer, [seed])
    walk(without, OPTIMIZERS[name](without.parameters()), [seed])
    inside = {role.name for role in example.chosen(with_it)}
    for (place, p), q in zip(with_it.named_parameters(), without.parameters(), strict=True):
        if place not in inside:
            assert torch.equal(p, q), place


@every
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), name=st.sampled_from(sorted(OPTIMIZERS)), stop=st.integers(0, 5))
def test_a_resumed_run_has_the_same_bits(example, seed, name, stop):
    through = net_of(seed)
    whole = Proximal(OPTIMIZERS[name](through.parameters()), example, through)
    walk(through, whole, range(6))
    first = net_of(seed)
    begun = Proximal(OPTIMIZERS[name](first.parameters()), example, first)
    walk(first, begun, range(stop))
    saved = copy.deepcopy((first.state_dict(), begun.state_dict()))
    second = net_of(seed + 1)
    resumed = Proximal(OPTIMIZERS[name](second.parameters()), example, second)
    second.load_state_dict(saved[0])
    resumed.load_state_dict(saved[1])
    walk(second, resumed, range(stop, 6))
    for p, q in zip(bits(through), bits(second), strict=True):
        assert torch.equal(p, q)


@every
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_every_float_type_keeps_its_type_and_stays_finite(example, dtype):
    net = net_of(3, dtype)
    optimizer = Proximal(OPTIMIZERS["Adam"](net.parameters()), example, net)
    walk(net, optimizer, range(5))
    for p in net.parameters():
        assert p.dtype == dtype
        assert torch.isfinite(p).all()


@every
def test_it_tells_what_it_did(example):
    net = net_of(4)
    optimizer = Proximal(OPTIMIZERS["Adam"](net.parameters()), example, net)
    walk(net, optimizer, range(3))
    ((_, effect),) = optimizer.effects()
    if effect.zeros is not None:
        assert effect.zeros == sum(int((role.parameter == 0).sum()) for role in example.chosen(net))
    limits = isinstance(example, (MaxNorm, Spectral))
    assert effect.acted is True or limits
    assert optimizer.report()


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    "penalty", [rf.L1(1e6), rf.MCP(3.0, 1e6), rf.SCAD(3.7, 1e6), rf.L0(0.0, 1e9)], ids=repr
)
def test_a_huge_strength_of_a_sparse_penalty_leaves_only_zeros(penalty, name):
    net = net_of(5)
    optimizer = Proximal(OPTIMIZERS[name](net.parameters()), penalty, net)
    walk(net, optimizer, [0])
    assert optimizer.zeros == {"0.weight": 30, "3.weight": 18}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("example", Grouped.examples(), ids=repr)
def test_a_huge_strength_of_groups_leaves_only_zeros(example, name):
    net = net_of(5)
    huge = replace(example, strength=1e6)
    optimizer = Proximal(OPTIMIZERS[name](net.parameters()), huge, net)
    walk(net, optimizer, [0])
    assert optimizer.zeros == {role.name: role.parameter.numel() for role in huge.chosen(net)}
    assert "no effect" not in optimizer.report()


@pytest.mark.parametrize(
    "make", [lambda s: Penalise(rf.L2(s)), WeightDecay, lambda s: Penalise(rf.ElasticNet(0.1, s))]
)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_stronger_the_smaller(make, name):
    sizes = []
    for strength in (1e-3, 1e-1, 1e1, 1e4):
        net = net_of(6)
        walk(net, Proximal(OPTIMIZERS[name](net.parameters()), make(strength), net), range(10))
        sizes.append(sum(float(net[k].weight.detach().norm()) for k in (0, 3)))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-3 * sizes[0]


@pytest.mark.parametrize("make", [MaxNorm, Spectral])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_tighter_the_smaller(make, name):
    for limit in (1.0, 1e-1, 1e-3):
        net = net_of(7)
        optimizer = Proximal(OPTIMIZERS[name](net.parameters()), make(limit), net)
        walk(net, optimizer, range(5))
        assert max(float(net[k].weight.detach().norm(dim=1).max()) for k in (0, 3)) <= limit * 1.05
    assert optimizer.effects()[0][1].acted
