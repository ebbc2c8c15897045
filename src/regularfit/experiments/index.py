"""All claims in the order of the lectures; each is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from ..errors import InputError
from .experiment import Experiment

__all__ = ["NAMES", "experiment", "number_of", "select"]

_ORDER = (
    "memorises-noise",
    "error-is-a-u",
    "shrinks-never-zero",
    "sets-exact-zeros",
    "keeps-the-group",
    "tames-collinearity",
    "sparse-or-dense",
    "decay-in-the-gradient",
    "bias-for-variance",
    "cross-validation-finds-it",
    "penalty-is-a-prior",
    "corners-make-zeros",
    "smooth-boundaries",
    "price-of-l1",
    "overparameterised",
    "always-regularise",
    "dropout-averages",
    "dropout-coadaptation",
    "dropout-rate",
    "dropout-time",
    "early-stopping-is-l2",
    "noisy-validation",
    "augmentation-little-data",
    "batch-norm-noise",
    "small-batches",
    "decay-without-biases",
    "adversarial-price",
    "limits-information",
    "deep-trees",
    "too-many-trees",
    "small-steps",
    "leaf-penalties",
    "combining",
    "search-pays",
    "two-scripts",
    "weight-sharing",
)

#: The names, in order; the module of a claim has its name with underscores.
NAMES: tuple[str, ...] = tuple(
    name for name in _ORDER if (Path(__file__).parent / "claims" / f"{name.replace('-', '_')}.py").is_file()
)


def experiment(name: str | int) -> Experiment:
    """Return an experiment by its name or by its number in the list, counted from 1.

    Raises
    ------
    InputError
        Where there is none of that name.
    """
    module = import_module(f".claims.{_known(name).replace('-', '_')}", __package__)
    return module.EXPERIMENT


def number_of(name: str) -> int:
    """Return the place of an experiment in the list, counted from 1."""
    return NAMES.index(name) + 1


def select(names: Sequence[str]) -> list[str]:
    """Return the names asked for, numbers resolved, in the order of the list and without repeats; all for none."""
    return [name for name in NAMES if name in {_known(asked) for asked in names}] if names else list(NAMES)


def _known(name: str | int) -> str:
    text = str(name).strip()
    if text.isdigit() and 1 <= int(text) <= len(NAMES):
        return NAMES[int(text) - 1]
    if text in NAMES:
        return text
    near = get_close_matches(text, NAMES, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`regularfit experiment list` shows all."
    raise InputError(f"There is no experiment {text!r} among the {len(NAMES)}. {hint}")
