"""Model files as archives: a zip of one JSON text, plain arrays and other members; versioned, atomic, never pickled."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from .. import __version__
from ..errors import ModelFileError

__all__ = ["Archive", "damaged", "read_archive", "write_archive"]

FORMAT = "regularfit model"
FORMAT_VERSION = 1
_HEAD = "model.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes, whenever it is written


@dataclass(frozen=True)
class Archive:
    """What a file holds.

    Parameters
    ----------
    head : JSON values; ``format``, ``version`` and ``written_by`` are added on writing and checked on reading.
    arrays : plain arrays by name.
    members : other files by name, as bytes (a net's weights as safetensors).
    """

    head: dict[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    members: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def write_archive(path: Any, archive: Archive, *, overwrite: bool = False, format: str = FORMAT) -> None:
    """Write an archive to ``path``; the file appears whole or not at all.

    Raises
    ------
    ModelFileError
        When the file exists already and ``overwrite`` is not True, or cannot be written.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise ModelFileError(_exists(target))
    _write_atomically(target, _packed(archive, format), overwrite)


def read_archive(path: Any, *, format: str = FORMAT) -> Archive:
    """Return what a file holds. Reading runs no code from it, and takes no memory that its size does not promise.

    Raises
    ------
    ModelFileError
        For a file that is missing, damaged, of another program, or of a newer format than this version knows.
    """
    source = Path(path)
    try:
        with zipfile.ZipFile(source) as archive:
            head = _head(archive, source, format)
            names = [n for n in archive.namelist() if n != _HEAD]
            arrays = {n.removesuffix(".npy"): _array(archive, n) for n in names if n.endswith(".npy")}
            return Archive(head, arrays, {n: archive.read(n) for n in names if not n.endswith(".npy")})
    except FileNotFoundError as error:
        raise ModelFileError(
            f"There is no file {source}. Give the path of a model file written by save()."
        ) from error
    except IsADirectoryError as error:
        raise ModelFileError(
            f"{source} is a folder. Give the model file inside it, usually model.rfit."
        ) from error
    except zipfile.BadZipFile as error:
        raise ModelFileError(_foreign_or_cut(source)) from error
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(damaged(source, f"it cannot be read ({error})")) from error
    except Exception as error:  # zlib.error and its kin: whatever a broken stream provokes
        raise ModelFileError(damaged(source, f"it cannot be unpacked ({error})")) from error


def damaged(source: Any, why: str) -> str:
    """Return the sentence about a damaged file."""
    return f"{source} is damaged: {why}. Copy it again from its source, or fit and save the model again."


# --- writing -------------------------------------------------------------------------------------


def _packed(archive: Archive, format: str) -> bytes:
    mark = {"format": format, "version": FORMAT_VERSION, "written_by": f"regularfit {__version__}"}
    text = json.dumps({**mark, **archive.head}, indent=1, allow_nan=False, ensure_ascii=False)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:

        def put(name: str, content: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)

        put(_HEAD, text.encode())
        for name, array in archive.arrays.items():
            member = io.BytesIO()
            npy.write_array(member, np.asarray(array), allow_pickle=False)
            put(f"{name}.npy", member.getvalue())
        for name, content in archive.members.items():
            put(name, content)
    return buffer.getvalue()


def _write_atomically(target: Path, content: bytes, overwrite: bool) -> None:
    """Write beside the target, then move into place; without ``overwrite`` the move itself refuses a file."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise ModelFileError(
            f"{target} cannot be written: {error}. Choose a folder that exists and is writable."
        ) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o666 & ~_umask())
        _move(draft, target, overwrite)
    except FileExistsError as error:
        raise ModelFileError(_exists(target)) from error
    except OSError as error:
        raise ModelFileError(f"{target} cannot be written: {error}.") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _move(draft: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        draft.replace(target)
        return
    try:
        os.link(draft, target)  # fails where the target exists, also when it appeared just now
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError(target) from None
        draft.replace(target)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _exists(target: Path) -> str:
    return (
        f"{target} exists already and was left as it is. Give another name, or overwrite=True to replace it."
    )


# --- reading -------------------------------------------------------------------------------------


def _head(archive: zipfile.ZipFile, source: Path, format: str) -> dict[str, Any]:
    if _HEAD not in archive.namelist():
        raise ModelFileError(
            f"{source} is a zip archive, but not a {format} file (it has no {_HEAD}). Give a file written by save()."
        )
    head = json.loads(archive.read(_HEAD))
    if not isinstance(head, dict) or head.get("format") != format:
        given = head.get("format") if isinstance(head, dict) else None
        raise ModelFileError(
            f"{source} holds a {given}, not a {format}. Open it with what wrote it."
            if isinstance(given, str) and given.startswith("regularfit ")
            else f"{source} was written by another program, not by regularfit. Give a file written by save()."
        )
    version = head.get("version")
    if not isinstance(version, int) or version < 1:
        raise ModelFileError(damaged(source, f"its format version is {version!r}"))
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{source} has format {version} (written by {head.get('written_by', 'a newer regularfit')}), but "
            f"regularfit {__version__} reads formats up to {FORMAT_VERSION}. Install a newer regularfit to "
            "read it."
        )
    return head


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read one array; its header must promise exactly the bytes that are there before any memory is taken."""
    info = archive.getinfo(name)
    with archive.open(info) as member:
        version = npy.read_magic(member)
        shape, _, dtype = (
            npy.read_array_header_1_0(member) if version == (1, 0) else npy.read_array_header_2_0(member)
        )
        promised = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if dtype.hasobject or promised + member.tell() != info.file_size:
            raise ValueError(f"array {name} promises {promised} bytes that are not there")
    with archive.open(info) as member:
        return npy.read_array(member, allow_pickle=False)


def _foreign_or_cut(source: Path) -> str:
    with suppress(OSError), source.open("rb") as file:
        if file.read(2) == b"PK":
            return damaged(source, "the archive is cut short or altered")
    return f"{source} is not a regularfit model file (not a zip archive). Give a file written by save()."
