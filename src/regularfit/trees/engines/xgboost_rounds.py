"""One round of XGBoost and its running predictions, by its C interface: Python's costs as much as a small tree."""

from __future__ import annotations

import ctypes
import json
from typing import Any

import numpy as np

from ..._optional import need

__all__ = ["Rounds", "rounds_of"]

_MARGINS = json.dumps(
    {"type": 1, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False}
).encode()


class Rounds:
    """Grows a booster round by round and reads the margins of watched rows from its cache.

    Parameters
    ----------
    booster : made with ``rows`` and ``seen`` as its cache.
    rows, seen : training and watched rows.
    outputs : trees a round.
    """

    def __init__(self, booster: Any, rows: Any, seen: Any, outputs: int) -> None:
        """Grow nothing yet."""
        self.booster, self.rows, self.seen, self.outputs = booster, rows, seen, outputs
        self.count = 0

    def grow(self) -> np.ndarray:
        """Grow one more round and return the margins, (m,) or (m, K), float64."""
        self.booster.update(self.rows, self.count)
        self.count += 1
        margins = self.booster.predict(self.seen, output_margin=True, validate_features=False)
        return margins.astype(np.float64)


class _ByC(Rounds):
    """The same calls without what Python puts around them every time."""

    def __init__(self, core: Any, booster: Any, rows: Any, seen: Any, outputs: int) -> None:
        super().__init__(booster, rows, seen, outputs)
        self.update, self.predict = core._LIB.XGBoosterUpdateOneIter, core._LIB.XGBoosterPredictFromDMatrix
        self.check, self.number = core._check_call, core.c_bst_ulong
        self.m = seen.num_row()
        self.floats = ctypes.c_float * (self.m * outputs)

    def grow(self) -> np.ndarray:
        if self.count == 0:
            return super().grow()  # which also checks the matrices
        self.check(self.update(self.booster.handle, ctypes.c_int(self.count), self.rows.handle))
        self.count += 1
        shape, dims = ctypes.POINTER(self.number)(), self.number()
        found = ctypes.POINTER(ctypes.c_float)()
        places = (ctypes.byref(shape), ctypes.byref(dims), ctypes.byref(found))
        self.check(self.predict(self.booster.handle, self.seen.handle, _MARGINS, *places))
        if int(np.prod([shape[k] for k in range(dims.value)])) != self.m * self.outputs:
            raise ValueError("XGBoost returned predictions of another shape.")
        values = np.frombuffer(self.floats.from_address(ctypes.addressof(found.contents)), dtype=np.float32)
        margins = values.astype(np.float64)  # a copy: XGBoost writes the next ones into the same place
        return margins if self.outputs == 1 else margins.reshape(self.m, self.outputs)


def rounds_of(booster: Any, rows: Any, seen: Any, outputs: int) -> Rounds:
    """Return the fast way where this version of XGBoost has it, else the public one."""
    core = need("xgboost", "trees").core
    if all(hasattr(core, name) for name in ("_LIB", "_check_call", "c_bst_ulong")):
        return _ByC(core, booster, rows, seen, outputs)
    return Rounds(booster, rows, seen, outputs)
