"""The default regularisers of the kinds of input."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets import Affine, Colour, FeatureSwap, Flip, NetClassifier, PadCrop, recipe


@pytest.mark.parametrize(("side", "pad"), [(8, 1), (28, 2), (32, 2), (64, 5)])
def test_images_are_shifted_by_a_fourteenth_of_their_side(side, pad):
    assert [value for value in recipe(side=side) if isinstance(value, PadCrop)] == [PadCrop(pad, "edge")]


@pytest.mark.parametrize("side", [None, 4, 28])
def test_nothing_that_may_change_what_an_image_shows(side):
    found = recipe(side=side)
    assert not any(isinstance(value, (Flip, Affine, Colour, FeatureSwap)) for value in found)
    assert any(isinstance(value, PadCrop) for value in found) == (side == 28)


@pytest.mark.parametrize("shape", [(6, 16, 30), (6, 16, 30, 3), (6, 3, 30, 16)])
def test_the_estimator_finds_the_side_in_any_layout(shape):
    chosen = NetClassifier()._chosen_regularisers(np.zeros(shape))
    assert chosen == list(recipe(side=16))
