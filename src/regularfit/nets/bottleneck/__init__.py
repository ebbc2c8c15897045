"""The variational information bottleneck: a layer that may say only so much about its input."""

from .layer import Bottleneck, gaussian_nats
from .path import beta_path, code_nats
from .vib import VIB, sampled_probabilities

__all__ = ["VIB", "Bottleneck", "beta_path", "code_nats", "gaussian_nats", "sampled_probabilities"]
