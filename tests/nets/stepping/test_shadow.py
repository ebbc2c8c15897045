"""Other tensors in the place of parameters: in every kind of layer, and without a trace afterwards."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402
from torch.func import functional_call  # noqa: E402
from torch.nn.utils import parametrizations  # noqa: E402

from regularfit.nets.stepping.shadow import shadowed  # noqa: E402

MODELS = {
    "linear": (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), (5, 3)),
    "convolution": (lambda: nn.Conv2d(3, 4, 3), (2, 3, 5, 5)),
    "recurrent": (lambda: nn.LSTM(3, 4, num_layers=2, batch_first=True), (2, 5, 3)),
    "cell": (lambda: nn.GRUCell(3, 4), (2, 3)),
    "parametrised": (lambda: parametrizations.weight_norm(nn.Linear(3, 2)), (5, 3)),
    "attention": (lambda: nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True), (2, 5, 4)),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_computes_what_a_functional_call_computes(name):
    make, shape = MODELS[name]
    torch.manual_seed(0)
    model, x = make(), torch.randn(shape)
    order, state = list(model.state_dict()), {k: v.clone() for k, v in model.state_dict().items()}
    other = {
        key: (p.detach() + 0.1 * torch.randn(p.shape)).requires_grad_() for key, p in model.named_parameters()
    }

    def first(out):
        return out[0] if isinstance(out, tuple) else out

    plain = first(model(x))
    with shadowed(model, other):
        got = first(model(x))
    got.square().sum().backward()
    wanted_by = {key: p.detach().clone().requires_grad_() for key, p in other.items()}
    wanted = first(functional_call(model, wanted_by, (x,)))
    wanted.square().sum().backward()
    torch.testing.assert_close(got, wanted)
    for key in other:
        torch.testing.assert_close(other[key].grad, wanted_by[key].grad)
    assert not torch.allclose(got, plain)
    assert torch.equal(first(model(x)), plain)
    assert list(model.state_dict()) == order
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_an_error_inside_leaves_no_trace():
    model = nn.LSTM(2, 2)
    weights = list(model._flat_weights)

    def fail():
        with shadowed(model, {"weight_ih_l0": torch.zeros(8, 2)}):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert all(a is b for a, b in zip(model._flat_weights, weights, strict=True))
    assert "weight_ih_l0" not in model.__dict__
    with pytest.raises(AttributeError), shadowed(model, {"nowhere.weight": torch.zeros(1)}):
        pass
