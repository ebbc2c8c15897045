"""Small tables of every kind, made on the spot."""

import numpy as np
import pandas as pd
import pytest

from regularfit.table import Table


@pytest.fixture
def mixed() -> pd.DataFrame:
    """Numbers with gaps, booleans, few and many levels with gaps, two levels, dates, text that looks missing."""
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.1, np.nan, rng.normal(1e6, 1.0, n)),
            "count": rng.integers(0, 9, n),
            "member": rng.random(n) < 0.5,
            "member_or_not": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
            "town": rng.choice(["Graz", "Linz", "NA", "None"], n),
            "size": rng.choice(np.array(["small", "large"], dtype=object), n),
            "shop": [f"shop {int(i)}" for i in rng.integers(0, 20, n) ** 2 // 6 + rng.integers(0, 3, n)],
            "when": pd.Series(pd.date_range("2020-01-01 05:00", periods=n, freq="31h")).astype(str),
            "day": pd.date_range("2021-03-01", periods=n, freq="D"),
        }
    )
    frame.loc[[3, 50], "town"] = None
    frame.loc[[7, 8], "when"] = None
    return frame


@pytest.fixture
def as_table():
    """Turn a frame into a table as if it had been read."""
    return lambda frame, path="t.csv": Table(path, "csv", 1, "0" * 64, frame)
