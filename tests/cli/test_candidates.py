import click
import pytest

from regularfit import L1, L2, ElasticNet
from regularfit.cli.candidates import DEFAULT, make_penalty, parse_candidates


def test_default_candidates():
    assert [make_penalty(r) for r in parse_candidates(DEFAULT).values()] == [
        L2(), ElasticNet(0.25), ElasticNet(0.5), ElasticNet(0.75), L1(),
    ]  # fmt: skip


def test_twice_the_same_is_once():
    assert parse_candidates("lasso, Lasso,elastic:0.5,elastic") == {
        "lasso": 1.0, "elastic 0.5": 0.5, "elastic 0.25": 0.25, "elastic 0.75": 0.75,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "lassoo", "elastic:", "elastic:1", "elastic:x", "lasso,,ridge"])
def test_unknown_candidates(text):
    with pytest.raises(click.BadParameter, match="Known are ridge, lasso"):
        parse_candidates(text)
