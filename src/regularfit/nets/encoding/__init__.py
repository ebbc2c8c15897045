"""What goes into a net: tables, images and texts as tensors, with all that is learnt from training rows only."""

from .encoding import Encoding, learn_encoding
from .images import ImageEncoding
from .table import TableEncoding
from .text import TextEncoding

__all__ = ["Encoding", "ImageEncoding", "TableEncoding", "TextEncoding", "learn_encoding"]
