"""A small net is trained on one thread, and torch has as many as before afterwards."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from torch import nn  # noqa: E402

from regularfit.nets.trainer import Trainer  # noqa: E402
from tests.nets.trainer.problems import acting, classes, net  # noqa: E402


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_of(model, X, y, **settings):
    seen = []
    watch = acting("batch", batch=lambda self, batch: seen.append(torch.get_num_threads()) or batch)
    Trainer(model, [watch], steps=2, **settings).fit(X, y)
    return set(seen)


def test_small_nets_take_one():
    assert threads_of(net(), *classes()) == {1}
    assert torch.get_num_threads() == 2


LARGE = nn.Sequential(nn.Linear(5, 2**19), nn.Linear(2**19, 3))
CONVOLUTION = nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten(), nn.Linear(6, 3))


@pytest.mark.parametrize("model", [LARGE, CONVOLUTION])
def test_large_ones_and_those_whose_work_is_unknown_take_what_there_is(model):
    X, y = classes()
    X = X[:, None, :] if isinstance(model[0], nn.Conv1d) else X
    assert threads_of(model, X, y) == {2}


def test_an_error_gives_them_back():
    def fail(self, batch):
        raise ValueError("mine")

    X, y = classes()
    with pytest.raises(ValueError, match="mine"):
        Trainer(net(), [acting("batch", batch=fail)], steps=2).fit(X, y)
    assert torch.get_num_threads() == 2
