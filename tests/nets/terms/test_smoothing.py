"""Label smoothing against torch's own, with weights and mixed targets."""

import pytest
import torch
from torch import nn

from regularfit.errors import InputError, UnsupportedError
from regularfit.nets.regulariser import Batch, Run
from regularfit.nets.terms.smoothing import LabelSmoothing

G = torch.Generator().manual_seed(0)
LOGITS = torch.randn(7, 4, generator=G, dtype=torch.float64) * 5
Y = torch.tensor([0, 1, 2, 3, 1, 0, 2])
WEIGHT = torch.rand(7, generator=G, dtype=torch.float64) + 0.1
PARTNER = torch.tensor([1, 1, 0, 2, 3, 0, 1])
SHARE = torch.rand(7, generator=G, dtype=torch.float64)


def start(eps: float, **settings):
    model = nn.Linear(2, 4)
    return LabelSmoothing(eps).start(Run(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings))


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_it_is_the_cross_entropy_against_soft_targets(mixed, weight):
    hot = nn.functional.one_hot(Y, 4).double()
    if mixed:
        hot = SHARE[:, None] * hot + (1 - SHARE[:, None]) * nn.functional.one_hot(PARTNER, 4)
    batch = Batch(LOGITS, Y, torch.arange(7), weight)
    batch = batch.with_(partner=PARTNER, share=SHARE) if mixed else batch
    w = torch.ones(7, dtype=torch.float64) if weight is None else weight

    def mean(eps: float) -> torch.Tensor:
        rows = nn.functional.cross_entropy(LOGITS, hot, reduction="none", label_smoothing=eps)
        return (w * rows).sum() / w.sum()

    for eps in (0.0, 0.1, 0.7):
        torch.testing.assert_close(start(eps).loss(mean(0.0), LOGITS, batch), mean(eps))


def test_other_terms_of_the_loss_keep_their_size():
    batch = Batch(LOGITS, Y, torch.arange(7))
    plain = nn.functional.cross_entropy(LOGITS, Y)
    active = start(0.3)
    term = active.loss(plain + 5.0, LOGITS, batch) - active.loss(plain, LOGITS, batch)
    torch.testing.assert_close(term, torch.tensor(5.0, dtype=torch.float64))


def test_the_gradient_ends_at_the_smoothed_labels():
    logits = torch.zeros(1, 3, requires_grad=True)
    batch = Batch(logits, torch.tensor([1]), torch.tensor([0]))
    active = start(0.3)
    optimizer = torch.optim.SGD([logits], lr=1.0)
    for _ in range(2000):
        optimizer.zero_grad()
        active.loss(nn.functional.cross_entropy(logits, batch.y), logits, batch).backward()
        optimizer.step()
    torch.testing.assert_close(logits.softmax(1), torch.tensor([[0.1, 0.8, 0.1]]), atol=1e-5, rtol=0)
    assert active.effect().acted is True


@pytest.mark.parametrize("eps", [-0.1, 1.0, 1.5, "a", None])
def test_shares_out_of_range_are_refused(eps):
    with pytest.raises(InputError, match="LabelSmoothing"):
        LabelSmoothing(eps)


def test_regression_and_single_logits_are_refused():
    with pytest.raises(UnsupportedError, match="regression"):
        start(0.1, task="regression")
    with pytest.raises(UnsupportedError, match="one logit a class"):
        start(0.1).loss(torch.tensor(0.0), LOGITS[:, :1], Batch(LOGITS, Y, torch.arange(7)))


def test_twice_is_a_conflict():
    assert LabelSmoothing(0.1).conflict(LabelSmoothing(0.2))
