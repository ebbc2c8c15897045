"""The nets that the estimators build: plain torch modules, with weights that depend on a seed alone."""

from .conv import conv_net
from .initial import initialise
from .mlp import mlp
from .text import TextNet

__all__ = ["TextNet", "conv_net", "initialise", "mlp"]
