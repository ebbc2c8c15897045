"""A flexible model memorises noise: training error falls while test error rises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import legendre

from ... import L2
from ..._typing import Matrix, Vector
from ..drawing import BLUE, GREY, ORANGE, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Draw, along
from ..summing import mean_se, number, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _TEST, _NOISE = 40, 400, 0.5
_DEGREES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25)


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Fit polynomials to noisy draws of one wave, degree by degree, then the largest with L2."""
    draws = 20 if quick else 300
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (draws, _ROWS + _TEST))
    y = np.sin(np.pi * x) + _NOISE * rng.standard_normal(x.shape)
    errors = np.array([_errors_of_degree(x, y, degree) for degree in _DEGREES])  # (degrees, draws, 2)
    train, test = errors[..., 0], errors[..., 1]
    ridge = along(_draws(x, y, _DEGREES[-1]), L2(), np.geomspace(10, 1e-7, 33))
    return {
        "degrees": _DEGREES,
        **_with_errors("train", train.T),
        **_with_errors("test", test.T),
        "strengths": ridge.strengths,
        **_with_errors("ridge_train", ridge.train),
        **_with_errors("ridge_test", ridge.test),
        "rise": _paired(test[-1], test[int(test.mean(axis=1).argmin())]),
        "cure": _paired(ridge.test[:, int(ridge.test.mean(axis=0).argmin())], test[-1]),
        "noise": _NOISE**2,
        "fits": draws * len(_DEGREES) + ridge.fits,
    }


def _columns(x: Vector, degree: int) -> Matrix:
    return legendre.legvander(x, degree)[:, 1:]


def _errors_of_degree(x: Matrix, y: Matrix, degree: int) -> Matrix:
    """Mean squared errors of least squares, (draws, 2): on the rows it was fitted to, and on new ones."""
    found = []
    for at, target in zip(x, y, strict=True):
        columns = np.column_stack([np.ones(len(at)), _columns(at, degree)])
        coef = np.linalg.lstsq(columns[:_ROWS], target[:_ROWS], rcond=None)[0]
        squares = (target - columns @ coef) ** 2
        found.append([squares[:_ROWS].mean(), squares[_ROWS:].mean()])
    return np.array(found)


def _draws(x: Matrix, y: Matrix, degree: int) -> list[Draw]:
    columns = [_columns(at, degree) for at in x]
    return [Draw(of[:_ROWS], to[:_ROWS], of[_ROWS:], to[_ROWS:]) for of, to in zip(columns, y, strict=True)]


def _with_errors(name: str, values: Matrix) -> dict[str, Vector]:
    """Geometric means over draws: the error of a wild polynomial has no mean to speak of."""
    mean, error = mean_se(np.log(values))
    return {name: np.exp(mean), f"{name}_se": np.exp(mean) * error}


def _paired(of: Vector, against: Vector) -> tuple[float, float]:
    """Mean logarithm of the ratio and its standard error, draw by draw."""
    return mean_se(np.log(of / against))


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    rise, rise_se = facts["rise"]
    cure, cure_se = facts["cure"]
    train = np.asarray(facts["train"])
    best = facts["degrees"][int(np.argmin(facts["test"]))]
    falls = bool((np.diff(train) < 0).all())
    before = float(train[facts["degrees"].index(best)])
    numbers = (
        f"From degree {best} to {facts['degrees'][-1]} the training error falls from {number(before)} to "
        f"{number(float(train[-1]))} (the noise is {number(facts['noise'])}), while the test error of a typical draw "
        f"grows {number(float(np.exp(rise)))}-fold (its logarithm by {plus_minus(rise, rise_se)})."
    )
    if not (falls and rise > 2 * rise_se):
        return Verdict("does not hold", numbers)
    if cure < -2 * cure_se:
        return Verdict(
            "holds", f"{numbers} L2 on the same columns divides it by {number(float(np.exp(-cure)))} again."
        )
    return Verdict(
        "holds when",
        f"{numbers} L2 on the same columns is no cure: the logarithm falls by {plus_minus(-cure, cure_se)}.",
    )


def table(facts: Facts) -> Table:
    """One row a degree, and the best strength of the largest."""
    keys = ("train", "train_se", "test", "test_se")
    rows = [
        [f"degree {degree}", plus_minus(a, a_se), plus_minus(b, b_se)]
        for degree, a, a_se, b, b_se in zip(facts["degrees"], *(facts[key] for key in keys), strict=True)
    ]
    at = int(np.argmin(facts["ridge_test"]))
    a, a_se, b, b_se = (facts[f"ridge_{key}"][at] for key in keys)
    name = f"degree {facts['degrees'][-1]} with L2 of strength {number(facts['strengths'][at], 2)}"
    return Table(
        ["model", "training error", "test error (geometric means)"],
        [*rows, [name, plus_minus(a, a_se), plus_minus(b, b_se)]],
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw both errors over the degree, and over the strength at the largest degree."""
    left, right = axes(figure, ["Least squares", f"Degree {facts['degrees'][-1]} with L2"], share_y=True)
    for on, x, names in (
        (left, facts["degrees"], ("train", "test")),
        (right, facts["strengths"], ("ridge_train", "ridge_test")),
    ):
        for order, (key, label) in enumerate(zip(names, ("training rows", "new rows"), strict=True)):
            curve(
                on, x, facts[key], facts[f"{key}_se"], label=label, order=order, colour=(BLUE, ORANGE)[order]
            )
        on.axhline(facts["noise"], color=GREY, linestyle=":", label="noise alone")
    left.set(xlabel="degree of the polynomial", ylabel="mean squared error (geometric mean)", yscale="log")
    right.set(xlabel="strength of L2", xscale="log")
    legend(left)


EXPERIMENT = Experiment(
    name="memorises-noise",
    part="linear models",
    claim="A flexible model memorises noise: its training error falls while its test error rises.",
    why="""
    With as many columns as the noise has directions, least squares follows it: each column lowers the
    training error by noise / n and raises the test error by about as much (Mallows, 1973). A penalty
    takes back the directions that the data say least about.
    """,
    how=f"""
    Polynomials of degree 1 to {_DEGREES[-1]} fitted to {_ROWS} noisy points of a sine wave, 300 draws,
    tested on {_TEST} new points each, errors averaged on the log scale; then L2 along 33 strengths on
    the largest degree, all draws as lanes of one call.
    """,
    rule="""
    Holds if the training error falls with every degree, the test error at the largest degree exceeds
    the best one by more than two standard errors (of the log ratio, paired by draw), and L2 lowers it
    again by more than two; 'holds when' without the last; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
