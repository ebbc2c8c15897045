"""Dropout averages an ensemble of sub-nets, and one scaled net stands for their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import clothes, digits
from ..drawing import BLUE, GREY, axes, bars, dots
from ..draws import pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RATE = 0.5  # half of all hidden units, so that every sub-net has the same chance
_CLOSE, _NEAR = 0.9, 0.25  # of the rule
_WHAT = ("error", "loss")


_WHO = {
    "single": "one sub-net",
    "mean": "mean of sub-nets",
    "scaled": "scaled net",
    "apart": "nets trained apart",
}


@dataclass(frozen=True)
class _Net:
    """Hidden layers, the data, and whether all sub-nets are asked or a sample of them."""

    hidden: tuple[int, ...]
    data: str = "digits"
    every: bool = False

    @property
    def name(self) -> str:
        units = " + ".join(map(str, self.hidden))
        return f"{self.data}, {units} units"


_NETS = (
    _Net((12,), every=True), _Net((6, 6), every=True), _Net((64,)), _Net((64, 64)), _Net((64, 64, 64)),
    _Net((64, 64), "clothes"),
)  # fmt: skip


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets with dropout on several draws, and ask their sub-nets."""
    draws, passes, apart = (2, 30, 2) if quick else (10, 200, 5)
    nets = (_NETS[0], _NETS[2]) if quick else _NETS
    found = [_of(net, np.random.default_rng([seed, k]), draws, passes, apart) for k, net in enumerate(nets)]
    return {"nets": found, "rate": _RATE, "apart": apart, "fits": len(nets) * draws * (1 + apart)}


def _of(net: _Net, rng: np.random.Generator, draws: int, passes: int, apart: int) -> dict[str, Any]:
    import torch

    from ...nets import NetSettings, lockstep
    from ..sub_nets import asked, judged

    X, y = digits() if net.data == "digits" else clothes()
    chosen = pairs(y, 500, 200 if net.every else 500, draws, rng)
    plain = NetSettings(net.hidden, lr=1e-2 if net.every else 3e-3, batch_size=32, steps=600)
    grid = [{"Dropout.p": _RATE, "seed": apart}, *({"seed": k} for k in range(apart))]
    trained = lockstep(plain, grid, X, y, cv=chosen, scaling="none", evaluate_every="600 steps")
    inputs, labels = torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)
    rows: list[dict[str, float]] = []
    for fold, (_, test) in enumerate(chosen):
        at, target = inputs[test], labels[test]
        module, *others = [trained.lane(k, fold).module().requires_grad_(False) for k in range(1 + apart)]
        said = asked(module, at, _RATE, None if net.every else passes, fold)
        together = torch.stack([other(at).softmax(-1) for other in others]).mean(0)
        rows.append(judged(said, {"scaled": module(at).softmax(-1), "apart": together}, target))
    return {"name": net.name, "every": net.every, **_summary(rows)}


def _summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    found: dict[str, Any] = {"geometric_gap": float(columns.pop("geometric_gap").max())}
    for measure in _WHAT:
        single, scaled, mean = (columns[f"{who}_{measure}"] for who in ("single", "scaled", "mean"))
        found[f"gain_{measure}"] = mean_se(single - mean)
        # the share of the gain that scaling keeps: a ratio of means, by the differences it leaves
        gain = float((single - mean).mean())
        kept = (single - scaled).mean() / gain
        found[f"kept_{measure}"] = (kept, mean_se((single - scaled - kept * (single - mean)) / gain)[1])
        found |= {f"{who}_{measure}": mean_se(columns[f"{who}_{measure}"]) for who in _WHO}
    return found | {"distance": mean_se(columns["distance"] / columns["single_distance"])}


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    nets = facts["nets"]
    nothing = [
        one for one in nets if any(one[f"gain_{what}"][0] <= 2 * one[f"gain_{what}"][1] for what in _WHAT)
    ]
    if nothing:
        return Verdict("does not hold", f"Averaging gains nothing sure in {_names(nothing, nets)}.")
    kept, kept_loss = ([one[f"kept_{what}"][0] for one in nets] for what in _WHAT)
    distances = [one["distance"][0] for one in nets]
    text = (
        f"The scaled net recovers {share(min(kept))} to {share(max(kept))} of what averaging the sub-nets gains over a "
        f"single one in error, and {share(min(kept_loss))} to {share(max(kept_loss))} in log-loss; its probabilities "
        f"are {number(min(distances), 2)} to {number(max(distances), 2)} times as far from their mean as a single "
        "sub-net's"
    )
    lost, far = ([one for one in nets if not good(one)] for good in (_keeps, _close))
    if len(lost) == len(nets):
        return Verdict("does not hold", f"{text}. In no net are {share(_CLOSE)} of the gains sure.")
    if not lost and not far:
        return Verdict("holds", f"{text}.")
    fails = [f"{share(_CLOSE)} of the gains are not sure in {_names(lost, nets)}"] if lost else []
    fails += [f"it is as good as their mean without being near it in {_names(far, nets)}"] if far else []
    return Verdict("holds when", f"{text}. But {', and '.join(fails)}.")


def _names(some: list[Facts], nets: list[Facts]) -> str:
    return "any net" if len(some) == len(nets) else "; ".join(one["name"] for one in some)


def _keeps(one: Facts) -> bool:
    return all(one[f"kept_{what}"][0] - 2 * one[f"kept_{what}"][1] >= _CLOSE for what in _WHAT)


def _close(one: Facts) -> bool:
    return one["distance"][0] + 2 * one["distance"][1] <= _NEAR


def table(facts: Facts) -> Table:
    """One row a net."""
    rows = [
        [
            one["name"], *(plus_minus(*(100 * x for x in one[f"{who}_error"])) for who in _WHO),
            *(plus_minus(*one[f"{who}_loss"]) for who in ("single", "mean", "scaled")), plus_minus(*one["distance"]),
            f"{one['geometric_gap']:.0e}" if one["every"] else "-",
        ]
        for one in facts["nets"]
    ]  # fmt: skip
    who = [f"error of {name}, %" for name in _WHO.values()]
    who[-1] = f"error of {facts['apart']} plain nets trained apart, averaged, %"
    more = [f"log-loss of {_WHO[name]}" for name in ("single", "mean", "scaled")]
    last = ["distance of the scaled net, in that of a sub-net", "largest gap to the geometric mean"]
    return Table(["net", *who, *more, *last], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the errors of each kind of prediction, and the distances."""
    left, right = axes(figure, ["Test error", "Distance of the scaled net"], share_y=True)
    names = [one["name"].replace(", ", "\n") for one in facts["nets"]]
    series = {
        name: tuple(100 * np.transpose([one[f"{who}_error"] for one in facts["nets"]]))
        for who, name in _WHO.items()
    }
    dots(left, names, series)
    left.set(xscale="log", xlabel="error, % (log scale)", ylabel="data and hidden units")
    left.set_xticks((5, 10, 20, 50), ("5", "10", "20", "50"))
    left.minorticks_off()
    bars(right, names, *np.transpose([one["distance"] for one in facts["nets"]]), colours=BLUE)
    right.axvline(_NEAR, color=GREY, linestyle=":")
    right.set(xlabel="distance, one sub-net = 1 (dotted: limit)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(series))


EXPERIMENT = Experiment(
    name="dropout-averages",
    part="nets",
    claim="Dropout averages an exponential ensemble, and one net with scaled weights stands for that average.",
    why="""
    Every mask is a sub-net, all 2^k of them share their weights, and training on a new mask each step
    trains them all a little (Srivastava et al., 2014). With one hidden layer before a softmax the
    scaled net is exactly their geometric mean, normalised; with more layers it is an approximation
    (Baldi and Sadowski, 2013), and it is never the arithmetic mean that an ensemble would take.
    """,
    how="""
    Nets of one to three hidden layers trained with dropout of 0.5 on 500 digits or pictures of clothes,
    tested on 500 others (200 where there are 12 hidden units), 10 draws each. Of 12 units all 4,096
    sub-nets are asked, else 200 a row; their mean probabilities are held against the scaled net, a
    single sub-net, and the mean of 5 plain nets trained apart.
    """,
    rule=f"""
    Holds if in every net the mean of the sub-nets beats a single one in error and log-loss by more than
    two standard errors, the scaled net keeps at least {share(_CLOSE)} of both gains (less two standard
    errors), and its probabilities are at most {_NEAR:g} times as far from the mean (root mean square,
    plus two standard errors) as those of a single sub-net; does not hold if averaging gains nothing or
    the gains are kept in no net; else 'holds when'.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
