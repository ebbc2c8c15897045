"""Regularisers of neural nets: in a loop of your own, in a trainer, as scikit-learn estimators, and in lockstep.

>>> from regularfit import nets

Needs the extra: ``pip install 'regularfit[nets]'``. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ._torch import need

# module -> its public names; several modules may be packages
_HOMES: dict[str, str] = {
    "regulariser": "Active Batch Block Effect Regulariser Run",
    "randomness": "Stream",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_WITHOUT_TORCH: frozenset[str] = frozenset()  # homes that work without torch

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Load a public name from its module, once."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(
            f"module 'regularfit.nets' has no attribute {name!r}; it offers {', '.join(__all__)}."
        )
    if home not in _WITHOUT_TORCH:
        need("torch")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
