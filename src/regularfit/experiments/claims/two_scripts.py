"""The lectures' two scripts, reproduced and then improved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import L1, L2, MCP, PenalizedRegressor
from ..._typing import Matrix
from ..data import Simulated, clothes, simulate, split
from ..drawing import BLUE, GREY, ORANGE, axes, bars
from ..experiment import Experiment, Facts, Table, Verdict
from ..lanes import Draw, along
from ..summing import mean_se, number, percent, plus_minus, points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _COLUMNS, _RELEVANT, _TEST = 100, 20, 5, 500
_RIDGE, _LASSO = 1.0, 0.1  # of scikit-learn
_LINEAR = (
    "script: ridge",
    "script: lasso",
    "ridge, chosen by folds",
    "lasso, chosen by folds",
    "MCP, chosen by folds",
)
_NETS = (
    "no regularisation", "script: dropout 0.5, decay 0.01", "decoupled decay", "and dropout 0.2, cosine, average",
    "convolutions, small shifts",
)  # fmt: skip


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Run both scripts as they are, then with what other pages found, on the same draws."""
    draws, splits, steps = (4, 2, 10) if quick else (100, 4, 400)
    rng = np.random.default_rng([seed, 0])
    tables = [simulate(_ROWS + _TEST, _COLUMNS, rng, relevant=_RELEVANT, snr=2.0) for _ in range(draws)]
    linear, zeros, apart = _linear(tables)
    nets = np.array([[_net(arm, seed, k, steps) for arm in range(len(_NETS))] for k in range(splits)])
    facts: dict[str, Any] = {"zeros": zeros, "apart": apart, "fits": linear.size + nets[..., 0].size}
    for key, values in (
        ("linear", linear - 1.0),
        ("net", nets[..., 0]),
        ("gap", nets[..., 0] - nets[..., 1]),
    ):
        facts[key], facts[f"{key}_se"] = mean_se(values)
    facts["better_script"] = int(linear.mean(axis=0)[:2].argmin())
    facts["linear_gain"] = mean_se(linear[:, facts["better_script"]] - linear[:, -1])
    facts["net_gain"] = mean_se(nets[:, 1, 0] - nets[:, -1, 0])
    facts["narrower"] = mean_se((nets[:, 0, 0] - nets[:, 0, 1]) - (nets[:, 1, 0] - nets[:, 1, 1]))
    return facts


def _linear(tables: list[Simulated]) -> tuple[Matrix, dict[str, float], float]:
    """Return mean squared errors on new rows, (draws, models), mean numbers of zeros, and the gap to scikit-learn."""
    draws = [Draw(one.X[:_ROWS], one.y[:_ROWS], one.X[_ROWS:], one.y[_ROWS:]) for one in tables]
    ridge = along(draws, L2(), [_RIDGE / _ROWS], standardize=False, keep=True)
    lasso = along(draws, L1(), [_LASSO], standardize=False, keep=True)
    assert ridge.coefs is not None
    assert lasso.coefs is not None
    chosen = [[_by_folds(one, penalty) for penalty in (L2(), L1(), MCP())] for one in draws]
    errors = np.column_stack(
        [ridge.test[:, 0], lasso.test[:, 0], [[error for error, _ in row] for row in chosen]]
    )
    zeros = {
        "ridge": float((ridge.coefs == 0).sum(axis=-1).mean()),
        "lasso": float((lasso.coefs == 0).sum(axis=-1).mean()),
        "mcp": float(np.mean([row[-1][1] for row in chosen])),
    }
    return errors, zeros, _apart(draws[0], ridge.coefs[0, 0], lasso.coefs[0, 0])


def _by_folds(one: Draw, penalty: Any) -> tuple[float, int]:
    model = PenalizedRegressor(penalty, cv=5, strengths=30, random_state=0).fit(one.X, one.y)
    return float(np.mean((one.y_test - model.predict(one.X_test)) ** 2)), int((model.coef_ == 0).sum())


def _apart(one: Draw, ridge: np.ndarray, lasso: np.ndarray) -> float:
    """Return the largest difference of a coefficient to the scripts' own fits with scikit-learn."""
    from sklearn.linear_model import Lasso, Ridge

    own = Ridge(alpha=_RIDGE).fit(one.X, one.y).coef_, Lasso(alpha=_LASSO, tol=1e-10).fit(one.X, one.y).coef_
    return float(max(np.abs(own[0] - ridge).max(), np.abs(own[1] - lasso).max()))


def _net(arm: int, seed: int, repeat: int, steps: int) -> tuple[float, float]:
    """Return shares of wrong classes on new rows and on those trained on."""
    import torch

    from ... import nets
    from ...nets.architectures import conv_net, initialise, mlp

    pixels, classes = clothes()
    train, test = split(len(classes), _TEST, np.random.default_rng([seed, 1, repeat]))
    X, y = torch.tensor(pixels, dtype=torch.float32), torch.tensor(classes)
    decay, average = nets.WeightDecay(0.01), nets.EMA(0.99)
    recipe = (
        [], [nets.Dropout(0.5)], [decay, nets.Dropout(0.5)], [decay, nets.Dropout(0.2), average],
        [decay, nets.ImageAugmentation([nets.PadCrop(2)]), average],
    )[arm]  # fmt: skip
    how: dict[str, Any] = {"schedule": "cosine" if average in recipe else "constant"}
    if arm == 1:  # torch's weight_decay of Adam: into the gradient, of biases too
        how["optimizer"] = lambda groups, lr: torch.optim.Adam(groups, lr=lr, weight_decay=0.01)
    net = mlp(784, (256,), 10) if arm < 4 else conv_net(1, (28, 28), 10, widths=(8, 16))
    X = X if arm < 4 else X.reshape(-1, 1, 28, 28)
    trainer = nets.Trainer(
        initialise(net, repeat), recipe, lr=1e-3 if arm < 4 else 5e-3, steps=steps, batch_size=64, seed=repeat,
        verbose=None, **how,
    ).fit(X[train], y[train])  # fmt: skip
    new, seen = (
        float((trainer.predict(X[rows]).argmax(1) != y[rows]).double().mean()) for rows in (test, train)
    )
    return new, seen


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    shown = facts["zeros"]["ridge"] == 0 < facts["zeros"]["lasso"] and _sure(facts["narrower"])
    better = _sure(facts["linear_gain"]), _sure(facts["net_gain"])
    numbers = (
        f"The lasso's script has {number(facts['zeros']['lasso'])} zeros of {_COLUMNS}, that of ridge "
        f"{number(facts['zeros']['ridge'])}; dropout and decay narrow the gap between new and known pictures by "
        f"{points(facts['narrower'])} points. MCP with a strength chosen by folds lowers the better script's error by "
        f"{plus_minus(*facts['linear_gain'])}; the last net makes {points(facts['net_gain'])} points fewer errors "
        f"than the script's, which has {number(100 * facts['net'][1])} %, and {number(100 * facts['net'][0])} % "
        "without regularisation"
    )
    if shown and all(better):
        return Verdict("holds", f"{numbers}.")
    if any(better):
        said = [
            word
            for word, one in (
                ("what they show", shown),
                ("the linear one", better[0]),
                ("the net", better[1]),
            )
            if not one
        ]
        return Verdict("holds when", f"{numbers}. Not confirmed: {', '.join(said)}.")
    return Verdict("does not hold", f"{numbers}.")


def _sure(value: tuple[float, float]) -> bool:
    return value[0] > 2 * value[1]


def table(facts: Facts) -> Table:
    """One row a model."""
    linear = zip(_LINEAR, facts["linear"], facts["linear_se"], strict=True)
    rows = [[name, plus_minus(mean, se), ""] for name, mean, se in linear]
    rows += [
        [name, points((mean, se)), points((gap, gap_se))]
        for name, mean, se, gap, gap_se in zip(
            _NETS, *(facts[key] for key in ("net", "net_se", "gap", "gap_se")), strict=True
        )
    ]
    return Table(
        ["model", "squared error above the noise, or wrong classes in %", "gap to known rows, points"], rows
    )


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the errors of all models of both scripts."""
    left, right = axes(figure, ["Ridge and lasso, 100 x 20", "784-256-10, clothes"])
    bars(left, _LINEAR, facts["linear"], facts["linear_se"], colours=[GREY, GREY, BLUE, BLUE, ORANGE])
    names = [name.replace(": ", ":\n").replace(", ", ",\n", 1) for name in _NETS]
    bars(
        right,
        names,
        percent(facts["net"]),
        percent(facts["net_se"]),
        colours=[BLUE, GREY, BLUE, BLUE, ORANGE],
    )
    left.set_xlabel("squared error above the noise")
    right.set_xlabel("wrong classes of new pictures (%)")
    for on in (left, right):
        on.tick_params(axis="y", labelsize=8.5)


EXPERIMENT = Experiment(
    name="two-scripts",
    part="choosing and combining",
    claim="The lectures' two scripts show what they are meant to show, and what the other pages found improves both.",
    why="""
    A strength fixed beforehand suits no data in particular, and the lasso's shrinkage of large
    coefficients is a bias that a concave penalty avoids (Zhang, 2010). Decay that is added to Adam's
    gradient is divided away by its scale (Loshchilov and Hutter, 2019), and pictures want weights that
    are shared (LeCun, 1989).
    """,
    how=f"""
    The first script, ridge of strength 1 and lasso of 0.1 in scikit-learn's units on {_ROWS} rows and
    {_COLUMNS} columns, {_RELEVANT} of which matter, signal twice the noise, 100 draws as lanes; then
    strengths chosen by five folds, and MCP. The second, a 784-256-10 net with dropout 0.5 and Adam's
    decay of 0.01, on the shipped 2,000 clothes of 28 x 28 pixels, which stand in for MNIST (1,500 to
    learn from, 400 steps of 64, four splits); then step by step what other pages found.
    """,
    rule="""
    Holds if the lasso's script has exact zeros and that of ridge none, dropout and decay narrow the gap
    between errors on new and known rows, MCP's error is below that of the better linear script and the
    last net's below that of the script's, the last three by more than two standard errors (paired);
    'holds when' if one script at least is improved; else does not hold.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
