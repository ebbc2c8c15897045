"""How long a run is and when it is looked at: epochs become steps here, and nowhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..._checks import check_positive
from ...errors import InputError

__all__ = ["Every", "planned_steps"]

_FUZZ = 1e-9  # 100 epochs of 0.1 are 10 times the rows, not one step more


def planned_steps(epochs: float, n: int, size: int) -> int:
    """Return the steps after which every row has been seen ``epochs`` times, rounded up; at least 1.

    >>> planned_steps(epochs=2.0, n=10, size=4)
    5
    """
    return max(1, math.ceil(epochs * n / size - _FUZZ))


@dataclass(frozen=True, slots=True)
class Every:
    """A distance between evaluations.

    Parameters
    ----------
    amount : > 0, how many.
    unit : "epochs" or "steps".

    Examples
    --------
    >>> [step for step in range(1, 8) if Every.of(1.0).due(step, n=10, size=4)]  # 2.5 steps an epoch
    [3, 5]
    >>> [step for step in range(1, 8) if Every.of("3 steps").due(step, n=10, size=4)]
    [3, 6]
    """

    amount: float
    unit: str = "epochs"

    @classmethod
    def of(cls, given: Any) -> Every:
        """Return the distance that a number (of epochs) or a text such as ``"10 steps"`` means.

        Raises
        ------
        InputError
            For anything else.
        """
        if not isinstance(given, str):
            return cls(
                check_positive(given, "evaluate_every", "It counts epochs; for steps give '10 steps'.")
            )
        amount, _, unit = given.strip().partition(" ")
        unit = unit if unit.endswith("s") else unit + "s"
        try:
            number = float(amount)
        except ValueError:
            number = math.nan
        if unit not in ("epochs", "steps") or not 0 < number < math.inf or (unit == "steps" and number % 1):
            raise InputError(
                f"evaluate_every={given!r} is not understood. Give a number of epochs, such as 0.5, or a text such as "
                "'10 steps'."
            )
        return cls(number, unit)

    def due(self, step: int, n: int, size: int) -> bool:
        """Tell whether an evaluation is due when ``step`` steps are done."""
        distance = self.amount if self.unit == "steps" else self.amount * n / size
        return step > 0 and math.floor(step / distance + _FUZZ) > math.floor((step - 1) / distance + _FUZZ)
