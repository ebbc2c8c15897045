"""The law of grids that begin at 0: what is set to nothing changes nothing, to the bit, and nobody warns of it."""

import warnings

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit import nets  # noqa: E402
from regularfit.errors import NoEffectWarning  # noqa: E402
from tests.nets.trainer.problems import classes, net, weights  # noqa: E402

TABLES = [
    nets.WeightDecay(0),
    nets.WeightDecay(0, independent=True),
    nets.WeightDecay(0, coupled=True),
    nets.Grouped(0),
    nets.Dropout(0),
    nets.AlphaDropout(0),
    nets.GaussianDropout(0),
    nets.DropConnect(0),
    nets.LabelSmoothing(0),
    nets.Mixup(0),
    nets.ManifoldMixup(0),
    nets.RowCutMix(0),
    nets.FeatureSwap(0),
    nets.FeatureMask(0),
    nets.RowCutout(0),
    nets.InputNoise(0),
    nets.WeightNoise(0),
    nets.GradientNoise(0),
    nets.SAM(0),
    nets.RDrop(0),
    nets.ConfidencePenalty(0),
    nets.GradientPenalty(0),
    nets.JacobianPenalty(0),
    nets.SGDNoise(0),
    nets.Adversarial(nets.FGSM(0)),
    nets.Adversarial(nets.PGD(0.1, steps=1), weight=0),
    nets.Trades(0, nets.PGD(0.1, steps=1)),
    nets.VAT(0),
    nets.VAT(1.0, weight=0),
]
IMAGES = [
    nets.CutMix(0),
    nets.SpatialDropout(0),
    nets.Flip(0),
    nets.Erase(0),
    nets.Cutout(0),
    nets.Noise(0),
    nets.Colour(0, 0),
    nets.PadCrop(0),
    nets.Affine(0, 0, (1, 1)),
]


def trained(model, X, y, *regularisers):
    with warnings.catch_warnings():
        warnings.simplefilter("error", NoEffectWarning)
        trainer = nets.Trainer(model, regularisers, steps=4, batch_size=16, lr=0.01, verbose=None)
        return weights(trainer.fit(X, y).model_)


@pytest.mark.parametrize("nothing", TABLES, ids=str)
def test_what_is_set_to_nothing_changes_nothing(nothing):
    X, y = classes(48)
    plain, made = (trained(net(5, 3, 8), X, y, *given) for given in ([], [nothing]))
    assert torch.equal(plain, made)


def of_images():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(16, 3)]
        return nn.Sequential(*layers)


@pytest.mark.parametrize("nothing", IMAGES, ids=str)
def test_what_is_set_to_nothing_changes_no_image(nothing):
    X, y = torch.rand(48, 2, 6, 6, generator=torch.Generator().manual_seed(0)), classes(48)[1]
    plain, made = (trained(of_images(), X, y, *given) for given in ([], [nothing]))
    assert torch.equal(plain, made)


def test_decay_groups_of_nothing():
    first, second = nets.decay_groups(nn.Linear(2, 1), 0)
    assert first["weight_decay"] == second["weight_decay"] == 0
