"""Adversarial training adds robustness, at a price in clean accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Matrix
from ..data import digits, split
from ..drawing import BLUE, GREEN, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus, points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RADII = (0.0, 0.03, 0.07, 0.1, 0.15, 0.2, 0.3)
_HELD = 0.1  # the radius of the test attack, in shares of the pixel range
_SIZES = (150, 1000)
_TESTS = 500


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train digits against attacks of growing radius, with few rows and with many; attack the nets harder."""
    radii, times = (_RADII[::3], 2) if quick else (_RADII, 5)
    steps, climb = (30, 8) if quick else (300, 40)
    found = np.array(
        [
            [[_accuracies(radius, size, seed, repeat, steps, climb) for radius in radii] for size in _SIZES]
            for repeat in range(times)
        ]
    )  # (times, sizes, radii, 3)
    mean, error = mean_se(found)
    robust = [int(one.argmax()) for one in mean[:, :, 1]]
    return {
        "radii": radii,
        "sizes": _SIZES,
        "accuracy": mean.transpose(0, 2, 1),
        "accuracy_se": error.transpose(0, 2, 1),
        "best": robust,
        "gain": [mean_se(found[:, k, j, 1] - found[:, k, 0, 1]) for k, j in enumerate(robust)],
        "price": [mean_se(found[:, k, 0, 0] - found[:, k, j, 0]) for k, j in enumerate(robust)],
        "largest_price": [mean_se(found[:, k, 0, 0] - found[:, k, -1, 0]) for k in range(len(_SIZES))],
        "weaker": mean_se((found[:, :, 1:, 2] - found[:, :, 1:, 1]).mean(axis=(1, 2))),
        "fits": found[..., 0].size,
    }


def _accuracies(radius: float, size: int, seed: int, repeat: int, steps: int, climb: int) -> list[float]:
    """Return the shares right: as they are, under the strong attack, under the one of training."""
    import torch

    from ... import nets
    from ...nets.architectures import initialise, mlp

    X, y = (torch.tensor(part) for part in digits())
    train, test = split(len(y), _TESTS, np.random.default_rng([seed, repeat]))
    rows, held = torch.from_numpy(train[:size]), torch.from_numpy(test)
    pixels = nets.Domain.images()
    recipe = [nets.Adversarial(nets.PGD(radius, pixels, steps=3), weight=1.0)] if radius else []
    net = initialise(mlp(64, (128,), 10), repeat)
    trainer = nets.Trainer(net, recipe, lr=5e-3, steps=steps, batch_size=64, seed=repeat, verbose=None)
    trainer.fit(X[rows].float(), y[rows])
    strong = nets.PGD(_HELD, pixels, steps=climb, restarts=2)
    weak = nets.PGD(_HELD, pixels, steps=3)
    return [nets.robust_accuracy(net, X[held].float(), y[held], attack) for attack in (None, strong, weak)]


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    adds = [mean > 2 * se for mean, se in facts["gain"]]
    pays = [mean > 2 * se for mean, se in facts["price"]]
    said = [
        f"with {size:,} rows training at {facts['radii'][best]:g} raises the robust accuracy by {points(gain)} points "
        f"and lowers the clean one by {points(price)} ({points(largest)} at {facts['radii'][-1]:g})"
        for size, best, gain, price, largest in zip(
            facts["sizes"], facts["best"], facts["gain"], facts["price"], facts["largest_price"], strict=True
        )
    ]
    numbers = f"Attacked at {_HELD:g} of the pixel range, {'; '.join(said)}."
    if not all(adds):
        return Verdict("does not hold", numbers)
    if all(pays):
        return Verdict("holds", numbers)
    free = [size for size, one in zip(facts["sizes"], pays, strict=True) if not one]
    where = " and ".join(f"{size:,}" for size in free)
    return Verdict(
        "holds when", f"{numbers} The robustness is there, but no price was found with {where} rows."
    )


def table(facts: Facts) -> Table:
    """One row a number of rows and radius."""
    mean, error = 100 * np.asarray(facts["accuracy"]), 100 * np.asarray(facts["accuracy_se"])
    rows = [
        [
            f"{size:,} rows, radius {radius:g}",
            *(plus_minus(mean[k, of, j], error[k, of, j]) for of in (0, 1, 2)),
        ]
        for k, size in enumerate(facts["sizes"])
        for j, radius in enumerate(facts["radii"])
    ]
    return Table(
        ["trained on", "clean accuracy, %", "under PGD, 2 restarts, %", "under the attack of training, %"],
        rows,
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw all accuracies over the radius of training."""
    mean, error = 100 * np.asarray(facts["accuracy"]), 100 * np.asarray(facts["accuracy_se"])
    found = axes(figure, [f"{size:,} training rows" for size in facts["sizes"]], share_y=True)
    for on, level, se in zip(found, mean, error, strict=True):
        _curves(on, facts["radii"], level, se)
        on.set(xlabel="radius in training (share of the pixel range)")
        on.set_ylim(0, 102)
    found[0].set_ylabel("digits right (%)")
    legend(found[-1], loc="lower right")


def _curves(on: Any, radii: Any, level: Matrix, se: Matrix) -> None:
    labels = ("clean", f"PGD at {_HELD:g}, 40 steps", f"PGD at {_HELD:g}, 3 steps as trained")
    for order, (label, colour) in enumerate(zip(labels, (BLUE, ORANGE, GREEN), strict=True)):
        curve(on, radii, level[order], se[order], label=label, colour=colour, order=order, dashed=order == 2)


EXPERIMENT = Experiment(
    name="adversarial-price",
    part="nets",
    claim="Adversarial training makes a net robust, at a price in clean accuracy.",
    why="""
    A net that may not lean on pixels which an attack can turn loses what these told, so that robust and
    plain accuracy can want different nets (Tsipras, Santurkar, Engstrom, Turner and Madry, 2019). With
    little data an attack is augmentation, too, and may pay for itself.
    """,
    how=f"""
    Nets of 128 units on digits, 300 steps of 64 rows, trained on PGD examples (3 steps) of {
        len(_RADII) - 1
    } radii or on none, with {_SIZES[0]} and {_SIZES[1]:,} rows and five draws. All are
    attacked by a stronger PGD (40 steps, 2 restarts) at {_HELD:g} of the pixel range on {_TESTS} other
    rows, which shows how much the attack of training overstates.
    """,
    rule="""
    At the radius of training that is the most robust: holds if the robust accuracy is above that of
    plain training and the clean one below it, each by more than two standard errors (paired by draw),
    with few and with many rows; 'holds when' if only the price is missing somewhere; does not hold if
    the robustness is.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
