"""Virtual adversarial training: the direction of largest change, labelled rows or not."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.adversarial.vat import VAT  # noqa: E402
from regularfit.nets.randomness import Stream  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import buffers, images, linear, net, weights  # noqa: E402


def test_power_iterations_find_the_dominant_direction():
    """For logits Wx the KL is 1/2 d' W'(diag p - pp')W d to second order: its top eigenvector is known."""
    W = torch.tensor([[2.0, 0.3, -1.0], [0.1, 1.5, 0.4], [-0.7, 0.2, 0.9]])
    X = torch.tensor([[0.2, -0.1, 0.4]])
    p = (X @ W.T).softmax(1)[0]
    H = W.T @ (torch.diag(p) - p[:, None] * p[None]) @ W
    top = torch.linalg.eigh(H).eigenvectors[:, -1]
    vat = VAT(0.1, steps=30)
    found = vat.direction(linear(W), X, Stream.of(0, "attack"), Domain.standardised(), "classification")
    assert abs(float((found - X) @ top)) == pytest.approx(0.1, rel=1e-3)


def test_one_iteration_beats_chance():
    X, _ = images()
    model = net()
    domain = Domain.standardised()
    here = model(X).detach().log_softmax(1)

    def kl(Z):
        return (here.exp() * (here - model(Z).log_softmax(1))).sum(1).mean()

    found = VAT(0.5).direction(model, X, Stream.of(0, "attack"), domain, "classification")
    noise = torch.nn.functional.normalize(
        torch.randn(X.shape, generator=torch.Generator().manual_seed(0)), dim=1
    )
    assert kl(found) > 3 * kl(X + 0.5 * noise)


def test_the_penalty_of_a_loop_of_ones_own_has_a_gradient_and_leaves_the_norms():
    X, _ = images()
    model = net(batch_norm=True).train()
    before = buffers(model)
    penalty = VAT(0.5, weight=2.0).penalty(model, X)
    penalty.backward()
    assert penalty > 0
    assert all(p.grad is not None for p in model[4:].parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.named_buffers())
    torch.testing.assert_close(penalty, 4 * VAT(0.5, weight=0.5).penalty(model, X))
    assert VAT(0.0).penalty(model, X) == 0


def test_rows_without_labels_count():
    """Labels of rows of weight 0 are never looked at, and yet these rows change the fit."""
    X, y = images()
    weight = (torch.arange(64) < 16).float()
    fits = []
    for labels, rows in ((y, X), (torch.where(weight > 0, y, (y + 1) % 3), X), (y, X * weight[:, None])):
        model = net()
        vat = VAT(0.5, domain=Domain.images())
        Trainer(model, [vat], steps=6, batch_size=64, verbose=None).fit(rows, labels, sample_weight=weight)
        fits.append(weights(model))
    assert torch.equal(fits[0], fits[1])
    assert not torch.allclose(fits[0], fits[2], atol=1e-4)


@pytest.mark.parametrize("wrong", [{"eps": -1}, {"weight": -1}, {"xi": 0}, {"steps": 0}, {"domain": 3}])
def test_settings_out_of_range(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        VAT(**wrong)
