"""The nets that the estimators build, and initial weights that depend on a seed alone."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError
from regularfit.nets.architectures import TextNet, conv_net, initialise, mlp
from regularfit.nets.architectures.conv import stages

NETS = {
    "perceptron": lambda: mlp(5, (8, 4), 3, norm="batch"),
    "convolutions": lambda: conv_net(1, (8, 8), 10),
    "texts": lambda: TextNet(30, 6, (4,), 2),
}


@pytest.mark.parametrize("kind", NETS)
def test_weights_depend_on_the_seed_alone(kind):
    torch.manual_seed(1)
    one = initialise(NETS[kind](), seed=3).state_dict()
    torch.manual_seed(2)
    two = initialise(NETS[kind](), seed=3).state_dict()
    other = initialise(NETS[kind](), seed=4).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", NETS)
def test_torch_s_own_generator_is_left_alone(kind):
    net = NETS[kind]()
    before = torch.get_rng_state()
    initialise(net, seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_are_spread_as_torch_spreads_them():
    ours = initialise(nn.Linear(400, 300), seed=0).weight.detach()
    bound = 400**-0.5
    assert float(ours.abs().max()) <= bound
    # uniform: variance bound^2 / 3; 120,000 draws have a relative standard error of sqrt(0.8 / 120000) = 0.26 %
    assert float(ours.var()) == pytest.approx(bound**2 / 3, rel=5 * 0.0026)


def test_padding_says_nothing():
    net = initialise(TextNet(30, 6, (4,), 2), seed=0).eval()
    assert torch.equal(net(torch.tensor([[5, 9]])), net(torch.tensor([[5, 9, 0, 0]])))
    assert torch.isfinite(net(torch.tensor([[0, 0]]))).all()  # a text without a known word


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 64), (28, 28)])
@pytest.mark.parametrize("widths", [None, (4, 4, 4), ()])
def test_images_of_any_size(size, widths):
    assert conv_net(3, size, 2, widths=widths).eval()(torch.zeros(2, 3, *size)).shape == (2, 2)


@pytest.mark.parametrize("side", [8, 12, 16, 28, 32, 48, 64])
def test_stages_halve_images_to_a_map_of_4_to_7_pixels(side):
    net = conv_net(1, (side, side), 10)
    maps = nn.Sequential(*list(net)[:-2]).eval()(torch.zeros(1, 1, side, side))
    assert maps.shape[1] == stages((side, side))[-1]
    assert 4 <= maps.shape[2] == maps.shape[3] <= 7
    assert net.output.in_features == maps.numel()  # every place is seen, no mean over them
    assert not any(isinstance(module, nn.AdaptiveAvgPool2d) for module in net)


def test_one_stage_on_a_large_image_leaves_7_by_7():
    assert conv_net(1, (64, 40), 10, widths=(4,)).output.in_features == 4 * 7 * 7


def test_the_output_sees_where_things_are():
    net = initialise(conv_net(1, (16, 16), 2), seed=0).eval()
    images = torch.zeros(2, 1, 16, 16)
    images[0, 0, 5, 5] = images[1, 0, 9, 9] = (
        1.0  # apart by a pixel of the map: a mean over places is the same
    )
    one, other = nn.Sequential(*list(net)[:-2])(images)
    torch.testing.assert_close(one.mean((1, 2)), other.mean((1, 2)))
    assert (net(images)[0] - net(images)[1]).abs().max() > 1e-3


def test_without_stages_it_is_a_linear_model_of_the_pixels():
    assert [type(m) for m in conv_net(1, (28, 28), 2, widths=())] == [nn.Flatten, nn.Linear]


def test_no_hidden_layer_is_a_linear_model():
    assert [type(m) for m in mlp(4, (), 2)] == [nn.Linear]


def test_unknown_words_are_refused():
    with pytest.raises(InputError, match="Did you mean 'relu'"):
        mlp(4, (3,), 2, activation="rellu")
    with pytest.raises(InputError, match="mlp\\(norm\\)='group'"):
        mlp(4, (3,), 2, norm="group")
