"""Model files: a zip of one JSON text and plain arrays; versioned, atomic, and no code is run when read."""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.lib import format as npy
from sklearn.utils.validation import check_is_fitted

from .. import __version__
from ..errors import InputError, ModelFileError
from ._codec import Unstored, decode, encode

__all__ = ["FORMAT_VERSION", "load", "load_extra", "save"]

FORMAT = "regularfit model"
FORMAT_VERSION = 1
_HEAD = "model.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes, whenever it is written
_STATE = [
    "coef_",
    "intercept_",
    "classes_",
    "strength_",
    "penalty_",
    "candidates_",
    "paths_",
    "cvs_",
    "criteria_",
    "certificate_",
    "gamma_",
    "relaxed_cvs_",
    "n_features_in_",
    "feature_names_in_",
    "baseline_",
    "strata_",
]


def save(model: Any, path: Any, *, overwrite: bool = False, extra: Mapping[str, Any] | None = None) -> None:
    """Write a fitted estimator to ``path``; see its method ``save``.

    The file appears whole or not at all. Parameters that a file cannot hold (a scoring function, a penalty
    class of your own) are left out, and :func:`load` says so; predictions never depend on them.

    Raises
    ------
    ModelFileError
        When the file exists already and ``overwrite`` is not True, or cannot be written.
    """
    check_is_fitted(model, "coef_")
    target = FilePath(path)
    if target.exists() and not overwrite:
        raise ModelFileError(_exists(target))
    arrays: dict[str, np.ndarray] = {}
    state = {name: getattr(model, name) for name in _STATE if hasattr(model, name)}
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "written_by": f"regularfit {__version__}",
        "estimator": type(model).__name__,
        "params": {name: encode(value, arrays) for name, value in model.get_params(deep=False).items()},
        "state": {name: encode(value, arrays) for name, value in state.items()},
        "winner": _winner(model),
        "extra": encode(dict(extra or {}), arrays),
    }
    _write_atomically(target, _packed(head, arrays), overwrite)


def load(path: Any) -> Any:
    """Return the fitted estimator that a model file holds.

    Reading runs no code from the file: it is JSON and plain arrays, and only classes of regularfit are built
    from it.

    Raises
    ------
    ModelFileError
        For a file that is missing, damaged, of another program, or of a newer format than this version knows.

    Examples
    --------
    >>> import numpy as np, regularfit as rf, tempfile, pathlib
    >>> X = np.random.default_rng(0).normal(size=(30, 3))
    >>> model = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, X[:, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "model.rfit"
    ...     model.save(file)
    ...     same = rf.load(file)
    >>> bool((same.predict(X) == model.predict(X)).all())
    True
    """
    source = FilePath(path)
    head, arrays = _unpacked(source)
    try:
        return _rebuild(head, arrays)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ModelFileError(_damaged(source, f"its contents do not fit together ({error})")) from error


def load_extra(path: Any) -> dict[str, Any]:
    """Return the further facts that were saved beside the model, empty if there were none.

    Raises
    ------
    ModelFileError
        As for :func:`load`.
    """
    source = FilePath(path)
    head, arrays = _unpacked(source)
    try:
        return dict(decode(head["extra"], arrays))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(_damaged(source, f"its further facts cannot be read ({error})")) from error


# --- writing -------------------------------------------------------------------------------------


def _winner(model: Any) -> int:
    return next(k for k, path in enumerate(model.paths_) if path is model.path_)


def _packed(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(head, indent=1, allow_nan=False, ensure_ascii=False)
        archive.writestr(zipfile.ZipInfo(_HEAD, _EPOCH), text.encode(), zipfile.ZIP_DEFLATED)
        for name, array in arrays.items():
            member = io.BytesIO()
            npy.write_array(member, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _write_atomically(target: FilePath, content: bytes, overwrite: bool) -> None:
    """Write beside the target, then move into place; without ``overwrite`` the move itself refuses a file."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise ModelFileError(
            f"{target} cannot be written: {error}. Choose a folder that exists and is writable."
        ) from error
    draft = FilePath(name)
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


def _move(draft: FilePath, target: FilePath, overwrite: bool) -> None:
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


def _exists(target: FilePath) -> str:
    return (
        f"{target} exists already and was left as it is. Give another name, or overwrite=True to replace it."
    )


# --- reading -------------------------------------------------------------------------------------


def _unpacked(source: FilePath) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with zipfile.ZipFile(source) as archive:
            head = _head(archive, source)
            names = [n for n in archive.namelist() if n.endswith(".npy")]
            return head, {n.removesuffix(".npy"): _array(archive, n) for n in names}
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
        raise ModelFileError(_damaged(source, f"it cannot be read ({error})")) from error
    except Exception as error:  # zlib.error and its kin: whatever a broken stream provokes
        raise ModelFileError(_damaged(source, f"it cannot be unpacked ({error})")) from error


def _head(archive: zipfile.ZipFile, source: FilePath) -> dict[str, Any]:
    if _HEAD not in archive.namelist():
        raise ModelFileError(
            f"{source} is a zip archive, but not a regularfit model file (it has no {_HEAD}). Give a file "
            "written by save()."
        )
    head = json.loads(archive.read(_HEAD))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ModelFileError(
            f"{source} was written by another program, not by regularfit. Give a file written by save()."
        )
    version = head.get("version")
    if not isinstance(version, int) or version < 1:
        raise ModelFileError(_damaged(source, f"its format version is {version!r}"))
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


def _rebuild(head: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Any:
    from .classifier import PenalizedClassifier
    from .cox import PenalizedCox
    from .regressor import PenalizedRegressor

    kinds = {c.__name__: c for c in (PenalizedRegressor, PenalizedClassifier, PenalizedCox)}
    params = {name: decode(value, arrays) for name, value in head["params"].items()}
    lost = {name: str(value) for name, value in params.items() if isinstance(value, Unstored)}
    model = kinds[head["estimator"]](**{name: v for name, v in params.items() if name not in lost})
    for name in _STATE:
        if name in head["state"]:
            setattr(model, name, decode(head["state"][name], arrays))
    winner = head["winner"]
    model.path_ = model.paths_[winner]
    model.cv_ = None if model.cvs_ is None else model.cvs_[winner]
    if hasattr(model, "relaxed_cvs_"):
        model.relaxed_cv_ = None if model.relaxed_cvs_ is None else model.relaxed_cvs_[winner]
    model.criterion_ = None if model.criteria_ is None else model.criteria_[winner]
    _check_shapes(model)
    if lost:
        shown = "; ".join(f"{name}={text}" for name, text in lost.items())
        warnings.warn(
            f"The model file could not hold these parameters, which are back at their defaults: {shown}. "
            "Predictions are the same; set them again before fitting anew.",
            UserWarning,
            stacklevel=3,
        )
    return model


def _check_shapes(model: Any) -> None:
    p = model.n_features_in_
    outputs = np.size(model.intercept_)
    if not isinstance(p, int) or np.size(model.coef_) != p * outputs or outputs != (model.path_.outputs or 1):
        raise InputError(f"{np.size(model.coef_)} coefficients for {p} columns")


def _foreign_or_cut(source: FilePath) -> str:
    with suppress(OSError), source.open("rb") as file:
        if file.read(2) == b"PK":
            return _damaged(source, "the archive is cut short or altered")
    return f"{source} is not a regularfit model file (not a zip archive). Give a file written by save()."


def _damaged(source: FilePath, why: str) -> str:
    return f"{source} is damaged: {why}. Copy it again from its source, or fit and save the model again."
