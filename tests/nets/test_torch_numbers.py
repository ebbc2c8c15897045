"""torch's own numbers again, and no trace of it."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.nets.torch_numbers import TorchNumbers  # noqa: E402


def test_numbers_repeat_and_drawing_goes_on_where_it_was():
    torch.manual_seed(3)
    numbers = TorchNumbers(torch.device("cpu"))
    first, second = torch.rand(2), torch.rand(2)
    torch.manual_seed(3)
    torch.rand(2)
    for _ in range(2):
        with numbers.again():
            assert torch.equal(torch.rand(2), first)
    assert torch.equal(torch.rand(2), second)

    def fail():
        with numbers.again():
            raise RuntimeError("inside")

    after = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert torch.equal(torch.get_rng_state(), after)
    numbers.restore()
    assert torch.equal(torch.rand(2), first)
