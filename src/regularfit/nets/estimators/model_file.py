"""What a model file holds of a net: JSON for the settings and the encoding, safetensors for the weights."""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from sklearn.utils.validation import check_is_fitted

from ... import nets
from ...errors import InputError, UnsupportedError
from ...storage import Archive, Codec, take_params, write_archive
from ..averages.voting import members_of
from ..encoding import ImageEncoding, TableEncoding, TextEncoding
from ..encoding.columns import CategoryColumn, NumberColumn
from ..evaluation.kept import Kept
from ..regulariser import Regulariser
from ..schedules import SCHEDULES
from .build import build, check_hidden

__all__ = ["extra_of", "rebuild", "save"]

_WEIGHTS, _SNAPSHOT = "weights.safetensors", "snapshot{}.safetensors"
_STATE = [
    "classes_",
    "temperature_",
    "target_mean_",
    "target_scale_",
    "_flat",
    "n_features_in_",
    "feature_names_in_",
    "best_step_",
    "validation_score_",
    "encoding_",
]


def save(model: Any, path: Any, *, overwrite: bool = False) -> None:
    """Write a fitted net to ``path``; see its method ``save``.

    Raises
    ------
    UnsupportedError
        If the net is a module of the user, which no file can build again.
    ModelFileError
        When the file exists already and ``overwrite`` is not True, or cannot be written.
    """
    check_is_fitted(model, "module_")
    if model.module is not None:
        raise UnsupportedError(
            "A file cannot hold a module of your own, since building it again would run code. Save its weights with "
            "safetensors.torch.save_model(model.module_, path), and the code that makes it with your project."
        )
    arrays: dict[str, np.ndarray] = {}
    codec = Codec(_values())
    state = {name: getattr(model, name) for name in _STATE if hasattr(model, name)}
    weights = {
        name: tensor.detach().cpu().contiguous() for name, tensor in model.module_.state_dict().items()
    }
    head = {
        "estimator": type(model).__name__,
        "params": {name: codec.encode(v, arrays) for name, v in model.get_params(deep=False).items()},
        "state": {name: codec.encode(value, arrays) for name, value in state.items()},
    }
    members = {_WEIGHTS: save_tensors(weights)}
    snapshots: tuple[Kept, ...] = getattr(model, "snapshots_", ())
    for i, snapshot in enumerate(snapshots):
        stored = {name: tensor.cpu().contiguous() for name, tensor in snapshot.state_dict().items()}
        members[_SNAPSHOT.format(i)] = save_tensors(stored)
    write_archive(path, Archive(head, arrays, members), overwrite=overwrite)


def extra_of(archive: Archive) -> dict[str, Any]:
    """Return the further facts that were saved beside the model; there are none beside a net."""
    return {}


def rebuild(archive: Archive) -> Any:
    """Return the fitted estimator that an archive holds."""
    from .classifier import NetClassifier
    from .regressor import NetRegressor

    head, codec = archive.head, Codec(_values())
    params = {name: codec.decode(value, archive.arrays) for name, value in head["params"].items()}
    kinds: dict[str, Any] = {c.__name__: c for c in (NetClassifier, NetRegressor)}
    model = kinds[head["estimator"]](**take_params(params))
    for name in _STATE:
        if name in head["state"]:
            setattr(model, name, codec.decode(head["state"][name], archive.arrays))
    outputs = len(model.classes_) if head["estimator"] == "NetClassifier" else len(model.target_mean_)
    model.module_ = build(
        model.encoding_,
        outputs,
        hidden=check_hidden(model.hidden),
        norm=model.norm,
        activation=model.activation,
        module=None,
        seed=0,
        example=torch.empty(0),
    )
    if not isinstance(model.regularisers, str):
        for value in model.regularisers or ():  # a bottleneck is a layer of the net
            if isinstance(value, Regulariser):
                value.prepare(model.module_, seed=0)
    snapshots = [_SNAPSHOT.format(i) for i in range(len(archive.members) - 1)]
    try:
        model.module_.load_state_dict(load_tensors(archive.members[_WEIGHTS]))
        model.snapshots_ = members_of(model.module_, [load_tensors(archive.members[s]) for s in snapshots])
    except RuntimeError as error:  # names or shapes that do not fit
        raise InputError(str(error).replace("\n", " ")) from error
    model.module_.eval()
    return model


@cache
def _values() -> dict[str, type]:
    """Return the frozen values of nets that a file may name."""
    schedules: Any = SCHEDULES.values()
    found: dict[str, type] = {
        kind.__name__: kind
        for kind in (
            ImageEncoding,
            TableEncoding,
            TextEncoding,
            CategoryColumn,
            NumberColumn,
            *schedules,
        )
    }
    for name in nets.__all__:
        thing = getattr(nets, name)
        if isinstance(thing, type) and issubclass(thing, Regulariser) and is_dataclass(thing):
            found[name] = thing
    return found
