"""What a target means for a model, and what names nothing."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.parameters.targets import Target, chosen, inputs, weights  # noqa: E402


@pytest.fixture
def net():
    return nn.ModuleDict(
        {
            "table": nn.Embedding(4, 2),
            "conv": nn.Sequential(nn.Conv1d(2, 3, 1), nn.BatchNorm1d(3)),
            "head": nn.Linear(3, 1),
        }
    )


@pytest.mark.parametrize(
    ("on", "names"),
    [
        ("weights", ["conv.0.weight", "head.weight"]),
        (weights(), ["conv.0.weight", "head.weight"]),
        ("inputs", ["conv.0.weight"]),
        (inputs(), ["conv.0.weight"]),
        ("biases", ["conv.0.bias", "head.bias"]),
        ("norms", ["conv.1.weight", "conv.1.bias"]),
        ("embeddings", ["table.weight"]),
        ("conv.*", ["conv.0.weight"]),  # neither its bias nor its norm
        ("*.bias", ["conv.0.bias", "conv.1.bias", "head.bias"]),
        ("table.*", ["table.weight"]),
        (["head.*", "embeddings"], ["table.weight", "head.weight"]),
        (Target("norm"), ["conv.1.weight", "conv.1.bias"]),
        (lambda role: role.shape == (1,), ["head.bias"]),
    ],
)
def test_what_targets_mean(net, on, names):
    assert [role.name for role in chosen(net, on)] == names


def test_parameters_themselves(net):
    assert [role.name for role in chosen(net, [net["head"].bias])] == ["head.bias"]
    assert [role.name for role in chosen(net, list(net["conv"].parameters()))] == [
        "conv.0.weight", "conv.0.bias", "conv.1.weight", "conv.1.bias",
    ]  # fmt: skip
    with pytest.raises(InputError, match="1 of the given tensors are no parameters of this model"):
        chosen(net, [nn.Parameter(torch.ones(2))])


@pytest.mark.parametrize("on", ["", [], None, 3, nn.Linear, nn.Linear(1, 1), [1]])
def test_what_cannot_be_a_target(net, on):
    with pytest.raises(InputError, match="names no parameters"):
        chosen(net, on)


def test_a_pattern_that_matches_nothing_is_an_error_with_a_hint(net):
    with pytest.raises(
        InputError, match=r"'conw.0.weight' matches no parameter. Did you mean 'conv.0.weight'"
    ):
        chosen(net, "conw.0.weight")
    with pytest.raises(InputError, match="Did you mean 'weights'"):
        chosen(net, "weight")
    with pytest.raises(InputError, match="matches no parameter of the model"):
        chosen(net, lambda role: False)
    with pytest.raises(InputError, match="roles it has: weight"):
        chosen(nn.Linear(1, 1, bias=False), "biases")
