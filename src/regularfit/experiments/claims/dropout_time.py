"""Dropout slows training, not inference."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import digits
from ..drawing import COLOURS, axes, bars, curve, legend
from ..draws import pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RATES = (0.0, 0.2, 0.5)
_TARGET = 0.1  # log-loss of the training rows, without dropout
_WIDTH, _ROWS, _EPOCHS = 128, 600, 40
_SAME = 0.1  # of the rule: times that differ by less are the same
_WIDTHS = (64, 256, 512)


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Count epochs as lanes, then time steps and predictions, with dropout and without by turns."""
    draws, widths, turns = (3, _WIDTHS[:1], 3) if quick else (12, _WIDTHS, 12)
    epochs, losses = _epochs(seed, draws)
    timed = [_times(width, seed, turns, 30 if quick else 100) for width in widths]
    return {
        "rates": _RATES, "target": _TARGET, "most": _EPOCHS, "width": _WIDTH,
        "epochs": np.transpose(mean_se(epochs)), "never": (epochs >= _EPOCHS).sum(axis=0),
        "more": [mean_se(np.log(epochs[:, k] / epochs[:, 0])) for k in range(len(_RATES))],
        "curve": losses.mean(axis=0), "curve_se": mean_se(losses)[1],
        "times": timed, "fits": draws * len(_RATES) + 2 * turns * len(widths),
    }  # fmt: skip


def _epochs(seed: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the epochs until the training loss is at the target, (draws, rates), and the loss after every epoch."""
    from ...nets import NetSettings, lockstep

    X, y = (np.concatenate([part, part]) for part in digits())  # training rows are watched as if held out
    half = len(y) // 2
    chosen = [
        (train, train + half) for train, _ in pairs(y[:half], _ROWS, 0, draws, np.random.default_rng(seed))
    ]
    net = NetSettings((_WIDTH,), lr=2e-3, schedule="constant", batch_size=30, epochs=_EPOCHS)
    trained = lockstep(
        net,
        {"Dropout.p": _RATES},
        X,
        y,
        cv=chosen,
        scaling="none",
        scoring="log_loss",
        evaluate_every="5 steps",
    )
    seen = trained.curves().sort_values(["fold", "setting", "step"])
    losses = seen["score"].to_numpy().reshape(draws, len(_RATES), -1)
    step = seen["step"].to_numpy().reshape(losses.shape) * 30 / _ROWS
    there = losses <= _TARGET
    epochs = np.where(there.any(axis=-1), step[0, 0][there.argmax(axis=-1)], _EPOCHS)
    every = np.arange(3, losses.shape[-1], 4)  # four evaluations an epoch
    return epochs, losses[..., every]


def _times(width: int, seed: int, turns: int, steps: int) -> dict[str, Any]:
    """Time the steps and the predictions of nets of two hidden layers; a turn is one of each kind."""
    from ...nets import Dropout, Trainer
    from ...nets.architectures import initialise, mlp

    X, y = digits()
    pixels = X.astype(np.float32)
    spent: list[list[float]] = []
    for turn in range(turns + 1):  # the first warms up
        both: list[Any] = []
        for values in ([], [Dropout(0.5)]):
            net = initialise(mlp(64, (width, width), 10), seed + turn)
            how: dict[str, Any] = {
                "batch_size": 64,
                "steps": steps,
                "evaluate_every": f"{steps} steps",
                "seed": turn,
            }
            both.append(Trainer(net, values, **how))
        fitted = [_seconds(partial(one.fit, pixels, y)) / steps for one in both]
        said = [[_seconds(partial(one.predict, pixels)) for one in both] for _ in range(15)]  # by turns, too
        spent.append([*fitted, *np.min(said, axis=0)])
    plain, dropped, plain_said, dropped_said = np.array(spent[1:]).T
    return {
        "width": width,
        "step": mean_se(1e3 * plain), "step_dropout": mean_se(1e3 * dropped),
        "step_ratio": mean_se(np.log(dropped / plain)), "predict": mean_se(1e3 * plain_said),
        "predict_dropout": mean_se(1e3 * dropped_said), "predict_ratio": mean_se(np.log(dropped_said / plain_said)),
    }  # fmt: skip


def _seconds(work: Callable[[], Any]) -> float:
    """Seconds of the processor, of which other programs take none."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    rates = [f"{rate:g}" for rate in facts["rates"][1:]]
    slower = [rate for rate, (mean, se) in zip(rates, facts["more"][1:], strict=True) if mean > 2 * se]
    epochs = " and ".join(number(np.exp(mean), 3) for mean, _ in facts["more"][1:])
    steps, said = ([one[f"{what}_ratio"] for one in facts["times"]] for what in ("step", "predict"))
    same = all(abs(mean) + 2 * se <= _SAME for mean, se in said)
    text = (
        f"To the same training loss it takes {epochs} times the epochs at rates of {' and '.join(rates)}, and a step "
        f"takes {_between(steps)} times as long; predictions take {_between(said)} times as long."
    )
    if not slower or any(mean - 2 * se > _SAME for mean, se in said):
        return Verdict("does not hold", text)
    if len(slower) == len(rates) and same:
        return Verdict("holds", text)
    doubt = "" if same else f" That predictions take the same time, within {100 * _SAME:g} %, is not sure."
    return Verdict("holds when", f"{text} Epochs grow surely at {', '.join(slower)}.{doubt}")


def _between(ratios: list[tuple[float, float]]) -> str:
    found = sorted(np.exp(mean) for mean, _ in ratios)
    return f"{number(found[0], 3)} to {number(found[-1], 3)}" if len(found) > 1 else number(found[0], 3)


def table(facts: Facts) -> Table:
    """Rates first, then widths."""
    rows = [
        [f"rate {rate:g}: epochs to a loss of {facts['target']:g}", plus_minus(*epochs), _ratio(more)]
        for rate, epochs, more in zip(facts["rates"], facts["epochs"], facts["more"], strict=True)
    ]
    for one in facts["times"]:
        width = f"{one['width']} + {one['width']} units"
        rows.append([f"{width}: step, ms", plus_minus(*one["step_dropout"]), _ratio(one["step_ratio"])])
        rows.append(
            [f"{width}: predict 1,797, ms", plus_minus(*one["predict_dropout"]), _ratio(one["predict_ratio"])]
        )
    return Table(["what", "with dropout (of 0.5 in times)", "ratio to none"], rows)


def _ratio(log_ratio: tuple[float, float]) -> str:
    return plus_minus(np.exp(log_ratio[0]), np.exp(log_ratio[0]) * log_ratio[1])


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the training loss over epochs, and the ratios of times."""
    left, right = axes(figure, ["Training loss", "Dropout of 0.5 against none"])
    for order, rate in enumerate(facts["rates"]):
        mean, se = (facts[key][order] for key in ("curve", "curve_se"))
        curve(left, range(1, len(mean) + 1), mean, se, label=f"rate {rate:g}", order=order, points=False)
    left.axhline(facts["target"], color="black", linestyle=":", linewidth=1)
    left.set(xlabel="epochs", ylabel="log-loss without dropout (log scale)", yscale="log")
    legend(left)
    names, ratios = ["epochs"], [facts["more"][-1]]
    for one in facts["times"]:
        names += [f"step, {one['width']}", f"predict, {one['width']}"]
        ratios += [one["step_ratio"], one["predict_ratio"]]
    bars(
        right, names, [float(np.exp(mean)) for mean, _ in ratios], [float(np.exp(mean) * se) for mean, se in ratios],
        colours=[COLOURS[0] if name[0] != "p" else COLOURS[1] for name in names],
    )  # fmt: skip
    right.axvline(1, color="black", linestyle=":", linewidth=1)
    right.set(xlabel="ratio (steps and predictions by width)")


EXPERIMENT = Experiment(
    name="dropout-time",
    part="nets",
    claim="Dropout slows training, not inference.",
    why="""
    Each step trains another sub-net, so gradients are noisier and more epochs are needed, two to three
    times as many by the usual report (Srivastava et al., 2014). Predictions need no masks: weights are
    scaled already in training.
    """,
    how=f"""
    Nets of {_WIDTH} units trained on {_ROWS} digits with Adam at a constant rate, {len(_RATES)} rates
    of dropout and 12 draws as lanes: epochs until the log-loss of the training rows, without dropout,
    is {_TARGET:g}. Then processor times of a step of 64 rows and of predicting 1,797 rows, nets of two
    hidden layers, 12 turns with and without.
    """,
    rule=f"""
    Holds if at every rate the epochs grow (the logarithm of their ratio, paired by draw, above zero by
    more than two standard errors) and the time of predictions differs by at most {100 * _SAME:g} %, two
    standard errors included; does not hold if epochs grow at no rate or predictions are surely slower
    by more than that; else 'holds when'.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
    alone=True,
)
