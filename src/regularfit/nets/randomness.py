"""Random numbers by counter: each is a function of a seed, a purpose and a step, whatever was drawn before it.

That is what makes a lane of a pack equal to the same net trained alone, a resumed run equal to one that was never
killed, and a GPU equal to a CPU: nothing depends on the order in which numbers are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

__all__ = ["Stream", "beta_quantiles", "interpolate", "mix_words"]

# The finaliser of splitmix64 (Steele, Lea & Flood, 2014): three xor-shifts, two odd multipliers, a Weyl sequence.
_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_WORD, _STEP = 2**64, int(_WEYL)
QUANTILES = (
    4097  # nodes of the table behind beta-distributed numbers: an error of 1e-4 at most in the distribution
)


@dataclass(frozen=True, eq=False)
class Stream:
    """Random numbers for one purpose: of one run (``keys`` is one number), or of K lanes at once (K numbers).

    Every method returns a tensor whose first axis is the lanes, where there are lanes; lane k gets exactly the
    numbers that a stream with the key of lane k alone gives.

    Examples
    --------
    >>> alone = Stream.of(7, "dropout", 2).at(10).uniform(3)
    >>> together = Stream.of([5, 7], "dropout", 2).at(10).uniform(3)
    >>> bool((together[1] == alone).all())
    True
    """

    keys: np.ndarray  # uint64, () or (K,)

    @classmethod
    def of(cls, seed: int | Sequence[int] | np.ndarray, *purpose: str | int) -> Stream:
        """Return the stream of a seed (or of several, one a lane) for a purpose, such as ``"dropout", 2``."""
        if isinstance(seed, int):
            return cls(_key(seed, purpose))  # pyright: ignore[reportArgumentType]  # a scalar behaves as () does
        with np.errstate(over="ignore"):
            keys = _mixed(np.asarray(seed).astype(np.uint64) + _WEYL)
            for number in _numbers(purpose):
                keys = _mixed((keys ^ np.uint64(number % _WORD)) + _WEYL)
        return cls(keys)

    def at(self, count: int | np.ndarray) -> Stream:
        """Return the stream of one step, epoch or layer; of many where ``count`` is (T,): keys (T,) or (K, T)."""
        if self.keys.ndim == 0 and not isinstance(count, np.ndarray):
            key = _mixed_one(int(self.keys) + (count + 1) * _STEP)
            return Stream(np.uint64(key))  # pyright: ignore[reportArgumentType]
        with np.errstate(over="ignore"):
            counts = (np.asarray(count) + 1).astype(np.uint64) * _WEYL
            return Stream(_mixed(self.keys[..., None] + counts if counts.ndim else self.keys + counts))

    def each(self, rows: Tensor) -> Stream:
        """Return a stream a row, (b,) or (K, b): what a row gets depends on the row, not on the batch it is in."""
        counts = rows.numpy(force=True).astype(np.uint64)
        with np.errstate(over="ignore"):
            return Stream(_mixed(self.keys[..., None] + (counts + np.uint64(1)) * _WEYL))

    def words(self, n: int, device: torch.device | str = "cpu") -> Tensor:
        """Return 64 random bits n times, int64, (n,) or (K, n)."""
        device = torch.device(device)
        if device.type == "cpu":  # NumPy needs half of torch's time: it shifts numbers without a sign
            with np.errstate(over="ignore"):
                z = _counters(n) + (self.keys[..., None] if self.keys.ndim else self.keys)
            return torch.from_numpy(_mix(z).view(np.int64))
        if self.keys.ndim == 0:
            return mix_words(_counters_on(n, device) + _signed(int(self.keys)))
        keys = torch.as_tensor(self.keys.view(np.int64), device=device)
        return mix_words(_counters_on(n, device) + keys.unsqueeze(-1))

    def octets(self, n: int, device: torch.device | str = "cpu") -> Tensor:
        """Return n random bytes, uint8, (n,) or (K, n): the cheap source of masks."""
        return self.words(-(-n // 8), device).view(torch.uint8)[..., :n]

    def uniform(self, *shape: int, device: torch.device | str = "cpu") -> Tensor:
        """Return numbers in [0, 1) with 24 random bits, float32, of the shape, after the lanes where there are any."""
        n = math.prod(shape)
        halves = self.words(-(-n // 2), device).view(torch.int32)[..., :n]
        return ((halves & 0xFFFFFF).to(torch.float32) * 2.0**-24).reshape(*self.keys.shape, *shape)

    def normal(self, *shape: int, device: torch.device | str = "cpu") -> Tensor:
        """Return standard normal numbers, float32 (Box & Muller, 1958)."""
        n = math.prod(shape)
        pairs = self.uniform(2, -(-n // 2), device=device)
        radius = (
            -2.0 * torch.log1p(-pairs[..., 0, :])
        ).sqrt()  # 1 - u lies in (0, 1], so the logarithm is finite
        angle = (2.0 * math.pi) * pairs[..., 1, :]
        both = torch.cat([radius * angle.cos(), radius * angle.sin()], dim=-1)
        return both[..., :n].reshape(*self.keys.shape, *shape)

    def permutation(self, n: int, device: torch.device | str = "cpu") -> Tensor:
        """Return the numbers 0 to n - 1 in random order, int64, (n,) or (K, n)."""
        return self.words(n, device).argsort(dim=-1, stable=True)

    def beta(self, alpha: float, *shape: int, device: torch.device | str = "cpu") -> Tensor:
        """Return numbers from Beta(alpha, alpha), float32."""
        return interpolate(beta_quantiles(alpha).to(device), self.uniform(*shape, device=device))


@lru_cache(maxsize=64)
def beta_quantiles(alpha: float) -> Tensor:
    """Return the quantiles of Beta(alpha, alpha) at evenly spaced probabilities, float32, (QUANTILES,)."""
    return torch.as_tensor(betaincinv(alpha, alpha, np.linspace(0.0, 1.0, QUANTILES)), dtype=torch.float32)


def interpolate(table: Tensor, u: Tensor) -> Tensor:
    """Return the values of a table, (QUANTILES,), at u in [0, 1), straight between its nodes."""
    place = u * (table.shape[-1] - 1)
    left = place.to(torch.int64)
    return torch.lerp(table[left], table[left + 1], place - left)


def mix_words(z: Tensor) -> Tensor:
    """Turn counters into noise where they are, int64, on any device; return them. The bits are those of NumPy."""
    scratch = torch.empty_like(z)
    for shift, multiplier in zip(_SHIFTS, (*_MULTIPLIERS, None), strict=True):
        torch.bitwise_right_shift(z, int(shift), out=scratch)
        scratch &= (
            1 << (64 - int(shift))
        ) - 1  # the shift of signed numbers copies the sign; this takes it away
        z ^= scratch
        if multiplier is not None:
            z *= _signed(int(multiplier))
    return z


def _mix(z: np.ndarray) -> np.ndarray:
    """Turn counters into noise where they are, uint64; return them."""
    scratch = np.empty_like(z)
    for shift, multiplier in zip(_SHIFTS, (*_MULTIPLIERS, None), strict=True):
        np.right_shift(z, shift, out=scratch)
        np.bitwise_xor(z, scratch, out=z)
        if multiplier is not None:
            np.multiply(z, multiplier, out=z)
    return z


@lru_cache(maxsize=16)
def _counters(n: int) -> np.ndarray:
    """Return the Weyl sequence that the mixer turns into noise, uint64, (n,); not to be written to."""
    with np.errstate(over="ignore"):
        return np.arange(1, n + 1, dtype=np.uint64) * _WEYL


@lru_cache(maxsize=16)
def _counters_on(n: int, device: torch.device) -> Tensor:
    """Return the same on a device, int64; not to be written to."""
    return torch.as_tensor(_counters(n).view(np.int64), device=device)


def _numbers(purpose: tuple[str | int, ...]) -> list[int]:
    """Return a purpose in numbers."""
    return [crc32(part.encode()) if isinstance(part, str) else part for part in purpose]


@lru_cache(maxsize=1024)
def _key(seed: int, purpose: tuple[str | int, ...]) -> np.uint64:
    """Return the key of one run, in Python's whole numbers, which are ten times as fast as NumPy's scalars."""
    key = _mixed_one(seed + _STEP)
    for number in _numbers(purpose):
        key = _mixed_one((key ^ number % _WORD) + _STEP)
    return np.uint64(key)


def _signed(word: int) -> int:
    """Return the signed number with the same 64 bits."""
    return word - _WORD if word >= _WORD >> 1 else word


def _mixed_one(z: int) -> int:
    """Return the finaliser of splitmix64 of one number, in Python's whole numbers."""
    z %= _WORD
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % _WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB % _WORD
    return z ^ z >> 31


def _mixed(z: np.ndarray) -> np.ndarray:
    """Return the finaliser of splitmix64, element by element."""
    return _mix(np.array(z, dtype=np.uint64))
