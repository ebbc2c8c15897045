"""The gradient step with L2 shrinks weights; in SGD it equals weight decay, in Adam it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..._typing import Matrix, Vector
from ..data import numeric, split
from ..drawing import BLACK, BLUE, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RATE, _HIDDEN, _BATCH = 0.1, 16, 64
#: name -> optimiser, learning rate, momentum, whether decay comes before the step (as in torch) or after it,
#: and how many times the rate weight decay gets
_CASES = {
    "plain SGD": ("sgd", 0.05, 0.0, True, 1.0),
    "plain SGD, decay after the step": ("sgd", 0.05, 0.0, False, 1.0),
    "SGD with momentum 0.9": ("sgd", 0.01, 0.9, True, 1.0),
    "Adam": ("adam", 0.01, 0.0, True, 1.0),
    "momentum, tenfold weight decay": ("sgd", 0.01, 0.9, True, 10.0),
}
_Case: TypeAlias = tuple[str, float, float, bool, float]
_SAME, _APART = 1e-9, 0.01


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train twins that differ in the way of the decay only, and follow how far apart they are."""
    starts, steps = (3, 60) if quick else (6, 250)
    X, y = numeric("diabetes")
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    facts: dict[str, Any] = {
        "steps": list(range(1, steps + 1)),
        "cases": [],
        "fits": 3 * len(_CASES) * starts,
    }
    for name, case in _CASES.items():
        found = [_twins(X, y, case, steps, [seed, k]) for k in range(starts)]
        facts["cases"].append({"name": name, **_summary(found)})
        if name == "Adam":
            facts["path"] = {way: values[:, :2] for way, values in found[0].items()}
    return facts


def _twins(X: Matrix, y: Vector, case: _Case, steps: int, seed: list[int]) -> dict[str, Matrix]:
    """The decayed weights after each step, (steps, weights), without decay and with both ways of it."""
    from ...nets import WeightDecay

    ways = {
        "none": WeightDecay(0.0),
        "gradient": WeightDecay(_RATE, coupled=True),
        "decay": WeightDecay(case[4] * _RATE),
    }
    return {way: _trained(X, y, case, decay, steps, seed) for way, decay in ways.items()}


def _trained(X: Matrix, y: Vector, case: _Case, decay: Any, steps: int, seed: list[int]) -> Matrix:
    import torch
    from torch import nn

    from ...nets.regulariser import Run

    kind, lr, momentum, before, _ = case
    rng = np.random.default_rng(seed)
    net = nn.Sequential(nn.Linear(X.shape[1], _HIDDEN), nn.Tanh(), nn.Linear(_HIDDEN, 1)).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.as_tensor(0.3 * rng.standard_normal(tuple(p.shape))))
    made = (
        torch.optim.SGD(net.parameters(), lr, momentum)
        if kind == "sgd"
        else torch.optim.Adam(net.parameters(), lr)
    )
    active = decay.start(Run(net, made))
    inputs, targets = torch.as_tensor(X), torch.as_tensor(y)
    seen: list[Vector] = []
    for _ in range(steps):
        rows = torch.as_tensor(split(len(y), _BATCH, rng)[1])
        made.zero_grad()
        (net(inputs[rows])[:, 0] - targets[rows]).square().mean().backward()
        active.gradient()
        order: tuple[Callable[[], Any], ...] = (
            (active.prox, made.step) if before else (made.step, active.prox)
        )
        for act in order:
            act()
        seen.append(np.concatenate([p.detach().numpy().ravel() for p in net.parameters() if p.ndim > 1]))
    return np.array(seen)


def _summary(found: list[dict[str, Matrix]]) -> dict[str, Any]:
    """Distance of the twins as a share of how far decay moved the weights, and how often a norm falls."""

    def size(values: Matrix) -> Vector:
        return np.linalg.norm(values, axis=1)

    apart = np.array(
        [size(one["gradient"] - one["decay"]) / size(one["gradient"] - one["none"])[-1] for one in found]
    )
    norms = {way: np.array([size(one[way]) for one in found]) for way in ("none", "gradient")}
    facts: dict[str, Any] = {}
    for name, values in (
        ("along", apart),
        ("apart", apart[:, -1]),
        ("falls", (np.diff(norms["gradient"], axis=1) < 0).mean(axis=1)),
        ("falls_none", (np.diff(norms["none"], axis=1) < 0).mean(axis=1)),
        ("less", 1 - norms["gradient"][:, -1] / norms["none"][:, -1]),
    ):
        facts[name], facts[f"{name}_se"] = mean_se(values)
    return facts


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    plain, after, momentum, adam = facts["cases"][:4]
    numbers = (
        f"The two ways end apart by {number(plain['apart'], 1)} of what decay does in plain SGD, by "
        f"{_told(after)} if decay comes after the step, {_told(momentum)} with momentum and {_told(adam)} in Adam; "
        f"L2 leaves the norm of the weights smaller by {plus_minus(100 * plain['less'], 100 * plain['less_se'])} % in "
        f"plain SGD, where it falls in {100 * plain['falls']:.0f} % of the steps "
        f"({100 * plain['falls_none']:.0f} % without)."
    )
    shrinks = plain["less"] > 2 * plain["less_se"]
    if plain["apart"] > _SAME or not _far(adam) or not shrinks:
        return Verdict("does not hold", numbers)
    if _far(momentum) or _far(after):
        return Verdict(
            "holds when", f"{numbers} So the two are one in plain SGD only, with decay before the step."
        )
    return Verdict("holds", numbers)


def _far(one: Facts) -> bool:
    return one["apart"] - 2 * one["apart_se"] > _APART


def _told(one: Facts) -> str:
    return f"{plus_minus(100 * one['apart'], 100 * one['apart_se'])} %"


def table(facts: Facts) -> Table:
    """One row a case."""
    rows = [
        [
            one["name"],
            _told(one) if one["apart"] > _SAME else number(one["apart"], 1),
            *(plus_minus(100 * one[key], 100 * one[f"{key}_se"]) for key in ("less", "falls", "falls_none")),
        ]
        for one in facts["cases"]
    ]
    head = [
        "optimiser", "distance of the two ways, as a share of decay's effect", "norm smaller by L2, %",
        "steps in which the norm falls with L2, %", "and without, %",
    ]  # fmt: skip
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the distances over the steps, and two weights under Adam."""
    left, right = axes(figure, ["How far the two ways are apart", "Two weights under Adam"])
    for order, one in enumerate(facts["cases"]):
        far = np.maximum(np.array(one["along"]), 1e-17)
        curve(left, facts["steps"], far, order=order, label=one["name"], points=False, dashed=order % 2 == 1)
    left.set(yscale="log", xlabel="step", ylabel="distance / decay's effect", ylim=(1e-17, 1e10))
    legend(left, loc="upper right")
    for way, label, colour, dash in (
        ("none", "no decay", BLACK, ":"),
        ("gradient", "L2 in the gradient", ORANGE, "--"),
        ("decay", "weight decay", BLUE, "-"),
    ):
        first, second = np.array(facts["path"][way]).T
        right.plot(first, second, color=colour, linestyle=dash, label=label)
        right.plot(first[-1], second[-1], "o", color=colour)
    right.set(xlabel="first weight of the net", ylabel="second weight of the net")
    legend(right)


EXPERIMENT = Experiment(
    name="decay-in-the-gradient",
    part="linear models",
    claim="The gradient step with L2 shrinks weights; in SGD it equals weight decay, in Adam it does not.",
    why="""
    The gradient of half the squared norm is the weight itself, so a step of SGD multiplies the weights
    by 1 - lr x rate and then follows the data (Hanson and Pratt, 1988). Adam divides this gradient,
    too, by the scale of past gradients, so weights with large gradients are decayed less (Loshchilov
    and Hutter, 2019).
    """,
    how=f"""
    A net of {_HIDDEN} hidden units on diabetes, in double precision, 250 steps of {_BATCH} rows from 6
    starts: without decay, with L2 in the gradient and with weight decay, both of rate {_RATE:g} by
    nets.WeightDecay; the same start and the same batches. The distance of the weights is given as a
    share of how far L2 moved them. Decay is applied before the optimiser's step, as torch does, and in
    one case after it, as the trainer of regularfit does; in one more, beside the rule, weight decay
    gets ten times the rate, as momentum 0.9 adds up ten gradients.
    """,
    rule="""
    Does not hold unless the two ways agree to 1e-9 in plain SGD, differ by more than 1 % (and two
    standard errors) in Adam, and L2 ends with a smaller norm by more than two standard errors. Else
    'holds when' if momentum, or decay after the step, also sets them apart by more than 1 %, and holds
    if neither does.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
