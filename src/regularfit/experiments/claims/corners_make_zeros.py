"""The diamond's corners make zeros; the ball's smoothness does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2
from ...diagnostics import axis_share, geometry
from ..data import simulate
from ..drawing import BLACK, BLUE, RED, axes, curve, legend
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Draw, along
from ..summing import mean_se, plus_minus, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DIMENSIONS, _DISTANCES, _NORMS = (2, 5, 15), (1.2, 2.0, 5.0), (1.0, 1.1, 1.25, 1.5, 2.0)
_ROWS, _STRENGTH = 60, 0.3


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Count zeros of random losses on balls of several norms, and of fits whose diamond was turned."""
    draws, tables = (300, 60) if quick else (4000, 1500)
    balls: list[dict[str, Any]] = []
    for dimension in _DIMENSIONS:
        for distance in _DISTANCES:
            how = {"dimension": dimension, "distance": distance, "random_state": [seed, dimension]}
            found = axis_share(_NORMS, draws=draws, **how)
            names = ("has_zero", "has_zero_se", "nearly")
            shares = {name: getattr(found, name) for name in names}
            balls.append({"dimension": dimension, "distance": distance, **shares})
    turned = [
        _turned(dimension, tables, np.random.default_rng([seed, dimension])) for dimension in _DIMENSIONS
    ]
    fits = draws * len(balls) * len(_NORMS) + sum(one["fits"] for one in turned)
    return {
        "norms": _NORMS,
        "draws": draws,
        "balls": balls,
        "turned": turned,
        "pictures": _pictures(seed),
        "fits": fits,
    }


def _turned(p: int, tables: int, rng: np.random.Generator) -> dict[str, Any]:
    """Shares of fits with an exact zero: L1 in its own axes, in axes turned at random, and L2."""
    straight, crooked, turns = [], [], []
    for _ in range(tables):
        one = simulate(2 * _ROWS, p, rng, snr=2.0, coef=rng.standard_normal(p))
        turn = np.linalg.qr(rng.standard_normal((p, p)))[0]
        for X, into in ((one.X, straight), (one.X @ turn, crooked)):
            into.append(Draw(X[:_ROWS], one.y[:_ROWS], X[_ROWS:], one.y[_ROWS:]))
        turns.append(turn)

    def coefs(draws: list[Draw], penalty: L1 | L2) -> np.ndarray:
        kept = along(draws, penalty, [_STRENGTH], keep=True, standardize=False).coefs
        assert kept is not None
        return kept[:, 0]

    own = coefs(crooked, L1())  # (tables, p) in the turned axes, where the diamond has its corners
    back = (np.array(turns) @ own[:, :, None])[:, :, 0]
    found = {"straight": coefs(straight, L1()), "corner": own, "turned": back, "ball": coefs(straight, L2())}
    facts: dict[str, Any] = {"dimension": p, "fits": 3 * tables}
    for name, values in found.items():
        some = values[(values != 0).any(axis=1)]  # a fit that is zero altogether is zero in all axes
        facts[name], facts[f"{name}_se"] = mean_se((some == 0).any(axis=1))
    return facts


def _pictures(seed: int) -> list[dict[str, Any]]:
    one = simulate(200, 2, np.random.default_rng(seed), correlation=0.5, snr=2.0, coef=[0.25, 1.0])
    found = []
    for name, penalty, strength in (("L1", L1(), 0.5), ("L2", L2(), 0.6)):
        drawn = geometry(penalty, one.X, one.y, strength=strength, points=120)
        lines = {"ball": drawn.ball, "contours": drawn.contours[1:5]}  # the third goes through the solution
        points = {"minimum": drawn.minimum, "solution": drawn.solution, "zero": drawn.on_axis}
        found.append({"name": name, **lines, **points})
    return found


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    balls, turned = facts["balls"], facts["turned"]
    corners = [one["has_zero"][0] for one in balls]
    with_zeros = [one for one in balls if one["has_zero"][0] > 2 * one["has_zero_se"][0]]
    smooth = max(max(one["has_zero"][1:]) for one in balls)
    ball = max(one["ball"] for one in turned)
    crooked = max(one["turned"] for one in turned)
    numbers = (
        f"On the diamond {share(min(corners))} to {share(max(corners))} of the losses end at an exact zero; on balls "
        f"of norms above 1 {_share(smooth)}, and of the fits under L2 {_share(ball)}."
    )
    if not with_zeros or smooth > 0 or ball > 0:
        return Verdict("does not hold", numbers)
    control = (
        f"With the diamond turned at random, {share(turned[-1]['corner'])} of the fits still have a zero in its own "
        f"axes ({turned[-1]['dimension']} columns) and {_share(crooked)} in ours"
    )
    if len(with_zeros) == len(balls) and crooked == 0:
        return Verdict("holds", f"{numbers} {control}: zeros come from corners that lie on the axes.")
    return Verdict(
        "holds when", f"{numbers} {control}; {len(with_zeros)} of {len(balls)} kinds of losses have zeros."
    )


def _share(value: float) -> str:
    return share(value) if value else "none"


def table(facts: Facts) -> Table:
    """One row a kind of losses, and one a kind of fits."""
    at = facts["norms"].index(1.1), facts["norms"].index(2.0)
    rows = [
        [
            f"{one['dimension']} dimensions, minimum at {one['distance']:g}",
            plus_minus(100 * one["has_zero"][0], 100 * one["has_zero_se"][0]),
            *(f"{100 * one['has_zero'][k]:.0f} ({100 * one['nearly'][k]:.0f})" for k in at),
        ]
        for one in facts["balls"]
    ]
    rows += [
        [
            f"fits of {one['dimension']} columns",
            f"L1: {plus_minus(100 * one['straight'], 100 * one['straight_se'])}",
            f"L1, turned: {100 * one['turned']:.0f}",
            f"L2: {100 * one['ball']:.0f}",
        ]
        for one in facts["turned"]
    ]
    return Table(
        ["share with an exact zero, %", "norm 1", "norm 1.1 (nearly zero)", "norm 2 (nearly zero)"], rows
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw both balls with a loss, and the shares over the norm."""
    titles = ["L1: a corner", "L2: no corner", "Share with a zero"]
    *pair, right = axes(figure, titles)
    for on, drawn in zip(pair, facts["pictures"], strict=True):
        _draw_ball(on, drawn)
    pair[0].set_ylabel("weight of the second column")
    for order, dimension in enumerate(_DIMENSIONS):
        one = next(b for b in facts["balls"] if b["dimension"] == dimension and b["distance"] == 2.0)
        curve(
            right, facts["norms"], 100 * np.array(one["has_zero"]), 100 * np.array(one["has_zero_se"]),
            label=f"exact, {dimension} columns", order=order,
        )  # fmt: skip
        label = "nearly (below 1 % of\nthe largest)" if order == len(_DIMENSIONS) - 1 else None
        curve(
            right,
            facts["norms"],
            100 * np.array(one["nearly"]),
            order=order,
            dashed=True,
            points=False,
            label=label,
        )
    right.set(
        xlabel="norm of the ball",
        ylabel="share of random losses, %",
        ylim=(-3, 165),
        yticks=range(0, 101, 20),
    )
    legend(right, loc="upper right")


def _draw_ball(on: Axes, drawn: Facts) -> None:
    ball = np.array(drawn["ball"])
    on.fill(*ball.T, color=BLUE, alpha=0.2)
    on.plot(*ball.T, color=BLUE)
    for k, line in enumerate(drawn["contours"]):
        touching = k == 2
        on.plot(
            *np.array(line).T, color=RED, linewidth=2.0 if touching else 0.9, alpha=1 if touching else 0.5
        )
    on.plot(*drawn["minimum"], "x", color=RED, markersize=8, markeredgewidth=2)
    on.plot(*drawn["solution"], "o", color=BLACK, markersize=7)
    on.axhline(0, color=BLACK, linewidth=0.7)
    on.axvline(0, color=BLACK, linewidth=0.7)
    on.set_aspect("equal")
    on.set(xlim=(-1.0, 1.2), ylim=(-1.0, 2.2), xlabel="weight of the first column")


EXPERIMENT = Experiment(
    name="corners-make-zeros",
    part="linear models",
    claim="The corners of the L1 diamond make exact zeros; the smooth ball of L2 does not.",
    why="""
    At a corner a whole cone of gradients is at rest, so many losses end at the same point; a smooth
    ball has one normal at each point, and the losses that end exactly on an axis have measure zero
    (Tibshirani, 1996; Frank and Friedman, 1993). A corner makes a zero only because it lies on an axis.
    """,
    how="""
    4000 random quadratic losses for each of three dimensions and three distances of their minimum,
    minimised on the unit balls of norms 1, 1.1, 1.25, 1.5 and 2. As a control, L1 fits on 1500
    simulated tables (60 rows) for 2, 5 and 15 columns, once as they are and once with the columns
    turned by a random rotation and the weights turned back, so that the diamond keeps its corners but
    these lie off the axes; and L2 on the same tables. Fits of all zeros do not count.
    """,
    rule="""
    Holds if the diamond gives exact zeros in every kind of losses (its share above two standard
    errors), every other ball and L2 none at all, and the turned diamond none in the original axes;
    'holds when' if the diamond does so in some kinds only, or the turned one gives zeros, too; does not
    hold if a smooth ball gives zeros or the diamond none.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
)
