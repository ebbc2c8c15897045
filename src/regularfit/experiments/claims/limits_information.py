"""Dropout and the bottleneck limit information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Matrix
from ..data import digits, split
from ..drawing import BLUE, GREY, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, percent, plus_minus, points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BETAS = (1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
_RATES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65)
_BETA = 1e-3  # of the nets with dropout
_ROWS, _TESTS, _CODE = 300, 1000, 8


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets with a noisy code: all prices as lanes of one net, then all rates of dropout at one small price."""
    times, steps = (2, 60) if quick else (8, 400)
    betas, rates = (_BETAS[::3], _RATES[::4]) if quick else (_BETAS, _RATES)
    by_beta = np.stack([_along_beta(betas, seed, repeat, steps) for repeat in range(times)])
    by_rate = np.stack([_along_rates(rates, seed, repeat, steps) for repeat in range(times)])
    half = rates.index(0.5)
    lost = by_beta[:, :1, 2] - by_beta[:, :, 2]
    return {
        "betas": betas,
        **_named("beta", by_beta),
        "lost": [mean_se(one) for one in lost.T],
        "rates": rates,
        **_named("rate", by_rate),
        "dropout_keeps_back": mean_se(by_rate[:, 0, 0] - by_rate[:, half, 0]),
        "dropout_gains": mean_se(by_rate[:, half, 2] - by_rate[:, 0, 2]),
        "fits": by_beta[..., 0].size + by_rate[..., 0].size,
    }


def _named(of: str, found: np.ndarray) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for k, key in enumerate(("nats", "told", "accuracy")):
        facts[f"{of}_{key}"], facts[f"{of}_{key}_se"] = mean_se(found[..., k])
    return facts


def _along_beta(betas: tuple[float, ...], seed: int, repeat: int, steps: int) -> Matrix:
    from ... import nets

    train, test = _rows(seed, repeat)
    found = nets.beta_path(_trainer([nets.VIB(dim=_CODE)], repeat, steps), betas, *test, train=train)
    return found[["nats", "told", "accuracy"]].to_numpy()


def _along_rates(rates: tuple[float, ...], seed: int, repeat: int, steps: int) -> Matrix:
    from ... import nets

    train, test = _rows(seed, repeat)

    def fit(vib: Any, rate: float) -> Any:
        dropout = [nets.Dropout(rate)] if rate else []
        return _trainer([vib, *dropout], repeat, steps).fit(*train).model_

    vib = nets.VIB(dim=_CODE)
    found = [nets.beta_path(lambda vib, rate=rate: fit(vib, rate), [_BETA], *test, vib=vib) for rate in rates]
    return np.concatenate([one[["nats", "told", "accuracy"]].to_numpy() for one in found])


def _rows(seed: int, repeat: int) -> Any:
    import torch

    X, y = digits()
    train, test = split(len(y), _TESTS, np.random.default_rng([seed, repeat]))
    return [
        (torch.tensor(X[rows], dtype=torch.float32), torch.tensor(y[rows])) for rows in (train[:_ROWS], test)
    ]


def _trainer(regularisers: list[Any], seed: int, steps: int) -> Any:
    from ... import nets
    from ...nets.architectures import initialise, mlp

    net = initialise(mlp(64, (128,), 10), seed)
    return nets.Trainer(net, regularisers, lr=5e-3, steps=steps, batch_size=64, seed=seed, verbose=None)


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    nats = np.asarray(facts["beta_nats"])
    falls = bool((np.diff(nats) < 0).all())
    free = [k for k, (mean, se) in enumerate(facts["lost"]) if mean < 2 * se and nats[k] < nats[0] / 2]
    less, less_se = facts["dropout_keeps_back"]
    at = free[-1] if free else len(nats) - 1
    numbers = (
        f"From beta {facts['betas'][0]:g} to {facts['betas'][at]:g} the bound on what the code tells falls from "
        f"{number(nats[0])} to {number(nats[at])} nats, while the accuracy changes by "
        f"{points((-facts['lost'][at][0], facts['lost'][at][1]))} points. Half "
        f"of the units dropped lowers the bound by {plus_minus(less, less_se)} nats and changes the accuracy by "
        f"{points(facts['dropout_gains'])} points."
    )
    if not (falls and free):
        return Verdict("does not hold", numbers)
    if less > 2 * less_se:
        return Verdict("holds", numbers)
    return Verdict("holds when", f"{numbers} Only the bottleneck limits information.")


def table(facts: Facts) -> Table:
    """One row a price, then one a rate of dropout."""
    rows = [
        [f"{name} {value:g}"]
        + [plus_minus(facts[f"{of}_{key}"][k], facts[f"{of}_{key}_se"][k]) for key in ("nats", "told")]
        + [plus_minus(100 * facts[f"{of}_accuracy"][k], 100 * facts[f"{of}_accuracy_se"][k])]
        for name, of in (("beta", "beta"), ("dropout", "rate"))
        for k, value in enumerate(facts[f"{of}s"])
    ]
    return Table(["net", "I(Z; X) at most, nats", "I(Z; Y) at least, nats", "accuracy, %"], rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the bounds over the price, and the accuracy over the information."""
    left, right = axes(figure, ["What the code tells", "What it is worth"])
    curve(left, facts["betas"], facts["beta_nats"], facts["beta_nats_se"], label="about the picture, at most")
    curve(
        left, facts["betas"], facts["beta_told"], facts["beta_told_se"], label="about the digit, at least",
        order=1, dashed=True,
    )  # fmt: skip
    left.axhline(np.log(10), color=GREY, linestyle=":", label="all about the digit")
    left.set(xscale="log", xlabel="beta, the price of a nat", ylabel="information (nats)")
    left.set_yscale("symlog", linthresh=1.0)
    left.set_yticks([0, 1, 3, 10, 30, 100], ["0", "1", "3", "10", "30", "100"])
    left.minorticks_off()
    left.set_ylim(-0.2, 1000)
    legend(left, fontsize=8.5, loc="upper right")
    for order, (of, colour, label) in enumerate(
        (
            ("beta", BLUE, "price from small to large"),
            ("rate", ORANGE, f"dropout from 0 to {facts['rates'][-1]:g}"),
        )
    ):
        curve(
            right, facts[f"{of}_nats"], percent(facts[f"{of}_accuracy"]),
            percent(facts[f"{of}_accuracy_se"]), label=label, colour=colour, order=order, dashed=bool(order),
        )  # fmt: skip
    right.set(
        xlabel="information about the picture (nats, at most)", ylabel="new digits right (%)", xscale="log"
    )
    right.set_ylim(0, 102)
    legend(right, loc="lower right")


EXPERIMENT = Experiment(
    name="limits-information",
    part="nets",
    claim="Dropout and the information bottleneck limit what a net keeps of its input.",
    why="""
    A noisy code z with a price beta on KL(p(z | x) || N(0, 1)), whose mean bounds I(Z; X) from above,
    keeps only what pays for itself in predictions (Tishby, Pereira and Bialek, 1999; Alemi, Fischer,
    Dillon and Murphy, 2017). Dropout is multiplicative noise and so a channel, too, but nothing prices
    what passes it (Achille and Soatto, 2018).
    """,
    how=f"""
    Nets of 128 units with a code of {_CODE} numbers on {_ROWS} digits, eight draws, {_TESTS:,} other
    rows for all measures: {len(_BETAS)} prices as lanes of one batched net; and {len(_RATES)} rates of
    dropout, each trained at the small price {_BETA:g}, so that both are measured by the same bound.
    """,
    rule="""
    Holds if the bound falls at every step of beta, some beta halves the one at the smallest beta while
    the accuracy falls by less than two standard errors (paired), and half of the units dropped lowers
    the bound by more than two standard errors; 'holds when' without the last; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
