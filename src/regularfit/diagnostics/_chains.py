"""Have chains of draws met, and what are they worth: R-hat and the effective sample size."""

from __future__ import annotations

import numpy as np
from scipy import stats

from .._typing import Matrix, Vector

__all__ = ["effective_size", "r_hat"]


def r_hat(draws: np.ndarray) -> Vector:
    """Return the larger of split-R-hat by ranks and by ranks of distances from the median, (m,).

    ``draws`` are (chains, draws, m). 1 is perfect; above 1.01 chains (or their halves) disagree. Vehtari, Gelman,
    Simpson, Carpenter & Burkner (2021), Bayesian Analysis 16.
    """
    folded = np.abs(draws - np.median(draws, axis=(0, 1)))
    return np.maximum(_r_hat(_ranked(_halves(draws))), _r_hat(_ranked(_halves(folded))))


def effective_size(draws: np.ndarray) -> Vector:
    """Return how many independent draws have as precise a mean (of ranks), (m,); ``draws`` are (chains, draws, m)."""
    x = _ranked(_halves(draws))
    chains, length, _ = x.shape
    covariance = _autocovariance(x)
    within = covariance[:, 0].mean(axis=0) * length / (length - 1)
    between = x.mean(axis=1).var(axis=0, ddof=1)
    total = within * (length - 1) / length + between
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - (within - covariance.mean(axis=0) * length / (length - 1)) / total
    rho[0] = 1.0
    pairs = rho[: length - length % 2].reshape(-1, 2, x.shape[2]).sum(axis=1)
    # Geyer (1992): sums of neighbours are positive and fall; what does not is noise.
    alive = np.logical_and.accumulate(pairs > 0, axis=0)
    pairs = np.where(alive, np.minimum.accumulate(pairs, axis=0), 0.0)
    tau = np.maximum(2 * pairs.sum(axis=0) - 1, 1 / np.log10(chains * length))
    return np.where(total > 0, chains * length / tau, float(chains * length))


def _halves(draws: np.ndarray) -> np.ndarray:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _ranked(x: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks over all chains: any distribution becomes normal, with a mean and a variance."""
    flat = x.reshape(-1, x.shape[2])
    ranks = stats.rankdata(flat, axis=0)
    return stats.norm.ppf((ranks - 0.375) / (len(flat) + 0.25)).reshape(x.shape)


def _r_hat(x: np.ndarray) -> Vector:
    length = x.shape[1]
    within = x.var(axis=1, ddof=1).mean(axis=0)
    between = x.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.sqrt((length - 1) / length + between / within)
    return np.where((within == 0) & (between == 0), 1.0, found)


def _autocovariance(x: np.ndarray) -> Matrix:
    """Autocovariances of every chain, (chains, draws, m), by the fast Fourier transform."""
    length = x.shape[1]
    near = x - x.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(near, 2 * length, axis=1)
    return np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :length] / length
