"""Regularisers combined beat each alone."""

from __future__ import annotations

from itertools import product
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import digits, split, table
from ..drawing import COLOURS, axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = ("sonar", "credit_approval", "breast_cancer", "digits")
#: name -> its name in a grid, and strengths from weak to strong.
_PLAYERS: dict[str, tuple[str, tuple[float, ...]]] = {
    "weight decay": ("WeightDecay.rate", (0.3, 1.0, 3.0)),
    "dropout": ("Dropout.p", (0.15, 0.3, 0.5)),
    "early stopping": ("EarlyStopping.patience", (8, 4, 2)),
    "mixup": ("Mixup.alpha", (0.1, 0.4, 1.0)),
    "label smoothing": ("LabelSmoothing.eps", (0.02, 0.05, 0.15)),
}
_SUBSETS = tuple(product((False, True), repeat=len(_PLAYERS)))
_INNER = 3


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets with every subset of five regularisers on random halves, and on folds of them to choose by."""
    splits, most, epochs = (2, 80, 8) if quick else (10, 240, 30)
    facts: dict[str, Any] = {"players": list(_PLAYERS), "sets": [], "fits": 0}
    for order, name in enumerate(_SETS[:2] if quick else _SETS):
        losses = _losses(name, splits, most, epochs, [seed, order])
        facts["sets"].append({"name": name, **_summary(losses)})
        facts["fits"] += losses.size
    return facts


def _losses(name: str, splits: int, most: int, epochs: int, seed: list[int]) -> np.ndarray:
    """Log losses, (settings, splits, 1 + folds): of the other half, then of each fold of the half to learn from."""
    from ... import nets

    X, y = digits() if name == "digits" else table(name)
    rng = np.random.default_rng(seed)
    pairs = [pair for _ in range(splits) for pair in _rows(len(y), most, rng)]
    base = nets.NetSettings((32,), lr=1e-2, batch_size=32, epochs=epochs, seed=int(rng.integers(2**31)))
    found = nets.lockstep(base, _points(), X, y, cv=pairs, scoring="log_loss", evaluate_every=2, threads=1)
    return found.scores.reshape(-1, splits, 1 + _INNER)


def _rows(n: int, most: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw halves to learn from and to be tested on; then folds of the first."""
    rows = rng.permutation(n)[:most]
    train, test = (rows[part] for part in split(len(rows), 0.5, rng))
    folds = np.array_split(train, _INNER)
    return [(train, test), *((np.setdiff1d(train, fold), fold) for fold in folds)]


def _points() -> list[dict[str, Any]]:
    """All subsets at the middle strengths, then at weak ones, then each alone at its greatest strength."""
    kinds = list(_PLAYERS.values())
    found = [
        {name: values[level] for (name, values), on in zip(kinds, subset, strict=True) if on}
        for level, subsets in ((1, _SUBSETS), (0, _SUBSETS[1:]))
        for subset in subsets
    ]
    return found + [{name: values[2]} for name, values in kinds]


def _summary(losses: np.ndarray) -> dict[str, Any]:
    test, inner = losses[..., 0], losses[..., 1:].mean(axis=-1)
    sizes = np.array([len(point) for point in _points()])
    plain = test[:1]
    chosen = {
        kind: _at(test, inner, np.flatnonzero(of))
        for kind, of in (("single", sizes == 1), ("several", sizes > 1))
    }
    of_size = np.array([test[: len(_SUBSETS)][sizes[: len(_SUBSETS)] == k].mean(axis=0) for k in range(6)])
    best = test[sizes == 1].mean(axis=1).argmin()
    found = {
        "none": plain[0], "single": chosen["single"], "several": chosen["several"], "all": test[len(_SUBSETS) - 1],
        "gain": np.log(chosen["single"] / chosen["several"]), "size": (of_size / plain).T,
        "all_gain": np.log(test[sizes == 1][best] / test[len(_SUBSETS) - 1]),
        "shapley": (_shapley(-test[: len(_SUBSETS)]) / plain).T,
    }  # fmt: skip
    return {
        key: value
        for name, values in found.items()
        for key, value in zip((name, f"{name}_se"), mean_se(values), strict=True)
    }


def _at(test: np.ndarray, inner: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Test losses, split by split, of the setting that the folds choose."""
    return test[among[inner[among].argmin(axis=0)], np.arange(test.shape[1])]


def _shapley(values: np.ndarray) -> np.ndarray:
    """Shares of every player, (players, ...), of values (subsets, ...) of all subsets."""
    count = len(_PLAYERS)
    place = {subset: k for k, subset in enumerate(_SUBSETS)}
    shares = np.zeros((count, *values.shape[1:]))
    for subset, k in place.items():
        size = sum(subset)
        weight = factorial(size) * factorial(count - size - 1) / factorial(count) if size < count else 0.0
        for player in range(count):
            if not subset[player]:
                joined = place[(*subset[:player], True, *subset[player + 1 :])]
                shares[player] += weight * (values[joined] - values[k])
    return shares


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    sets = facts["sets"]
    better = [one["name"] for one in sets if one["gain"] > 2 * one["gain_se"]]
    gains = ", ".join(f"{one['name']} {plus_minus(100 * one['gain'], 100 * one['gain_se'])}" for one in sets)
    whole = sum(one["all_gain"] > 2 * one["all_gain_se"] for one in sets)
    said = (
        f"A combination chosen by folds beats a single one chosen by folds on {len(better)} of {len(sets)} sets "
        f"(log loss lower by, %: {gains}); all five together at usual strengths beat the best single one on {whole}."
    )
    if not better:
        return Verdict("does not hold", said)
    return Verdict("holds" if len(better) == len(sets) else "holds when", said)


def table_of(facts: Facts) -> Table:
    """One row a set, then each regulariser's share."""
    head = ["log loss of new rows", *(one["name"] for one in facts["sets"])]
    names = {
        "none": ("no regulariser", 1),
        "single": ("one, chosen by folds", 1),
        "several": ("several, chosen by folds", 1),
        "all": ("all five", 1),
        "gain": ("several below one, %", 100),
        "all_gain": ("all five below the best one, %", 100),
    }
    rows = [
        [name, *(plus_minus(unit * one[key], unit * one[f"{key}_se"]) for one in facts["sets"])]
        for key, (name, unit) in names.items()
    ]
    for k, player in enumerate(facts["players"]):
        shares = (plus_minus(100 * one["shapley"][k], 100 * one["shapley_se"][k]) for one in facts["sets"])
        rows.append([f"share of {player}, % of none's", *shares])
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the loss over the number combined, and what each brings on average."""
    left, right = axes(figure, ["Number combined", "What each brings (Shapley)"])
    for order, one in enumerate(facts["sets"]):
        mean, error = ([100 * value for value in one[key]] for key in ("size", "size_se"))
        curve(left, range(len(mean)), mean, error, label=one["name"], order=order, colour=COLOURS[order])
    left.set(
        xlabel="regularisers, mean of all such subsets", ylabel="log loss of new rows, % of that of none"
    )
    legend(left)
    series = {
        one["name"]: ([100 * v for v in one["shapley"]], [100 * v for v in one["shapley_se"]])
        for one in facts["sets"]
    }
    dots(right, facts["players"], series)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel("share of the gain, % of the loss of none")


EXPERIMENT = Experiment(
    name="combining",
    part="choosing and combining",
    claim="Regularisers combined beat each alone.",
    why="""
    Regularisers restrain different things (weights, units, time, inputs, targets), so that what one
    leaves another may take; searches over cocktails of them beat single ones on many tables (Kadra et
    al., 2021). But all of them pay in bias for the same variance, and what one has removed another
    cannot remove again: gains should shrink as they are added (shares in the sense of Shapley, 1953).
    """,
    how=f"""
    Nets of 32 hidden units on random halves of four shipped sets (at most 240 rows, 10 halves): all 32
    subsets of weight decay, dropout, early stopping, mixup and label smoothing at usual and at weak
    strengths, and each alone also at a great one, trained as lanes on the half and on {_INNER} folds of
    it. A fifth of the training rows is kept from all nets, for those that stop early. Folds choose one
    setting among singles and one among combinations; both meet on the other half, by log loss. Measured
    three times, with more halves and then with weak combinations besides, since the first runs could
    not tell small gains from none and gave single regularisers more strengths; the verdict was the same
    each time.
    """,
    rule="""
    The combination of two or more that folds choose has a lower log loss (mean log ratio) than the
    single regulariser (kind and strength) that folds choose, by more than two paired standard errors
    over halves, on every set: holds. On some: holds when. On none: does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table_of,
    plot=plot,
    needs=("torch",),
)
