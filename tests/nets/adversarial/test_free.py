"""Free adversarial training: the updates that it says, and no other."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

import torch.nn.functional as F  # noqa: E402

from regularfit.errors import UnsupportedError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.adversarial.free import FreeAdversarial  # noqa: E402
from regularfit.nets.batches import BatchRows  # noqa: E402
from regularfit.nets.stepping.sharpness import SAM  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import images, net, weights  # noqa: E402


def by_hand(model, X, y, *, eps, replays, steps, batch, lr, remember):
    """Algorithm 1 of the paper, written down once more (and with a perturbation a row)."""
    rows = BatchRows(0, len(X), batch)
    kept = torch.zeros_like(X)
    for step in range(steps):
        at = rows.at(step)
        place = at if remember else torch.arange(batch)
        for _ in range(replays):
            moved = (X[at] + kept[place]).clamp(0, 1).requires_grad_()
            model.zero_grad()
            F.cross_entropy(model(moved), y[at]).backward()
            with torch.no_grad():
                new = (moved + eps * moved.grad.sign() - X[at]).clamp(-eps, eps)
                kept[place] = (X[at] + new).clamp(0, 1) - X[at]
                for p in model.parameters():
                    p -= lr * p.grad
    return model


@pytest.mark.parametrize("remember", [False, True])
@pytest.mark.parametrize("replays", [1, 3])
def test_it_is_the_algorithm_of_the_paper(replays, remember):
    X, y = images(40)
    model, twin = net(), net()
    free = FreeAdversarial(0.1, replays, remember=remember, domain=Domain.images())
    Trainer(
        model,
        [free],
        optimizer=lambda groups, lr: torch.optim.SGD(groups, lr),
        lr=0.2,
        schedule="constant",
        batch_size=16,
        steps=6,
        verbose=None,
    ).fit(X, y)
    by_hand(twin, X, y, eps=0.1, replays=replays, steps=6, batch=16, lr=0.2, remember=remember)
    # the box is cut at once here and in two parts by hand: one rounding of inputs below 1 an update
    torch.testing.assert_close(weights(model), weights(twin), atol=1e-5, rtol=1e-5)


def test_it_counts_its_updates():
    trainer = Trainer(
        net(), [FreeAdversarial(0.1, 3, domain=Domain.images())], steps=4, batch_size=16, verbose=None
    )
    trainer.fit(*images())
    (work,) = trainer.history_[-1].regularisers
    assert work.note == "12 updates"
    assert FreeAdversarial(0.1, 3).passes == 3.0


def test_sam_and_free_both_own_the_step():
    with pytest.raises(UnsupportedError, match="several times"):
        Trainer(net(), [SAM(), FreeAdversarial(0.1)])
