"""A table of houses and options for fast fits."""

import numpy as np
import pandas as pd

#: Short paths and few folds: these tests ask whether it works, not how well it fits.
FAST = ("--cv", "4", "--strengths", "12", "--candidates", "ridge,lasso")


def houses(n=90, seed=0) -> pd.DataFrame:
    """Prices that depend on size, quality and town; some values are missing."""
    rng = np.random.default_rng(seed)
    size, quality = rng.normal(100, 20, n), rng.integers(1, 6, n)
    town = rng.choice(["Graz", "Linz", "Wien"], n)
    price = 3 * size + 20 * quality + 40 * (town == "Wien") + rng.normal(0, 15, n)
    frame = pd.DataFrame({"size": size, "quality": quality, "town": town, "noise": rng.normal(size=n)})
    frame.loc[::17, "size"] = np.nan
    return frame.assign(price=price, dear=np.where(price > np.median(price), "yes", "no"))


def kinds(n=120, seed=1) -> pd.DataFrame:
    """Houses of three kinds, told apart by size and quality."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["flat", "hut", "villa"], n)
    size = rng.normal(80, 15, n) + 40 * (kind == "villa") - 25 * (kind == "hut")
    quality = rng.normal(3, 1, n) + (kind == "flat")
    return pd.DataFrame({"size": size, "quality": quality, "noise": rng.normal(size=n), "kind": kind})
