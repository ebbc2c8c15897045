"""kornia as a plug-in, and as a check on our own transforms."""

import pytest
import torch
from torch import nn

from regularfit.errors import UnsupportedError
from regularfit.nets.augment.images.affine import matrices, warp
from regularfit.nets.augment.images.chain import ImageAugmentation
from regularfit.nets.augment.images.flip import Flip
from regularfit.nets.augment.images.kornia import Kornia
from regularfit.nets.randomness import Stream
from regularfit.nets.regulariser import Batch, Run

X = torch.rand(6, 3, 9, 7, generator=torch.Generator().manual_seed(0))
ROWS = torch.arange(6)
MODEL = nn.Linear(2, 2)  # made once: initial weights move torch's generator


def run_step(regulariser, step: int, seed: int = 0) -> torch.Tensor:
    run = Run(MODEL, torch.optim.SGD(MODEL.parameters(), lr=0.1), step=step, seed=seed)
    return regulariser.start(run).batch(Batch(X, ROWS, ROWS)).X


class Shuffles(nn.Module):
    """A plug-in that draws from torch's generator and writes in place."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mul_(torch.rand(len(x), 1, 1, 1))


def test_plug_ins_reproduce_and_leave_torchs_generator_and_the_batch_alone():
    before, rng = X.clone(), torch.get_rng_state()
    first = run_step(Kornia(Shuffles()), 3)
    assert torch.equal(torch.get_rng_state(), rng)
    torch.rand(5)
    assert torch.equal(run_step(Kornia(Shuffles()), 3), first)
    assert not torch.equal(run_step(Kornia(Shuffles()), 4), first)
    assert not torch.equal(run_step(Kornia(Shuffles()), 3, seed=1), first)
    assert torch.equal(X, before)


def test_a_plug_in_must_keep_the_shape():
    for wrong in (lambda x: x[:, :, 1:], lambda x: (x, x)):
        with pytest.raises(UnsupportedError, match="it returned"):
            run_step(Kornia(wrong), 0)


def test_kornias_own_augmentations_in_a_chain():
    kornia = pytest.importorskip("kornia", reason="the optional kornia is not installed")
    chain = ImageAugmentation([Flip(), Kornia(kornia.augmentation.RandomSharpness(0.8, p=1.0))])
    out = run_step(chain, 2)
    assert out.shape == X.shape
    assert torch.equal(run_step(chain, 2), out)
    assert not torch.equal(run_step(chain, 3), out)


@pytest.mark.parametrize(("axis", "name"), [("horizontal", "hflip"), ("vertical", "vflip")])
def test_flips_are_kornias(axis, name):
    kornia = pytest.importorskip("kornia", reason="the optional kornia is not installed")
    ours = Flip(1.0, axis).apply(X, Stream.of(0).each(ROWS))
    assert torch.equal(ours, getattr(kornia.geometry.transform, name)(X))


@pytest.mark.parametrize(
    ("border", "theirs"), [("zeros", "zeros"), ("edge", "border"), ("reflect", "reflection")]
)
def test_warps_are_kornias(border, theirs):
    kornia = pytest.importorskip("kornia", reason="the optional kornia is not installed")
    g = torch.Generator().manual_seed(1)
    angle, scale = torch.rand(6, generator=g) * 6 - 3, torch.rand(6, generator=g) + 0.5
    shear, shift = torch.rand(6, generator=g) - 0.5, torch.rand(6, 2, generator=g) * 4 - 2
    forward = matrices(angle, scale, shear)
    centre = torch.tensor([(7 - 1) / 2, (9 - 1) / 2])
    offset = centre + shift - (forward @ centre[:, None])[:, :, 0]
    whole = torch.cat([forward, offset[:, :, None]], dim=2)  # p -> forward (p - c) + c + shift
    expected = kornia.geometry.transform.warp_affine(
        X, whole, (9, 7), padding_mode=theirs, align_corners=True
    )
    torch.testing.assert_close(warp(X, forward, shift, border), expected, atol=2e-4, rtol=0)


def test_angles_turn_as_kornias_do():
    kornia = pytest.importorskip("kornia", reason="the optional kornia is not installed")
    angle = torch.tensor([20.0, -50.0, 130.0, 5.0, 0.0, 90.0])
    ours = warp(X, matrices(angle.deg2rad(), torch.ones(6), torch.zeros(6)), torch.zeros(6, 2))
    theirs = kornia.geometry.transform.rotate(X, angle, align_corners=True)
    torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=0)
