"""Searching for settings automatically is worth its cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import CLASSES, split, table
from ..drawing import axes, curve, dots, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETS = ("concrete", "diabetes", "sonar", "credit_approval")
_DEFAULT = {"lr": 5e-3, "Dropout.p": 0.15, "WeightDecay.rate": 1e-2, "EMA.decay": 0.99}
_FOLDS = 3
Rows = tuple[np.ndarray, np.ndarray]


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Search among more and more settings on random halves, and test what was chosen on the other half."""
    from ... import nets

    splits, most, epochs, many = (2, 120, 6, 20) if quick else (5, 240, 20, 100)
    nets.lockstep(
        nets.NetSettings((2,), steps=1), {}, np.eye(8), np.arange(8.0), cv=2
    )  # loads torch before any clock
    arms = ["default", "10 nets", f"{many} nets, halved", f"{many} nets"]
    facts: dict[str, Any] = {"arms": arms, "sets": [], "fits": 0}
    for order, name in enumerate(_SETS[1:3] if quick else _SETS):
        rng = np.random.default_rng([seed, order])
        found = np.array([_searches(name, most, epochs, many, rng) for _ in range(splits)])
        facts["sets"].append({"name": name, **_summary(found)})
        facts["fits"] += splits * (1 + (10 + 2 * many) * _FOLDS + 3)
    return facts


def _searches(name: str, most: int, epochs: int, many: int, rng: np.random.Generator) -> list[list[float]]:
    """Loss on the other half, loss on the folds (of the default: the same), and seconds, for every arm."""
    from ... import nets
    from ...nets.auto.space import cocktails

    X, y = table(name)
    if name not in CLASSES:
        y = (y - y.mean()) / y.std()
    rows = rng.permutation(len(y))[:most]
    train, test = (rows[part] for part in split(len(rows), 0.5, rng))
    folds = [(np.setdiff1d(train, fold), fold) for fold in np.array_split(train, _FOLDS)]
    space = cocktails(name in CLASSES, [(32,)])
    points = [_DEFAULT, *(space.draw(rng) for _ in range(many - 1))]
    base = nets.NetSettings((32,), batch_size=32, epochs=epochs, seed=int(rng.integers(2**31)))

    def searched(count: int, halving: Any) -> list[float]:
        begin, best, own = time.process_time(), 0, np.nan
        if count > 1:
            found = nets.lockstep(
                base, points[:count], X, y, cv=folds, evaluate_every=5, halving=halving, threads=1
            )
            best, own = found.best, float(found.mean[found.best])
        final = nets.lockstep(base, [points[best]], X, y, cv=[(train, test)], evaluate_every=20, threads=1)
        return [float(final.scores[0, 0]), own, time.process_time() - begin]

    found = [
        searched(count, halving)
        for count, halving in ((1, None), (10, None), (many, (0.25, 0.5)), (many, None))
    ]
    found[0][1] = found[0][0]
    return found


def _summary(found: np.ndarray) -> dict[str, Any]:
    """Numbers of one set from (splits, arms, 3)."""
    loss, own, seconds = np.moveaxis(found, -1, 0)
    numbers = {
        "loss": loss,
        "gain": np.log(loss[:, :1] / loss[:, 1:]),
        "more": np.log(loss[:, 1] / loss[:, 3]),
        "halved": np.log(loss[:, 3] / loss[:, 2]),
        "flattered": np.log(loss[:, 1:] / own[:, 1:]),
        "seconds": seconds,
    }
    return {
        key: value
        for name, values in numbers.items()
        for key, value in zip((name, f"{name}_se"), mean_se(values), strict=True)
    }


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    sets = facts["sets"]
    clear = [[g > 2 * se for g, se in zip(one["gain"], one["gain_se"], strict=True)] for one in sets]
    most, some = sum(one[-1] for one in clear), sum(map(any, clear))
    more = sum(one["more"] > 2 * one["more_se"] for one in sets)
    gains = ", ".join(
        f"{one['name']} {plus_minus(100 * one['gain'][-1], 100 * one['gain_se'][-1])}" for one in sets
    )
    times = np.mean([one["seconds"] for one in sets], axis=0)
    halved = sum(abs(one["halved"]) <= 2 * one["halved_se"] for one in sets)
    said = (
        f"The best of {facts['arms'][3]} by folds beats the default on {most} of {len(sets)} sets (error lower by, %: "
        f"{gains}), and beats the best of 10 on {more}; the two cost {number(times[3] / times[0], 2)} and "
        f"{number(times[1] / times[0], 2)} times the default's {number(times[0], 2)} s. Halving takes "
        f"{number(100 * times[2] / times[3], 2)} % of the time of the full search and ties with it on {halved}."
    )
    if most == len(sets) and 2 * more >= len(sets):
        return Verdict("holds", said)
    return Verdict("holds when" if some else "does not hold", said)


def table_of(facts: Facts) -> Table:
    """One row a set and search."""
    rows = []
    for one in facts["sets"]:
        for k, arm in list(enumerate(facts["arms"]))[1:]:
            losses = (plus_minus(one["loss"][at], one["loss_se"][at]) for at in (0, k))
            shares = ("gain", "flattered")
            against = (plus_minus(100 * one[key][k - 1], 100 * one[f"{key}_se"][k - 1]) for key in shares)
            times = f"{number(one['seconds'][k], 2)} ({number(one['seconds'][0], 2)})"
            rows.append([f"{one['name']}, {arm}", *losses, *against, times])
    head = ["set, search", "default's loss", "test loss", "below the default, %", "above its own folds, %"]
    return Table([*head, "seconds (default's)"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the error over the time, and how far the folds of the winner flatter it."""
    left, right = axes(figure, ["Error against time", "Is the winner lucky?"])
    for order, one in enumerate(facts["sets"]):
        gain, error = ([0.0, *one[key]] for key in ("gain", "gain_se"))
        curve(
            left,
            one["seconds"],
            [-100 * g for g in gain],
            [100 * e for e in error],
            label=one["name"],
            order=order,
        )
    left.axhline(0, color="black", linewidth=0.8)
    left.set(xscale="log", xlabel="seconds of CPU", ylabel="test error against the default's, %")
    legend(left)
    series = {
        arm: (_percents(facts, "flattered", k), _percents(facts, "flattered_se", k))
        for k, arm in enumerate(facts["arms"][1:])
    }
    dots(right, [one["name"] for one in facts["sets"]], series)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_xlabel("test error above that of its folds, %")
    right.set_ylim(bottom=-2.2)  # room for the legend
    legend(right, loc="lower left")


def _percents(facts: Facts, key: str, k: int) -> list[float]:
    return [100 * one[key][k] for one in facts["sets"]]


EXPERIMENT = Experiment(
    name="search-pays",
    part="choosing and combining",
    claim="Automatic search for settings is worth its cost.",
    why="""
    The best of k random settings lies among the best 1/k of the space with a chance of two thirds, so
    that the first ten buy most (Bergstra and Bengio, 2012), and halving spends time only on what looks
    good early (Jamieson and Talwalkar, 2016). But k settings are compared on the same few rows: the
    more there are, the more the winner has won by luck.
    """,
    how=f"""
    A net of 32 units on random halves of four shipped sets (at most 240 rows, 5 halves): a default
    recipe, and the best by {_FOLDS} folds of 10 and of 100 random cocktails of regularisers and
    learning rates (the default among them), and of the same 100 halved at a quarter and at half of
    their training; all are lanes. The winner is trained again on the half and tested on the other half,
    which no search has seen. Time is that of one CPU. A larger setting (64 units, 30 epochs, six
    halves), dropped for its time, had the 100 beat the default on two sets.
    """,
    rule="""
    The best of 100 beats the default by more than two paired standard errors (of the log ratio of test
    errors) on every set, and beats the best of 10 on at least half of them: holds. Else, some search
    beats the default on some set: holds when. Else: does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table_of,
    plot=plot,
    needs=("torch",),
    alone=True,
)
