"""Files that hold models: one archive format, values as JSON with arrays beside it, and one door to read them."""

from .archive import Archive, read_archive, write_archive
from .codec import Codec, Unstored
from .models import load, load_extra, take_params

__all__ = [
    "Archive",
    "Codec",
    "Unstored",
    "load",
    "load_extra",
    "read_archive",
    "take_params",
    "write_archive",
]
