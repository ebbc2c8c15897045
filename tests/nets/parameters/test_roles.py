"""Roles follow from the type of the module, whatever parameters are called and however many axes they have."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.nn.utils import parametrizations, parametrize, prune  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.roles import assign_role, roles  # noqa: E402


def told(model):
    return {name: role.role for name, role in roles(model).items()}


def test_every_layer_of_torch_with_parameters():
    layers = {
        "linear": nn.Linear(2, 3),
        "bilinear": nn.Bilinear(2, 2, 3),
        "conv1": nn.Conv1d(2, 3, 1),
        "conv2": nn.Conv2d(2, 3, 1),
        "up": nn.ConvTranspose2d(2, 3, 1),
        "bn": nn.BatchNorm2d(3),
        "inst": nn.InstanceNorm2d(3, affine=True),
        "ln": nn.LayerNorm((3, 4, 5)),  # three axes, and still a norm
        "gn": nn.GroupNorm(1, 3),
        "rms": nn.RMSNorm(3),
        "prelu": nn.PReLU(),
        "table": nn.Embedding(5, 3),  # two axes, and no weight
        "bag": nn.EmbeddingBag(5, 3),
        "lstm": nn.LSTM(2, 3, proj_size=2),
        "cell": nn.GRUCell(2, 3),
        "attention": nn.MultiheadAttention(4, 2, add_bias_kv=True),
        "cross": nn.MultiheadAttention(4, 2, kdim=3, vdim=5),
        "encoder": nn.TransformerEncoderLayer(4, 2, 8),
    }
    found = told(nn.ModuleDict(layers))
    assert "other" not in found.values()
    for name, role in found.items():
        layer, _, last = name.partition(".")
        if layer in ("bn", "inst", "ln", "gn", "rms", "prelu") or ".norm" in name:
            assert role == "norm", name
        elif layer in ("table", "bag"):
            assert role == "embedding", name
        elif "bias" in last:
            assert role == "bias", name
        else:
            assert role == "weight", name
    assert found["attention.in_proj_weight"] == found["cross.q_proj_weight"] == "weight"


def test_names_and_axes_mislead_nobody():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Linear(2, 3)  # a module called bias
            self.norm = nn.Conv1d(2, 3, 1)

    found = told(Odd())
    assert found["bias.weight"] == found["norm.weight"] == "weight"


def test_tied_parameters_come_once_and_exclusion_wins():
    class Tied(nn.Module):
        def __init__(self, head_first):
            super().__init__()
            head, table = nn.Linear(4, 7, bias=False), nn.Embedding(7, 4)
            head.weight = table.weight
            for name, module in [("head", head), ("table", table)][:: 1 if head_first else -1]:
                self.add_module(name, module)

    for head_first in (True, False):
        found = list(roles(Tied(head_first)).values())
        assert [role.role for role in found] == ["embedding"]
        assert {found[0].name, *found[0].also} == {"head.weight", "table.weight"}
    twice = nn.Sequential(layer := nn.Linear(2, 2), nn.ReLU(), layer)
    assert told(twice) == {"0.weight": "weight", "0.bias": "bias"}


@pytest.mark.parametrize("nested", [False, True])
def test_parametrised_weights_are_weights(nested):
    layer = parametrizations.spectral_norm(nn.Linear(3, 3))
    model, prefix = (nn.Sequential(layer), "0.") if nested else (layer, "")
    found = roles(model)
    role = found[f"{prefix}parametrizations.weight.original"]
    assert (role.role, role.layer, role.parametrised) == ("weight", layer, "SpectralNorm")
    assert found[f"{prefix}bias"].role == "bias"


def test_lengths_of_weight_norm_are_no_weights():
    found = told(nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 3))))
    assert found == {
        "0.bias": "bias",
        "0.parametrizations.weight.original0": "norm",
        "0.parametrizations.weight.original1": "weight",
    }


def test_pruned_weights_are_weights():
    layer = nn.Linear(3, 3)
    prune.l1_unstructured(layer, "weight", amount=2)
    assert told(layer) == {"bias": "bias", "weight_orig": "weight"}


def test_a_parametrised_norm_stays_a_norm():
    class Twice(nn.Module):
        def forward(self, x):
            return 2 * x

    layer = nn.LayerNorm(3)
    parametrize.register_parametrization(layer, "weight", Twice())
    assert told(layer)["parametrizations.weight.original"] == "norm"


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(3))


class ToldScale(Scale):
    regularfit_roles = {"gamma": "norm"}  # noqa: RUF012 - as a user writes it


def test_parameters_of_ones_own_are_other_until_somebody_says():
    model = nn.Sequential(Scale(), ToldScale(), nn.ParameterList([torch.ones(2)]))
    assert told(model) == {"0.gamma": "other", "1.gamma": "norm", "2.0": "other"}
    assert assign_role(model, "0.*", "weight") == ["0.gamma"]
    assert told(model)["0.gamma"] == "weight"
    assert told(copy.deepcopy(model))["0.gamma"] == "weight"
    assert told(nn.Sequential(Scale()))["0.gamma"] == "other"  # said of one module, not of its class
    with pytest.raises(InputError, match="no parameter is called"):
        assign_role(model, "gama", "norm")
    with pytest.raises(InputError, match="role"):
        assign_role(model, "0.gamma", "other")


def test_a_role_that_does_not_exist_is_refused():
    class Wrong(Scale):
        regularfit_roles = {"gamma": "gain"}  # noqa: RUF012

    with pytest.raises(InputError, match=r"Wrong\.regularfit_roles: the role of gamma"):
        roles(Wrong())


def test_a_lazy_layer_wants_a_batch_first():
    model = nn.Sequential(nn.LazyLinear(3))
    with pytest.raises(InputError, match="pass one batch"):
        roles(model)
    model(torch.ones(1, 2))
    assert told(model) == {"0.weight": "weight", "0.bias": "bias"}


def test_axes():
    model = nn.ModuleDict(
        {
            "l": nn.Linear(2, 3),
            "c": nn.Conv2d(2, 3, 1),
            "t": nn.ConvTranspose2d(2, 3, 1),
            "e": nn.Embedding(2, 3),
        }
    )
    for name, role in roles(model).items():
        if name.endswith("weight"):
            assert (role.shape[role.input_axis], role.shape[role.neuron_axis]) == (2, 3), name
