"""What restrains boosting where nobody says anything."""

from __future__ import annotations

from ..regularisation import Regularisation

__all__ = ["default_regularisation"]

SMALLEST_SHARE = 20  # a leaf never has to hold more than one row in so many


def default_regularisation(engine: str, n: int) -> Regularisation:
    """Return the knobs for ``n`` training rows.

    Small steps (0.05) with the number of rounds from cross-validation do most of the work; leaves of some rows and
    trees that see 80 % of the rows do the rest, and cost nothing. Leaf penalties are left out: where the others are
    set they hardly change a score (the best of tuned defaults have them at zero, too), and they slow nothing down
    but understanding. ``min_rows`` falls below 20 on fewer than 400 rows, so that trees can split there at all.

    >>> default_regularisation("lightgbm", 100)
    Regularisation(min_rows=5, leaves=31, row_sampling=0.8, column_sampling=0.8, learning_rate=0.05)
    """
    knobs = Regularisation(
        learning_rate=0.05, leaves=31, min_rows=min(20, max(n // SMALLEST_SHARE, 1)), column_sampling=0.8
    )
    return knobs if engine == "sklearn" else knobs.with_(row_sampling=0.8)
