"""What holds for everything here that moves inputs or adds terms: over their examples()."""

import warnings
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.adversarial.fast import FastAdversarial  # noqa: E402
from regularfit.nets.adversarial.fgsm import FGSM  # noqa: E402
from regularfit.nets.adversarial.free import FreeAdversarial  # noqa: E402
from regularfit.nets.adversarial.pgd import PGD  # noqa: E402
from regularfit.nets.adversarial.trades import Trades  # noqa: E402
from regularfit.nets.adversarial.training import Adversarial  # noqa: E402
from regularfit.nets.adversarial.vat import VAT  # noqa: E402
from regularfit.nets.bottleneck.vib import VIB  # noqa: E402
from regularfit.nets.dropout.dropout import Dropout  # noqa: E402
from regularfit.nets.terms.consistency import ConfidencePenalty, RDrop  # noqa: E402
from regularfit.nets.terms.gradient_penalty import GradientPenalty, JacobianPenalty  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import net, weights  # noqa: E402

KINDS = [
    Adversarial,
    FreeAdversarial,
    FastAdversarial,
    Trades,
    VAT,
    GradientPenalty,
    JacobianPenalty,
    RDrop,
    ConfidencePenalty,
    VIB,
]
CASES = [example for kind in KINDS for example in kind.examples()]
NOTHING = [
    Adversarial(weight=0.0),
    Adversarial(PGD(0.0)),
    FreeAdversarial(0.0),
    FastAdversarial(0.0),
    Trades(0.0),
    Trades(1.0, PGD(0.0)),
    VAT(0.0),
    VAT(weight=0.0),
    GradientPenalty(0.0),
    JacobianPenalty(0.0),
    RDrop(0.0),
    ConfidencePenalty(0.0),
]
STRONG = [
    Adversarial(FGSM(1.0)),
    FreeAdversarial(1.0),
    FastAdversarial(1.0, repair="warn"),
    Trades(20.0, PGD(1.0)),
    VAT(2.0, 20.0),
    GradientPenalty(20.0),
    JacobianPenalty(20.0),
    RDrop(50.0),
    ConfidencePenalty(5.0),
    VIB(20.0),
]


def z_scored(n=48, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, 6, generator=generator)
    return X, (X @ torch.randn(6, 3, generator=generator)).argmax(1)


def trainer_of(regularisers, steps=9, **settings):
    """A net with batch norm; with a bottleneck where one is priced."""
    model = net(6, 3, batch_norm=True)
    for regulariser in regularisers:
        if isinstance(regulariser, VIB):
            regulariser.insert(model)
    settings = {"batch_size": 20, "lr": 1e-2, "verbose": None, "evaluate_every": "3 steps"} | settings
    return Trainer(model, [Dropout(0.25), *regularisers], steps=steps, **settings)


def fitted(regularisers, quiet=True, **settings):
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore", UserWarning)  # of strong attacks, and of nothing done
        return trainer_of(regularisers, **settings).fit(*z_scored())


@pytest.mark.parametrize("regulariser", CASES, ids=repr)
def test_a_seed_gives_the_same_bits(regulariser):
    one, two = fitted([regulariser]), fitted([regulariser])
    assert torch.equal(weights(one.model_), weights(two.model_))
    assert weights(one.model_).isfinite().all()


@pytest.mark.parametrize("regulariser", NOTHING, ids=repr)
def test_zero_changes_nothing(regulariser):
    off = fitted([regulariser], quiet=False)  # what is set to nothing may do nothing: no warning
    assert torch.equal(weights(off.model_), weights(fitted([]).model_))
    assert off.history_[-1].regularisers[1].strength == 0
    assert regulariser.passes == 1.0


@pytest.mark.parametrize("regulariser", STRONG, ids=repr)
def test_a_large_strength_bites(regulariser):
    """The net is fitted less well to the rows as they are."""
    X, y = z_scored()

    def loss(regularisers):
        outputs = fitted(regularisers, steps=80).predict(X)
        return float(torch.nn.functional.cross_entropy(outputs, y))

    assert loss([regulariser]) > loss([]) + 0.05


@pytest.mark.parametrize("regulariser", CASES, ids=repr)
def test_a_killed_run_goes_on_to_the_same_bits(regulariser):
    whole = fitted([regulariser])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        first = trainer_of([regulariser], time_limit=1e-9).fit(*z_scored())
        assert first.stopped_by_ == "time limit"
        state = first.state_dict()
        second = trainer_of([regulariser])
        second.load_state_dict(state)
        second.resume(*z_scored())
    assert torch.equal(weights(second.model_), weights(whole.model_))


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_values(kind):
    for example in kind.examples():
        assert example == replace(example)
        assert hash(example) == hash(replace(example))
        assert example.passes >= 1.0
