"""Transforms of images: what each does, exactly."""

import math

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.augment.images.affine import Affine, matrices, warp
from regularfit.nets.augment.images.chain import ImageAugmentation
from regularfit.nets.augment.images.colour import Colour, Noise
from regularfit.nets.augment.images.erase import Cutout, Erase, rectangles
from regularfit.nets.augment.images.flip import Flip
from regularfit.nets.augment.images.kornia import Kornia
from regularfit.nets.augment.images.pad_crop import PadCrop
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Batch, Pixels, Run


def draw(n: int, seed: int = 0) -> Stream:
    return Stream.of(seed, "augment").each(torch.arange(n))


def coded(n: int, h: int = 6, w: int = 5) -> torch.Tensor:
    """Images of two channels whose pixels are all different."""
    return torch.arange(1.0, 1 + n * 2 * h * w).view(n, 2, h, w)


def start(regulariser, **settings):
    model = nn.Linear(2, 2)
    return regulariser.start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


@pytest.mark.parametrize(("axis", "dim"), [("horizontal", 3), ("vertical", 2)])
def test_flip_mirrors_whole_rows_at_its_rate(axis, dim):
    X = coded(4000, 3, 3)
    out = Flip(0.3, axis).apply(X, draw(4000))
    flipped = (out == X.flip(dim)).flatten(1).all(1)
    assert ((out == X).flatten(1).all(1) | flipped).all()
    assert abs(flipped.double().mean() - 0.3) < 4 * (0.21 / 4000) ** 0.5


@pytest.mark.parametrize(
    ("mode", "torchs"), [("zeros", "constant"), ("reflect", "reflect"), ("edge", "replicate")]
)
def test_pad_crop_is_a_window_of_the_padded_image(mode, torchs):
    X = coded(300)
    out = PadCrop(2, mode).apply(X, draw(300))
    padded = nn.functional.pad(X, [2] * 4, torchs)
    windows = padded.unfold(2, 6, 1).unfold(3, 5, 1)  # (b, c, 5, 5, h, w)
    same = (windows == out[:, :, None, None]).all(dim=(1, 4, 5))  # (b, down, across)
    assert (same.flatten(1).sum(1) == 1).all()
    assert (same.sum(0) > 0).all()  # all 25 places occur


def test_affine_by_hand_quarter_turns_shifts_and_scales():
    X = torch.rand(1, 1, 5, 5)
    quarter = matrices(torch.tensor([math.pi / 2]), torch.tensor([1.0]), torch.tensor([0.0]))
    torch.testing.assert_close(warp(X, quarter, torch.zeros(1, 2)), X.rot90(1, (2, 3)), atol=1e-5, rtol=0)
    still = torch.eye(2)[None]
    moved = warp(X, still, torch.tensor([[2.0, 1.0]]))
    torch.testing.assert_close(moved[..., 1:, 2:], X[..., :-1, :-2], atol=1e-5, rtol=0)
    assert moved[..., :1, :].abs().max() < 1e-5
    twice = warp(X, 2 * still, torch.zeros(1, 2))
    torch.testing.assert_close(twice[..., ::2, ::2], X[..., 1:4, 1:4], atol=1e-5, rtol=0)


def test_affine_draws_within_its_limits():
    u = draw(5000).uniform(5)
    assert Affine(180, 1.0, (0.5, 2.0), 30).apply(torch.rand(50, 1, 8, 6), draw(50)).shape == (50, 1, 8, 6)
    assert u.min() >= 0
    assert u.max() < 1
    # a disc that is not scaled or moved does not change much under turns
    y, x = torch.meshgrid(torch.arange(33.0) - 16, torch.arange(33.0) - 16, indexing="ij")
    disc = ((x**2 + y**2).sqrt() < 10).float().expand(20, 1, 33, 33)
    turned = Affine(180, 0.0, (1.0, 1.0)).apply(disc, draw(20))
    assert (turned - disc).abs().mean() < 0.03
    bigger = Affine(0, 0.0, (1.4, 1.4)).apply(disc, draw(20))
    torch.testing.assert_close(bigger.mean((1, 2, 3)), disc.mean((1, 2, 3)) * 1.96, rtol=0.05, atol=0)


def test_erase_takes_a_rectangle_of_the_area_inside():
    n = 3000
    X = torch.ones(n, 2, 20, 30)
    out = Erase(0.4, area=(0.1, 0.3), ratio=(0.5, 2.0), fill=7.0).apply(X, draw(n))
    gone = out == 7
    assert torch.equal(gone[:, 0], gone[:, 1])
    assert ((out == 1) | gone).all()
    hit = gone.flatten(1).any(1)
    assert abs(hit.double().mean() - 0.4) < 4 * (0.24 / n) ** 0.5
    shares = gone[hit, 0].double().mean((1, 2))
    # sides are rounded to pixels: half a pixel of at least 5 either way
    assert shares.min() > 0.1 * 0.85
    assert shares.max() < 0.3 * 1.15
    assert abs(shares.mean() - 0.2) < 0.01
    for box in gone[hit, 0][:200]:
        assert torch.equal(box, box.any(1)[:, None] & box.any(0)[None, :])


def test_rectangles_stay_inside_at_the_extremes():
    area, ratio = torch.tensor([1e-6, 1.0, 0.5]), torch.tensor([1.0, 1.0, 100.0])
    inside = rectangles(area, ratio, torch.full((3, 2), 0.999), (6, 8))
    assert inside.sum((1, 2)).tolist() == [1, 42, 6]  # 7 = round(sqrt(48)) wide, and all 6 high
    assert inside[:, -1, -1].all()


def test_cutout_takes_a_square_that_may_cross_the_border():
    X = torch.ones(2000, 1, 16, 16)
    count = (Cutout(1.0, 0.5).apply(X, draw(2000)) == 0).sum((1, 2, 3))
    assert count.max() == 64
    assert count.min() < 40
    assert torch.equal(Cutout(0.0).apply(X, draw(2000)), X)


def test_colour_moves_mean_and_spread_as_it_says():
    X = torch.randn(3000, 3, 6, 6) * 2 + 5
    out = Colour(0.3, 0.5).apply(X, draw(3000))
    spread = X.std((1, 2, 3), correction=0)
    stretch = out.std((1, 2, 3), correction=0) / spread
    shift = (out.mean((1, 2, 3)) - X.mean((1, 2, 3))) / spread
    for value, middle, reach in ((stretch, 1.0, 0.5), (shift, 0.0, 0.3)):
        assert value.min() >= middle - reach - 1e-5
        assert value.max() <= middle + reach + 1e-5
        assert abs(value.double().mean() - middle) < 4 * reach / (3 * 3000) ** 0.5
    torch.testing.assert_close(Colour(0.3, 0.5).apply(X * 10, draw(3000)), out * 10, rtol=1e-4, atol=1e-3)
    limited = Colour(1.0, 1.0, (0, 6)).apply(X, draw(3000))
    assert limited.min() == 0
    assert limited.max() == 6


def test_noise_has_its_scale():
    X = torch.zeros(500, 1, 20, 20)
    out = Noise(0.3).apply(X, draw(500)).double()
    assert abs(out.std() - 0.3) < 4 * 0.3 / (2 * 200_000) ** 0.5
    assert abs(out.mean()) < 4 * 0.3 / 200_000**0.5


def test_a_chain_goes_first_to_last_with_numbers_of_its_own():
    X, rows = coded(9), torch.arange(9) + 3
    out = start(ImageAugmentation([Flip(), PadCrop(1), Flip()]), seed=4, step=2).batch(Batch(X, rows, rows)).X
    expected = X
    for i, transform in enumerate([Flip(), PadCrop(1), Flip()]):
        name = type(transform).__name__
        expected = transform.apply(expected, Stream.of(4, "augment", i, name).at(2).each(rows))
    assert torch.equal(out, expected)


@pytest.mark.parametrize(
    "chain",
    [
        PadCrop(3),
        Affine(30, 0.3, (0.5, 0.9)),
        Erase(1.0, fill=0.5),
        Cutout(fill=1.0),
        Colour(0.5, 0.5, (0, 1)),
        Noise(0.1),
        Kornia(lambda x: 1 - x),
        ImageAugmentation([Flip(), PadCrop(2), Cutout()]),
    ],
    ids=lambda chain: type(chain).__name__,
)
def test_transforms_see_pixels_whatever_the_inputs_are(chain):
    """Zeros in images that were centred would be grey, and a limit or a scale would be one of another unit."""
    raw, rows = torch.rand(40, 2, 9, 7), torch.arange(40)
    pixels = Pixels((0.3, 0.6), (0.2, 0.1))
    wanted = start(chain).batch(Batch(raw, rows, rows)).X
    got = start(chain, pixels=pixels).batch(Batch(pixels.inputs(raw), rows, rows)).X
    torch.testing.assert_close(pixels.raw(got), wanted, atol=1e-5, rtol=0)


def test_pixels_that_nothing_changes_keep_their_bits():
    X, rows = torch.randn(4, 1, 5, 5), torch.arange(4)
    active = start(PadCrop(0), pixels=Pixels((0.3,), (0.7,)))
    assert active.batch(Batch(X, rows, rows)).X is X
    assert active.effect().acted is False


def test_what_a_row_gets_does_not_depend_on_its_batch():
    chain = ImageAugmentation([Flip(), PadCrop(2), Affine(), Erase(1.0), Colour(), Noise()])
    X, rows = torch.rand(12, 1, 8, 8), torch.arange(12) * 5
    whole = start(chain, step=3).batch(Batch(X, rows, rows)).X
    some = torch.tensor([7, 2, 11])
    assert torch.equal(start(chain, step=3).batch(Batch(X[some], rows[some], rows[some])).X, whole[some])


def test_same_crops_in_every_epoch_pytorch_5059():
    # research note, section 3: the same random crops in every worker and epoch
    active = start(ImageAugmentation([PadCrop(4)]), seed=1)
    X, rows = torch.rand(8, 1, 12, 12), torch.arange(8)
    seen = []
    for active.run.step in range(20):
        seen.append(active.batch(Batch(X, rows, rows)).X)
    assert len({tuple(out[0].flatten().tolist()) for out in seen}) > 15
    again = start(ImageAugmentation([PadCrop(4)]), seed=1, step=7)
    assert torch.equal(again.batch(Batch(X, rows, rows)).X, seen[7])


def test_tables_tokens_and_bytes_are_refused_by_name():
    rows = torch.arange(2)
    for X in (torch.zeros(2, 4), torch.zeros(2, 1, 3, 3, dtype=torch.uint8), torch.zeros(2, 5).long()):
        for regulariser, name in ((ImageAugmentation([Flip()]), "Flip"), (PadCrop(1), "PadCrop")):
            with pytest.raises(UnsupportedError, match=f"{name} works on float images"):
                start(regulariser).batch(Batch(X, rows, rows))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Flip(1.1),
        lambda: Flip(0.5, "diagonal"),
        lambda: PadCrop(-1),
        lambda: PadCrop(1.5),
        lambda: PadCrop(1, "wrap"),
        lambda: Affine(-5),
        lambda: Affine(scale=(1.1, 0.9)),
        lambda: Affine(scale=(0.0, 1.0)),
        lambda: Affine(shear=90),
        lambda: Affine(shift=2),
        lambda: Affine(border="wrap"),
        lambda: Erase(2.0),
        lambda: Erase(area=(0.5, 1.5)),
        lambda: Erase(ratio=(0, 1)),
        lambda: Cutout(side=1.5),
        lambda: Colour(brightness=-1),
        lambda: Colour(limits=(1, 0)),
        lambda: Noise(-0.1),
        lambda: Kornia("flip"),
        lambda: ImageAugmentation([]),
        lambda: ImageAugmentation(Flip()),
        lambda: ImageAugmentation([Flip(), "crop"]),
    ],
)
def test_settings_are_refused(wrong):
    with pytest.raises(InputError):
        wrong()


def test_reflecting_more_than_there_is_is_refused():
    with pytest.raises(UnsupportedError, match="pad less"):
        PadCrop(6, "reflect").apply(coded(1), draw(1))


def test_twice_is_a_conflict():
    assert Flip().conflict(Flip(0.2))
    assert Flip().conflict(PadCrop()) is None
    assert ImageAugmentation([Flip()]).conflict(ImageAugmentation([Noise()]))
