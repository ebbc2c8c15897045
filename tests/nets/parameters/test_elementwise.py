"""The torch steps of separable penalties against the numpy penalties themselves, and against a fine grid."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.parameters.elementwise import elementwise  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise, as_regulariser  # noqa: E402
from regularfit.nets.parameters.roles import roles  # noqa: E402
from regularfit.penalties import Scaled  # noqa: E402

FACTORS = [1.0, 0.5, 2.0, 0.0, np.inf]
PENALTIES = [
    rf.L1(0.7),
    rf.L2(0.7),
    rf.ElasticNet(0.3, 0.7),
    rf.L1(0.5).nonnegative(),
    rf.L1(0.2).bounded([-1.0, 0.0, -np.inf, 0.0, -0.1], [1.0, 0.5, np.inf, 0.0, 0.0]),
    rf.L1().weighted(FACTORS) + rf.L2(0.1),
    rf.L1().on([0, 3]),
    rf.MCP(3.0, 0.5),
    rf.MCP(1.2, 0.5),
    rf.SCAD(3.7, 0.5),
    rf.SCAD(2.1, 0.5).bounded(-1.0, 2.0),
    rf.MCP(2.0, 0.5).weighted(FACTORS),
    rf.MCP(2.0).bounded(-0.5, 0.6),
    Scaled(rf.MCP(2.0, 0.5), 0.3),
    rf.L0(0.0, 0.5),
    rf.L0(0.4, 0.5),
]


def role(shape=(3, 5)):
    return roles(nn.Linear(shape[1], shape[0], bias=False).double())["weight"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), step=st.floats(1e-3, 20.0))
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_with_one_step_for_all_it_is_the_penalty_itself(penalty, seed, step):
    z = 2.0 * np.random.default_rng(seed).normal(size=(3, 5))
    truth = np.stack([penalty.prox(row, step) for row in z])
    form = elementwise(penalty, role())
    for given_step in (step, torch.full((3, 5), step, dtype=torch.float64)):
        np.testing.assert_allclose(
            form.prox(torch.as_tensor(z), given_step).numpy(), truth, rtol=1e-12, atol=1e-14
        )


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_with_a_step_for_each_weight_it_is_the_best_on_a_fine_grid(penalty):
    rng = np.random.default_rng(1)
    z, d = 1.5 * rng.normal(size=(3, 5)), 10 ** rng.uniform(-1.5, 1.0, size=(3, 5))
    got = elementwise(penalty, role()).prox(torch.as_tensor(z), torch.as_tensor(d)).numpy()
    grid = np.linspace(-6, 6, 4801)
    for i in range(3):
        for j in range(5):

            def cost(w, i=i, j=j):
                whole = np.zeros(5)
                whole[j] = w
                return (w - z[i, j]) ** 2 / (2 * d[i, j]) + penalty.value(whole)

            assert (
                cost(got[i, j])
                <= min(cost(w) for w in [*grid[::40], *grid[np.abs(grid - got[i, j]) < 0.02], 0.0]) + 1e-12
            )


@pytest.mark.parametrize(
    ("penalty", "advice"),
    [
        (rf.Group([0, 0, 1]), r"Grouped\(strength, by=labels\)"),
        (rf.SparseGroup([0, 0, 1]), r"Grouped\(strength, by=labels\)"),
        (rf.GroupMCP([0, 0, 1]), "GroupMCP is no sum over single weights"),
        (rf.Fused(), "Fused is no sum over single weights"),
        (rf.SLOPE(), "SLOPE is no sum over single weights"),
        (rf.Adaptive(), "pilot fit"),
        (2.0 * rf.Fused(), "Fused is no sum over single weights"),
    ],
    ids=repr,
)
def test_what_is_no_sum_over_weights_is_refused_by_name(penalty, advice):
    with pytest.raises(UnsupportedError, match=advice):
        Penalise(penalty)


def test_factors_belong_to_the_inputs_of_the_layer():
    with pytest.raises(InputError, match="used on 4 columns"):
        elementwise(rf.L1().weighted([1.0, 2.0]), role((2, 4)))
    kernel = roles(nn.Conv2d(2, 3, 2, bias=False))["weight"]
    out = elementwise(rf.L1().weighted([0.0, np.inf]), kernel).prox(torch.ones(3, 2, 2, 2), 0.1)
    assert (out[:, 0] == 1).all()
    assert not out[:, 1].any()
    table = roles(nn.Embedding(2, 3))["weight"]
    out = elementwise(rf.L1().weighted([0.0, np.inf]), table).prox(torch.ones(2, 3), 0.1)
    assert (out[0] == 1).all()
    assert not out[1].any()


def test_bare_penalties_and_other_things():
    assert as_regulariser(rf.L1(0.1)) == Penalise(rf.L1(0.1))
    assert as_regulariser(Penalise(rf.L1(0.1))) == Penalise(rf.L1(0.1))
    for wrong in (0.1, "l1", None, rf.L1):
        with pytest.raises(InputError, match="neither a penalty nor a regulariser"):
            as_regulariser(wrong)
    with pytest.raises(InputError, match="give a penalty"):
        Penalise(0.1)


@pytest.mark.parametrize(
    ("penalty", "shrinks"),
    [
        (rf.L1(), False),
        (rf.ElasticNet(0.5), True),
        (rf.L0(), False),
        (rf.L0(0.1), True),
        (rf.L1().weighted(FACTORS), False),
        (rf.L2().weighted(FACTORS), True),
    ],
    ids=repr,
)
def test_whether_there_is_a_square_in_it(penalty, shrinks):
    assert Penalise(penalty).shrinks is shrinks
