"""The domain of inputs: bounds, units, and what is never moved."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets.adversarial.domain import Domain  # noqa: E402
from regularfit.nets.regulariser import Block  # noqa: E402


def table(n=40, seed=0):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(3.0, [0.5, 20.0], (n, 2))
    return np.column_stack([numbers, rng.integers(0, 2, n), np.full(n, 7.0)])


def test_a_learned_domain_measures_in_standard_deviations_and_fixes_binaries_and_constants():
    X = table()
    domain = Domain.learn(X)
    np.testing.assert_allclose(domain.scale[:3], X.std(0)[:3])
    assert domain.mask == (True, True, False, False)
    assert domain.low == -math.inf
    assert domain.high == math.inf


def test_a_bounded_table_keeps_to_what_was_seen():
    X = table()
    domain = Domain.learn(X, bounded=True)
    np.testing.assert_array_equal(domain.high, X.max(0))
    np.testing.assert_array_equal(domain.low[:3], X.min(0)[:3])
    domain.check(torch.tensor(X))


def test_categories_of_a_table_are_fixed_whatever_their_values():
    X = np.random.default_rng(0).normal(size=(30, 4))
    domain = Domain.of_table([Block("a", 0, 1), Block("b", 1, 3, "category"), Block("c", 3, 4)], X)
    assert domain.mask == (True, False, False, True)


def test_images_speak_of_pixels_before_their_normalisation():
    domain = Domain.images(mean=[0.5, 0.4], sd=[0.25, 0.2])
    X = (torch.rand(3, 2, 4, 4) - torch.tensor([0.5, 0.4])[:, None, None]) / torch.tensor([0.25, 0.2])[
        :, None, None
    ]
    domain.check(X, eps=1.0)
    moved = X + 0.1 * domain.unit_of(X)
    pixels = 0.1 * torch.ones_like(X)
    assert torch.allclose((moved - X) * torch.tensor([0.25, 0.2])[:, None, None], pixels, atol=1e-6)
    low, high = domain.bounds_of(X)
    assert torch.allclose(low[:, :, 0, 0], torch.tensor([-2.0, -2.0]).expand(3, 2))
    assert torch.allclose(high[:, :, 0, 0], torch.tensor([2.0, 3.0]).expand(3, 2))


def test_pixels_counted_to_255_have_their_own_unit():
    domain = Domain.images(high=255.0)
    assert domain.scale == 255.0
    domain.check(torch.full((1, 3), 200.0), eps=8 / 255)


@pytest.mark.parametrize("eps", [8.0, 1.5])
def test_an_eps_wider_than_the_domain_is_an_error_that_names_both(eps):
    with pytest.raises(InputError, match=rf"eps={eps:g} .*0\s*to 1.*eps/255"):
        Domain.images().check(torch.rand(4, 3), eps)


def test_data_outside_the_domain_is_an_error_that_names_both():
    X = torch.tensor([[-2.3, 0.1], [1.0, 1.7]])
    with pytest.raises(InputError, match=r"from -2.3 to 1.7, but its domain is 0 to 1.*standardised"):
        Domain.images().check(X)


def test_rounding_at_the_edge_is_not_outside():
    Domain.images().check(torch.tensor([[1.0 + 1e-6, -1e-6]]))


def test_tokens_are_refused():
    with pytest.raises(UnsupportedError, match=r"int64.*embeddings"):
        Domain().check(torch.zeros(2, 3, dtype=torch.int64))


def test_another_number_of_features_is_refused():
    with pytest.raises(InputError, match=r"speaks of 4 features.*\(5, 3\)"):
        Domain.learn(table()).check(torch.zeros(5, 3))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"low": 1.0, "high": 0.0}, "low=1 must lie below high=0"),
        ({"scale": 0.0}, "scale"),
        ({"scale": [1.0, -1.0]}, "scale"),
        ({"scale": [1.0, 2.0], "mask": [True]}, r"\[1, 2\] features"),
        ({"low": float("nan")}, "NaN"),
        ({"low": "zero"}, "one number a feature"),
    ],
)
def test_wrong_settings(settings, says):
    with pytest.raises(InputError, match=says):
        Domain(**settings)


def test_a_table_must_be_one():
    for X in (np.zeros((0, 3)), np.zeros((2, 3, 4)), np.array([[1.0, np.nan]])):
        with pytest.raises(InputError, match="finite table"):
            Domain.learn(X)
    with pytest.raises(InputError, match="sd"):
        Domain.images(sd=0.0)


def test_domains_are_values():
    assert Domain.images() == Domain.images()
    assert hash(Domain.learn(table())) == hash(Domain.learn(torch.tensor(table())))
