"""Nets side by side are the nets alone."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regularfit.experiments.side_by_side import SideBySide, judged, sharpness, train  # noqa: E402
from regularfit.nets import GhostBatchNorm, Trainer, WeightDecay, roles  # noqa: E402
from regularfit.nets.architectures import initialise, mlp  # noqa: E402

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 5)).astype("float32"), RNG.integers(0, 3, 60)
DRAWN = [(np.arange(40), np.arange(40, 60)), (np.arange(59, 19, -1), np.arange(20))]


def nets(norm):
    return [initialise(mlp(5, (6,), 3, norm=norm), seed) for seed in range(2)]


@pytest.mark.parametrize("norm", [None, "batch", "layer"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_they_are_trained_as_alone(norm, optimizer):
    how = {"lr": 0.05, "batch_size": 8, "steps": 30, "optimizer": optimizer, "seed": 3}
    decay = [WeightDecay(0.1)]
    together = SideBySide(nets(norm))
    train(together, X, Y, DRAWN, decay, **how)
    found = judged(together, X, Y, DRAWN)
    for k, (net, (rows, test)) in enumerate(zip(nets(norm), DRAWN, strict=True)):
        alone = Trainer(net, decay, **how).fit(X[rows], Y[rows])
        logits = alone.predict(X[test])
        loss = torch.nn.functional.cross_entropy(logits, torch.as_tensor(Y[test]))
        assert found["test"][k] == pytest.approx(float(loss), rel=1e-3)
        assert found["test_error"][k] == pytest.approx(float((logits.argmax(-1).numpy() != Y[test]).mean()))


def test_ghost_batches_and_roles():
    net = SideBySide(nets("batch"), ghost=4)
    assert any(isinstance(module, GhostBatchNorm) for module in net.modules())
    assert {role.role for role in roles(SideBySide(nets("layer"))).values()} == {"weight", "bias", "norm"}
    with pytest.raises(TypeError, match="Tanh"):
        SideBySide([torch.nn.Sequential(torch.nn.Tanh())])


def test_sharpness_is_the_largest_eigenvalue_of_the_whole_hessian():
    found = sharpness(SideBySide(nets(None)), X, Y, DRAWN, iterations=300)
    for k, (net, (rows, _)) in enumerate(zip(nets(None), DRAWN, strict=True)):
        shapes = {name: value.shape for name, value in net.named_parameters()}
        flat = torch.cat([value.detach().flatten() for value in net.parameters()])

        def loss(at, net=net, rows=rows, shapes=shapes):
            parts = at.split([shape.numel() for shape in shapes.values()])
            named = {
                name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)
            }
            outputs = torch.func.functional_call(net, named, (torch.as_tensor(X[rows]),))
            return torch.nn.functional.cross_entropy(outputs, torch.as_tensor(Y[rows]))

        values = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, flat))
        assert found[k] == pytest.approx(float(values.abs().max()), rel=1e-3)
