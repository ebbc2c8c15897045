"""The audit's table, its notes, and what it refuses."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations  # noqa: E402

import regularfit as rf  # noqa: E402
from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.audit import Audited, audit  # noqa: E402
from regularfit.nets.parameters.decay import WeightDecay  # noqa: E402
from regularfit.nets.parameters.grouped import Grouped  # noqa: E402
from regularfit.nets.parameters.penalise import Penalise  # noqa: E402
from regularfit.nets.parameters.roles import assign_role  # noqa: E402
from regularfit.nets.regulariser import Regulariser  # noqa: E402


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma, self.head = nn.Parameter(torch.zeros(3)), nn.Linear(3, 1)


def test_the_rows():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1, bias=False))
    net[0].requires_grad_(False)
    found = audit(net, [WeightDecay(0.1), Grouped(0.01, by="neurons")])
    assert found.rows == (
        Audited("0.weight", "weight", (2, 3), ("WeightDecay(0.1)", "Grouped(0.01, by=neurons)"), (), False),
        Audited("0.bias", "bias", (2,), (), (), False),
        Audited("1.weight", "weight", (1, 2), ("WeightDecay(0.1)", "Grouped(0.01, by=neurons)")),
    )
    assert "0.bias     bias    2      - (frozen)" in str(found)
    assert not found.notes


def test_tied_parameters_are_one_row_with_both_names():
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    net[1].weight = net[0].weight
    assert "0.weight (= 1.weight)" in str(audit(net))
    assert len(audit(net).rows) == 1


def test_without_regularisers_nothing_is_demanded():
    assert [row.role for row in audit(Own())] == ["other", "weight", "bias"]


def test_a_weight_under_no_regulariser():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    with pytest.raises(
        InputError, match=r"1\.weight is a weight under no regulariser.*free=\('bias', .*'weight'\)"
    ):
        audit(net, [Penalise(rf.L1(), on="inputs")])
    audit(net, [Penalise(rf.L1(), on="inputs")], free=("bias", "weight"))
    net[1].requires_grad_(False)
    audit(net, [Penalise(rf.L1(), on="inputs")])


def test_a_parameter_that_nobody_has_told_about():
    with pytest.raises(InputError, match=r'gamma belongs to a Own.*assign_role\(model, "gamma", "norm"\)'):
        audit(Own(), [WeightDecay()])
    audit(Own(), [WeightDecay(), Penalise(rf.L1(), on="gamma")])  # chosen by name: told
    net = Own()
    assign_role(net, "gamma", "norm")
    audit(net, [WeightDecay()])


def test_two_decays_and_two_penalties():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    with pytest.raises(
        InputError, match=r"0\.weight is under both WeightDecay\(0.1\) and WeightDecay\(0.2\)"
    ):
        audit(net, [WeightDecay(0.1), WeightDecay(0.2, on="0.*")])
    with pytest.raises(InputError, match="under both L1"):
        audit(net, [rf.L1(), Grouped()])
    audit(net, [WeightDecay(0.1, on="0.*"), WeightDecay(0.2, on="1.*")])


@pytest.mark.parametrize("parametrise", [False, True])
def test_a_decayed_weight_before_batch_norm_is_noted(parametrise):
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2))
    if parametrise:
        parametrizations.spectral_norm(net[0])
    (note,) = audit(net, [WeightDecay()]).notes
    assert note.startswith("0.")
    assert "followed by BatchNorm2d" in note
    assert "effective learning rate" in note
    (note,) = audit(net, [rf.L1()], free=("bias", "norm")).notes
    assert "does not restrain what the net computes" in note
    assert not audit(nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), [WeightDecay()]).notes
    assert not audit(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4)), [WeightDecay()]).notes


def test_regularisers_that_do_not_act_on_parameters_are_passed_over():
    class Noise(Regulariser):
        def start(self, run):
            raise AssertionError

    assert audit(nn.Linear(1, 1), [Noise()]).rows[0].penalties == ()
    with pytest.raises(InputError, match="free"):
        audit(nn.Linear(1, 1), free=("weights",))
