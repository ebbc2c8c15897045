import numpy as np
import pytest

from regularfit.diagnostics._chains import effective_size, r_hat


def autoregressive(share, chains=4, draws=4000, m=3, seed=0):
    noise = np.random.default_rng(seed).normal(size=(chains, draws, m)) * np.sqrt(1 - share**2)
    x = noise.copy()
    for k in range(1, draws):
        x[:, k] = share * x[:, k - 1] + noise[:, k]
    return x


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, -0.4])
def test_the_size_of_an_autoregression_is_known(share):
    # n (1 - a) / (1 + a); the estimate itself varies by some per cent.
    x = autoregressive(share)
    np.testing.assert_allclose(effective_size(x), 16_000 * (1 - share) / (1 + share), rtol=0.25)
    assert (r_hat(x) < 1.01).all()
    assert (r_hat(x) > 0.999).all()


def test_chains_apart_or_of_unlike_spread_or_drifting_are_seen():
    x = autoregressive(0.0, m=4)
    x[0, :, 0] += 1
    x[0, :, 1] *= 3
    x[:, :, 2] += np.linspace(0, 2, 4000)
    found = r_hat(x)
    assert (found[:3] > 1.05).all()
    assert found[3] < 1.01


def test_heavy_tails_do_no_harm():
    x = np.random.default_rng(1).standard_cauchy(size=(4, 2000, 2))
    assert (r_hat(x) < 1.01).all()
    np.testing.assert_allclose(effective_size(x), 8000, rtol=0.2)
