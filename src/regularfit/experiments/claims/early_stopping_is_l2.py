"""Early stopping acts like L2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L2
from ..._typing import Matrix, Vector
from ..data import digits, simulate, split
from ..descent import Descent, matched
from ..drawing import BLUE, GREEN, GREY, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Along, Draw, along
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _COLUMNS, _TEST, _STEP = 80, 40, 400, 0.05
_TIMES = np.geomspace(0.05, 100, 34)  # step times iterations, from one on
_DECAYS = (0.0, 0.1, 0.3, 0.6, 1.0, 1.5, 3.0, 10.0)  # a quick run takes every other one
_WRONG = 0.2  # of the digits' labels


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Match gradient descent with ridge on simulated tables, then stopped nets with decayed ones."""
    draws = 10 if quick else 300
    rng = np.random.default_rng([seed, 0])
    tables = [_centred(rng) for _ in range(draws)]
    ridge = along(tables, L2(), np.geomspace(300, 1e-7, 111), standardize=False, keep=True)
    found = [_matched(one, ridge, k) for k, one in enumerate(tables)]
    linear = {key: np.array([one[key] for one in found]) for key in found[0]}
    best = int(linear["test"].mean(axis=0).argmin())
    return {
        "times": _TIMES,
        **_geometric("by_norm", linear["by_norm"]),
        **_geometric("by_error", linear["by_error"]),
        "best": best,
        "stopped": mean_se(linear["test"].min(axis=1)),
        "ridge": mean_se(ridge.test.min(axis=1)),
        "ratio": mean_se(np.log(linear["test"].min(axis=1) / ridge.test.min(axis=1))),
        "iterates": Descent(tables[0], _STEP).trained(100),
        "net": (net := _in_a_net(seed, quick)),
        "fits": ridge.fits + 1 + net["fits"],
    }


def _centred(rng: np.random.Generator) -> Draw:
    one = simulate(_ROWS + _TEST, _COLUMNS, rng, correlation=0.5)
    X, y = one.X - one.X[:_ROWS].mean(axis=0), one.y - one.y[:_ROWS].mean()
    return Draw(X[:_ROWS], y[:_ROWS], X[_ROWS:], y[_ROWS:])


def _matched(one: Draw, ridge: Along, k: int) -> dict[str, Vector]:
    """Return logarithms of strength x time by both matches, and the test errors."""
    assert ridge.coefs is not None
    coefs = Descent(one, _STEP).coefs(_TIMES)
    by_norm, by_error = matched(one, coefs, ridge.coefs[k], ridge.strengths)
    return {
        "by_norm": np.log(by_norm * _TIMES),
        "by_error": np.log(by_error * _TIMES),
        "test": ((one.y_test[:, None] - one.X_test @ coefs.T) ** 2).mean(axis=0),
    }


def _geometric(name: str, logs: Matrix) -> dict[str, Vector]:
    mean, error = mean_se(logs)
    return {name: np.exp(mean), f"{name}_se": np.exp(mean) * error}


def _in_a_net(seed: int, quick: bool) -> dict[str, Any]:
    """Train decays and draws of digits with wrong labels as lanes; stop the one without decay at every epoch."""
    from ... import nets

    X, y = digits()
    rng = np.random.default_rng([seed, 1])
    labels = np.where(rng.random(len(y)) < _WRONG, rng.integers(0, 10, len(y)), y)
    halves = [split(len(y), 1000, rng) for _ in range(3 if quick else 20)]
    folds = [(train[:200], test) for train, test in halves]
    base = nets.NetSettings(
        (64,), lr=3e-3, schedule="constant", batch_size=32, epochs=25 if quick else 60, seed=seed
    )
    decays = _DECAYS[::2] if quick else _DECAYS
    found = nets.lockstep(base, {"WeightDecay.rate": decays}, X, labels, cv=folds, scaling="none", threads=1)
    curves = found.curves()
    free = curves[curves.setting == 0]
    scores = free.pivot(index="fold", columns="step", values="score")
    last, best, stopped = found.scores, int(found.mean.argmin()), scores.to_numpy()
    stop = int(stopped.mean(axis=0).argmin())
    by_stop, by_decay = last[0] - stopped[:, stop], last[0] - last[best]
    return {
        "train": free.groupby("step")["loss"].mean().to_numpy(),
        **dict(zip(("test", "test_se"), mean_se(stopped), strict=True)),
        "decay_train": found.train_scores.mean(axis=1),
        **dict(zip(("decay_test", "decay_test_se"), mean_se(last, axis=1), strict=True)),
        "gain_of_stopping": mean_se(by_stop),
        "gain_of_decay": mean_se(by_decay),
        "stopping_over_half": mean_se(by_stop - by_decay / 2),
        "decay_over_half": mean_se(by_decay - by_stop / 2),
        "fits": found.scores.size,
    }


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    products = np.stack([facts["by_norm"], facts["by_error"]])
    here = products[:, facts["best"]]
    off, off_se = facts["ratio"]
    net = facts["net"]
    same_net = all(net[key][0] > 2 * net[key][1] for key in ("stopping_over_half", "decay_over_half"))
    close = bool(np.all(np.abs(np.log(here)) < np.log(2))) and off + 2 * off_se < np.log(1.05)
    always = bool(np.all(np.abs(np.log(products)) < np.log(2)))
    numbers = (
        f"In least squares the strength that matches the best stop is {number(here[0], 2)} (by the norm) or "
        f"{number(here[1], 2)} (by the training error) divided by step x iterations, and its best test error is "
        f"{plus_minus(100 * np.expm1(off), 100 * off_se)} % above that of ridge"
    )
    in_net = (
        f"in a net stopping lowers the log-loss by {plus_minus(*net['gain_of_stopping'])} and decay by "
        f"{plus_minus(*net['gain_of_decay'])}"
    )
    if not close:
        return Verdict("does not hold", f"{numbers}; {in_net}.")
    if always and same_net:
        return Verdict("holds", f"{numbers}; {in_net}.")
    late = products[:, -1].min()
    why = [] if same_net else ["in least squares only"]
    why += (
        [] if always else [f"up to about the best stop: far beyond it the factor falls to {number(late, 2)}"]
    )
    return Verdict("holds when", f"{numbers}. It holds {' and '.join(why)}; {in_net}.")


def table(facts: Facts) -> Table:
    """A few times, then the errors."""
    rows = [
        [f"strength x step x iterations, at {number(facts['times'][k], 2)}"]
        + [plus_minus(facts[key][k], facts[f"{key}_se"][k]) for key in ("by_norm", "by_error")]
        for k in sorted({*range(0, len(facts["times"]), 11), facts["best"]})
    ]
    net = facts["net"]
    return Table(
        ["measured", "matched by the norm; early stopping", "matched by the training error; L2"],
        [
            *rows,
            ["trainer against closed form, 100 steps (relative)", number(facts["iterates"], 2), ""],
            ["best test error, least squares", plus_minus(*facts["stopped"]), plus_minus(*facts["ridge"])],
            [
                "gain in log-loss, net",
                plus_minus(*net["gain_of_stopping"]),
                plus_minus(*net["gain_of_decay"]),
            ],
        ],
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the product over the time, and both nets in the plane of losses."""
    left, right = axes(figure, ["Least squares: matched strength", "A net: two ways to one loss"])
    left.axhline(1.0, color=GREY, linewidth=1, linestyle=":")
    for key, colour, label in (("by_norm", BLUE, "same norm"), ("by_error", ORANGE, "same training error")):
        order = 0 if colour == BLUE else 1
        curve(left, facts["times"], facts[key], facts[f"{key}_se"], label=label, colour=colour, order=order)
    left.axvline(facts["times"][facts["best"]], color=GREEN, linestyle="--", label="best stop")
    left.set(xscale="log", yscale="log", xlabel="step x iterations", ylabel="strength x step x iterations")
    legend(left, loc="lower left")
    net = facts["net"]
    curve(right, net["train"], net["test"], net["test_se"], label="stopped after an epoch", colour=BLUE)
    curve(
        right, net["decay_train"], net["decay_test"], net["decay_test_se"], label="decayed, trained to the end",
        colour=ORANGE, order=1, dashed=True,
    )  # fmt: skip
    right.set(xlabel="log-loss on training rows (nats)", ylabel="log-loss on new rows (nats)")
    legend(right)


EXPERIMENT = Experiment(
    name="early-stopping-is-l2",
    part="nets",
    claim="Early stopping acts like L2: training for longer is like a weaker penalty.",
    why="""
    Along an eigenvector of X'X / n with eigenvalue s gradient descent has fitted the share 1 - (1 -
    step s)^t and ridge s / (s + strength); the two are near each other where the strength is 1 / (step
    t) (Ali, Kolter and Tibshirani, 2019). Nets follow suit as far as they are quadratic near a minimum
    (Bishop, 1995).
    """,
    how=f"""
    300 simulated tables ({_ROWS} rows, {_COLUMNS} columns, neighbours correlated at 0.5): the iterates
    of gradient descent in closed form (the trainer's own steps agree with it), and the ridge path with
    all tables as lanes. For every time the strength with the same norm, and that with the same training
    error. Then nets of 64 units on 200 digits, a fifth of them drawn a new label: eight decays x 20
    draws as lanes, stopped or decayed.
    """,
    rule="""
    Holds if strength x step x iterations is within a factor of two of 1 at all times, the best stopped
    test error is less than 5 % above that of ridge (with two standard errors), and in the net each of
    stopping and decay gains more than half of what the other one gains (by two standard errors); 'holds
    when' if the factor is so at the best stop and the 5 % are kept; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
