"""Images and texts as inputs of a net."""

import numpy as np
import pytest
import torch

from regularfit.errors import InputError
from regularfit.nets.encoding import ImageEncoding, TextEncoding, learn_encoding

BYTES = np.random.default_rng(0).integers(0, 256, size=(6, 9, 7, 3), dtype=np.uint8)


def test_channels_come_first_and_are_standardised():
    inputs = ImageEncoding.learn(BYTES).encode(BYTES)
    assert inputs.shape == (6, 3, 9, 7)
    torch.testing.assert_close(inputs.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(inputs.var(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)


def test_pixels_come_back():
    encoding = ImageEncoding.learn(BYTES)
    raw = encoding.pixels.raw(encoding.encode(BYTES))
    torch.testing.assert_close(raw, torch.from_numpy(BYTES.transpose(0, 3, 1, 2)) / 255, atol=1e-6, rtol=0)


def test_layouts_agree():
    last = ImageEncoding.learn(BYTES)
    first = ImageEncoding.learn(BYTES.transpose(0, 3, 1, 2))
    assert not first.last
    torch.testing.assert_close(first.encode(BYTES.transpose(0, 3, 1, 2)), last.encode(BYTES))
    grey = ImageEncoding.learn(BYTES[..., 0])
    torch.testing.assert_close(grey.encode(BYTES[..., 0])[:, 0], last.encode(BYTES)[:, 0])


def test_a_constant_channel_is_zero():
    assert ImageEncoding.learn(np.ones((3, 4, 4))).encode(np.ones((3, 4, 4))).abs().max() == 0


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (BYTES[:, :5], "was fitted on\\s+\\(3, 9, 7\\)"),
        (BYTES / 255.0, "off by a factor of 255"),
        (np.full((2, 9, 7, 3), np.nan), "NaN or infinity"),
        (np.zeros((2, 3)), "Images come as numbers"),
    ],
)
def test_images_that_cannot_be_used(images, said):
    with pytest.raises(InputError, match=said):
        ImageEncoding.learn(BYTES).encode(images)


def test_words_are_numbered_by_frequency():
    encoding = TextEncoding.learn(["the cat saw the dog", "The dog ran!"], least=2)
    assert encoding.words == ("the", "dog")
    assert encoding.encode(["the bird", "dog", ""]).tolist() == [[2, 1], [3, 0], [0, 0]]


def test_words_that_occur_once_are_known():
    encoding = TextEncoding.learn(["the cat", "the dog"])
    assert encoding.words == ("the", "cat", "dog")


def test_only_strings_are_texts():
    with pytest.raises(InputError, match="holds NoneType"):
        TextEncoding.learn(["a", None])
    with pytest.raises(InputError, match="no text"):
        learn_encoding([], "texts")


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="Did you mean 'images'"):
        learn_encoding(BYTES, "image")
