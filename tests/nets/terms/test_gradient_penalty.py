"""Input-gradient penalties against closed forms of linear nets."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.losses import net_loss  # noqa: E402
from regularfit.nets.randomness import Stream  # noqa: E402
from regularfit.nets.regulariser import Batch, Run  # noqa: E402
from regularfit.nets.terms.gradient_penalty import GradientPenalty, JacobianPenalty, jacobian_norm  # noqa: E402
from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.adversarial.problems import images, linear, net  # noqa: E402


def added(regulariser, model, X, y, weight=None):
    """What the regulariser adds to the loss."""
    batch = Batch(X, y, torch.arange(len(X)), weight)
    run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1), loss=net_loss("auto", y))
    active = regulariser.start(run)
    batch = active.inputs(batch)
    logits = model(batch.X)
    base = run.loss(logits, batch)
    return active.loss(base, logits, batch) - base


def test_the_gradient_penalty_of_a_linear_regression():
    """With l = (w'x - y)^2 / 2 the row's squared gradient is residual^2 |s w|^2."""
    w = torch.tensor([[1.0, -2.0, 0.5]])
    X, y = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)), torch.arange(7.0)
    residual = (X @ w.T).squeeze(1) - y
    expected = 0.3 * (residual**2 * w.square().sum()).mean()
    torch.testing.assert_close(added(GradientPenalty(0.3), linear(w), X, y), expected)
    scaled = Domain(scale=[2.0, 1.0, 1.0], mask=[True, False, True])
    expected = 0.3 * (residual**2 * (4 * 1.0 + 0.25)).mean()
    torch.testing.assert_close(added(GradientPenalty(0.3, scaled), linear(w), X, y), expected)


def test_the_gradient_penalty_is_a_weighted_mean_over_rows():
    X, y = images()
    weight = torch.zeros(64)
    weight[:10] = 2.5
    model = net()
    torch.testing.assert_close(
        added(GradientPenalty(1.0), model, X, y, weight), added(GradientPenalty(1.0), model, X[:10], y[:10])
    )


def test_the_jacobian_of_a_linear_net_is_its_weight():
    W = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])
    X, y = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)), torch.arange(7) % 2
    expected = 0.5 * 0.3 * W.square().sum()
    torch.testing.assert_close(added(JacobianPenalty(0.3, projections=2), linear(W), X, y), expected)


def test_random_projections_are_right_in_the_mean():
    X, _ = images(8)
    X.requires_grad_()
    outputs = net()(X)
    exact = jacobian_norm(outputs, X, 3, Stream.of(0)).detach()
    draws = torch.stack([jacobian_norm(outputs, X, 1, Stream.of(seed)).detach() for seed in range(1000)])
    error = draws.std(0) / 1000**0.5
    assert ((draws.mean(0) - exact).abs() < 5 * error).all()


def test_the_penalty_flattens_the_net():
    X, y = images()

    def steepness(regularisers):
        model = net()
        Trainer(model, regularisers, steps=60, batch_size=32, lr=1e-2, verbose=None).fit(X, y)
        leaf = X.clone().requires_grad_()
        return float(jacobian_norm(model(leaf), leaf, 3, Stream.of(0)).detach().mean())

    plain = steepness([])
    assert steepness([JacobianPenalty(1.0)]) < 0.5 * plain
    assert steepness([GradientPenalty(3.0)]) < 0.7 * plain


def test_tokens_have_no_gradient():
    run = Run(net(), torch.optim.SGD(net().parameters(), lr=0.1))
    with pytest.raises(UnsupportedError, match="whole numbers"):
        GradientPenalty().start(run).inputs(
            Batch(torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2), torch.arange(2))
        )


@pytest.mark.parametrize("kind", [GradientPenalty, JacobianPenalty])
@pytest.mark.parametrize("wrong", [{"weight": -1.0}, {"weight": float("nan")}, {"domain": 1.0}])
def test_settings_out_of_range(kind, wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        kind(**wrong)


def test_projections_are_counted():
    with pytest.raises(InputError, match="projections"):
        JacobianPenalty(projections=0)
