"""One door for all model files, whatever kind of model they hold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ModelFileError
from .archive import Archive, damaged, read_archive
from .codec import Unstored

__all__ = ["load", "load_extra", "take_params"]

# Which module rebuilds an estimator. Named, not imported: the rooms of the models lie above this one.
_REBUILDERS = {
    "PenalizedRegressor": "regularfit.linear.model_file",
    "PenalizedClassifier": "regularfit.linear.model_file",
    "PenalizedCox": "regularfit.linear.model_file",
    "NetClassifier": "regularfit.nets.estimators.model_file",
    "NetRegressor": "regularfit.nets.estimators.model_file",
    "BoostingClassifier": "regularfit.trees.model_file",
    "BoostingRegressor": "regularfit.trees.model_file",
    "PrunedTreeClassifier": "regularfit.trees.model_file",
    "PrunedTreeRegressor": "regularfit.trees.model_file",
    "Shrunk": "regularfit.trees.model_file",
    "RuleFitClassifier": "regularfit.trees.model_file",
    "RuleFitRegressor": "regularfit.trees.model_file",
    "SparseForestClassifier": "regularfit.trees.model_file",
    "SparseForestRegressor": "regularfit.trees.model_file",
}


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
    source = Path(path)
    archive = read_archive(source)
    with _readable(source, "its contents do not fit together"):
        return _room_of(archive).rebuild(archive)


def load_extra(path: Any) -> dict[str, Any]:
    """Return the further facts that were saved beside the model, empty if there were none.

    Raises
    ------
    ModelFileError
        As for :func:`load`.
    """
    source = Path(path)
    archive = read_archive(source)
    with _readable(source, "its further facts cannot be read"):
        return _room_of(archive).extra_of(archive)


def take_params(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that a file could hold, and warn about the others by name."""
    lost = {name: str(value) for name, value in params.items() if isinstance(value, Unstored)}
    if lost:
        shown = "; ".join(f"{name}={text}" for name, text in lost.items())
        warnings.warn(
            f"The model file could not hold these parameters, which are back at their defaults: {shown}. "
            "Predictions are the same; set them again before fitting anew.",
            UserWarning,
            stacklevel=4,
        )
    return {name: value for name, value in params.items() if name not in lost}


def _room_of(archive: Archive) -> Any:
    return import_module(_REBUILDERS[archive.head["estimator"]])


@contextmanager
def _readable(source: Path, what: str) -> Iterator[None]:
    """Turn whatever contents that do not fit together provoke into one error that names the file."""
    try:
        yield
    except ModelFileError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ModelFileError(damaged(source, f"{what} ({error})")) from error
