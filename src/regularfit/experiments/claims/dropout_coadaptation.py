"""Dropout reduces the co-adaptation of hidden units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Vector
from ..data import clothes, digits
from ..drawing import axes, curve, legend
from ..draws import pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure

_RATES = (0.0, 0.2, 0.5, 0.7)
_DECIDES = 0.5
_UNITS, _PAIRS = 64, 200  # of a hidden layer; of units that are removed together
_MEANINGS = {
    "correlation": "units repeat each other",
    "removal": "the net leans on single units",
    "interaction": "a unit's worth hangs on others",
}


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets at each rate on the same draws, and look at their units on new rows."""
    draws = 3 if quick else 15
    sets = ("digits",) if quick else ("digits", "clothes")
    found = [_on(name, np.random.default_rng([seed, k]), draws) for k, name in enumerate(sets)]
    return {"sets": found, "rates": _RATES, "decides": _DECIDES, "fits": len(sets) * draws * len(_RATES)}


def _on(name: str, rng: np.random.Generator, draws: int) -> dict[str, Any]:
    import torch

    from ...nets import NetSettings, lockstep

    X, y = digits() if name == "digits" else clothes()
    chosen = pairs(y, 500, 500, draws, rng)
    net = NetSettings((_UNITS,), lr=3e-3, batch_size=32, steps=600)
    trained = lockstep(
        net, {"Dropout.p": _RATES}, X, y, cv=chosen, scaling="none", evaluate_every="600 steps"
    )
    inputs, labels = torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)
    both = torch.as_tensor(np.array([rng.choice(_UNITS, 2, replace=False) for _ in range(_PAIRS)]))
    seen = [
        [_units(trained.lane(k, fold).module(), inputs[test], labels[test], both) for k in range(len(_RATES))]
        for fold, (_, test) in enumerate(chosen)
    ]
    table = {what: np.array([[one[what] for one in row] for row in seen]) for what in seen[0][0]}
    at = _RATES.index(_DECIDES)
    return {
        "name": name,
        **{what: np.transpose(mean_se(values)) for what, values in table.items()},
        "change": {what: _change(table[what][:, at], table[what][:, 0]) for what in _MEANINGS},
    }


def _change(of: Vector, against: Vector) -> tuple[float, float]:
    """By which share of the mean it changes, draw by draw; single draws may be near zero."""
    return mean_se((of - against) / against.mean())


def _units(module: Any, at: torch.Tensor, target: torch.Tensor, both: torch.Tensor) -> dict[str, float]:
    """Return what the hidden units of one net do on rows."""
    import torch

    module.requires_grad_(False)
    active, last = module[:2](at), module[2]
    whole = last(active)
    shares = active.T[:, :, None] * last.weight.T[:, None, :]  # of each unit in the outputs, (units, n, C)

    def losses(outputs: torch.Tensor) -> torch.Tensor:
        return -outputs.log_softmax(-1)[..., torch.arange(len(target)), target].mean(-1)

    loss, single = losses(whole), losses(whole - shares)
    pair = losses(whole - shares[both[:, 0]] - shares[both[:, 1]])
    alive = active[:, active.std(0) > 0]
    spread = torch.corrcoef(alive.T)
    off = ~torch.eye(len(spread), dtype=torch.bool)
    return {
        "correlation": float(spread[off].abs().mean()),
        "dimensions": float(len(spread) ** 2 / spread.square().sum()),
        "removal": float((single - loss).mean()),
        "interaction": float((pair - single[both].sum(1) + loss).abs().mean()),
        "error": float((whole.argmax(-1) != target).float().mean()),
        "loss": float(loss),
    }


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    falls = {what: all(_falls(one, what) for one in facts["sets"]) for what in _MEANINGS}
    told = "; ".join(
        f"{what} "
        + ", ".join(f"{number(1 + one['change'][what][0], 2)} in {one['name']}" for one in facts["sets"])
        for what in _MEANINGS
    )
    text = f"At a rate of {facts['decides']:g}, in multiples of the plain net: {told}."
    if all(falls.values()):
        return Verdict("holds", f"{text} All three fall.")
    if not any(falls.values()):
        return Verdict("does not hold", f"{text} None falls surely.")
    good, bad = (
        [f"that {_MEANINGS[what]}" for what in _MEANINGS if falls[what] is way] for way in (True, False)
    )
    return Verdict(
        "holds when", f"{text} It holds when co-adaptation means {' or '.join(good)}, not {' or '.join(bad)}."
    )


def _falls(one: Facts, what: str) -> bool:
    mean, se = one["change"][what]
    return mean < -2 * se


def table(facts: Facts) -> Table:
    """One row a set of data and rate."""
    keys = ("correlation", "dimensions", "removal", "interaction")
    rows = [
        [
            f"{one['name']}, {rate:g}", *(plus_minus(*one[key][k]) for key in keys),
            plus_minus(*(100 * x for x in one["error"][k])),
        ]
        for one in facts["sets"]
        for k, rate in enumerate(facts["rates"])
    ]  # fmt: skip
    head = [
        "data, rate", "mean size of the correlation of two units", "dimensions that the units span",
        "loss from removing a unit", "interaction of two removals", "test error, %",
    ]  # fmt: skip
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw each meaning over the rate."""
    titles = ["Correlation", "Removing a unit", "Removing two"]
    labels = ["mean |correlation| of two units", "rise of test log-loss", "mean |interaction| in log-loss"]
    for on, what, label in zip(axes(figure, titles), _MEANINGS, labels, strict=True):
        for order, one in enumerate(facts["sets"]):
            mean, se = np.transpose(one[what])
            curve(on, facts["rates"], mean, se, label=one["name"], order=order)
        on.set(xlabel="rate of dropout", ylabel=label)
        on.set_ylim(bottom=0)
    legend(figure.axes[0])


EXPERIMENT = Experiment(
    name="dropout-coadaptation",
    part="nets",
    claim="Dropout reduces the co-adaptation of hidden units.",
    why="""
    A unit that cannot count on any other being there has to be useful by itself (Hinton et al., 2012).
    It says less than it seems to: a net that must work without half of its units can do so by having
    others that say the same, and copies are correlated.
    """,
    how=f"""
    Nets of {_UNITS} hidden units trained with dropout of 0 to 0.7 on 500 digits or pictures of clothes,
    15 draws each, all rates and draws as lanes. On 500 other rows, with all units there: the mean size
    of the correlation of two units; the rise of the log-loss when one unit is removed; and the mean
    size of the interaction loss(without both) - loss(without one) - loss(without the other) + loss for
    {_PAIRS} pairs.
    """,
    rule=f"""
    Three meanings of co-adaptation: correlation, cost of removal, interaction. Each falls if at a rate
    of {_DECIDES:g} it is below that of the plain net by more than two standard errors of the
    difference, paired by draw, in each set of data. Holds if all three fall; 'holds when' if one or
    two; does not hold if none does.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
