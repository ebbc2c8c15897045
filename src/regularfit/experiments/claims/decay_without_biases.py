"""Weight decay should leave out biases and the gains of norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._typing import Vector
from ..choosing import best_of_others
from ..data import digits
from ..drawing import axes, curve
from ..draws import Pairs, pairs
from ..experiment import Experiment, Facts, Table, Verdict
from ..summing import mean_se, plus_minus

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROWS, _TEST, _WRONG = (
    256,
    700,
    0.2,
)  # a share of the training labels is drawn by lot, so that there is much to overfit
_RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
_TARGETS = {"weights": ("weights",), "all": ("weights", "biases", "norms")}
_NETS = {"none": "no norm", "layer": "layer norm", "batch": "batch norm", "transformer": "transformer"}


def run(seed: int, quick: bool) -> dict[str, Any]:
    """Train nets under decay of the weights and of everything, over strengths."""
    draws, steps, rates = (4, 60, (0.3, 3.0)) if quick else (10, 400, _RATES)
    rng = np.random.default_rng(seed)
    classes = digits()[1]
    labels = np.where(rng.random(len(classes)) < _WRONG, rng.integers(0, 10, len(classes)), classes)
    chosen = pairs(classes, _ROWS, _TEST, draws, rng)
    found: dict[str, Any] = {}
    fits = 0
    for kind in ("none", "layer") if quick else _NETS:
        some = chosen[:4] if kind == "transformer" else chosen  # which cannot be put side by side
        seen = {
            on: [_trained(kind, some, labels, rate, parts, steps, seed) for rate in rates]
            for on, parts in _TARGETS.items()
        }
        found[kind] = _compared(seen)
        fits += 2 * len(rates) * len(some)
    return {"rates": rates, "nets": found, "fits": fits}


def _trained(
    kind: str, chosen: Pairs, labels: np.ndarray, rate: float, parts: tuple[str, ...], steps: int, seed: int
) -> dict[str, Vector]:
    """Return log-loss and error on test rows of every draw."""
    from ...nets import WeightDecay
    from ...nets.architectures import initialise, mlp
    from ..side_by_side import SideBySide, judged, train

    X, y = digits()
    how: dict[str, Any] = {"batch_size": 32, "steps": steps, "lr": 3e-3, "seed": seed}
    if kind == "transformer":
        return _transformers(chosen, labels, WeightDecay(rate, on=parts), {**how, "steps": 250})
    norm = None if kind == "none" else kind
    on = tuple(part for part in parts if part != "norms" or norm)
    net = SideBySide(
        [initialise(mlp(64, (64, 64), 10, norm=norm), 1000 * seed + k) for k in range(len(chosen))]
    )
    train(net, X, labels, chosen, [WeightDecay(rate, on=on)], **how)
    return judged(net, X, y, chosen)


def _transformers(chosen: Pairs, labels: np.ndarray, decay: Any, how: dict[str, Any]) -> dict[str, Vector]:
    import torch

    from ...nets import Trainer
    from ..small_transformer import SmallTransformer

    pixels, y = digits()
    X, losses, errors = pixels.astype(np.float32), [], []
    for k, (rows, test) in enumerate(chosen):
        net = SmallTransformer(seed=1000 * how["seed"] + k)
        logits = Trainer(net, [decay], **how, verbose=None).fit(X[rows], labels[rows]).predict(X[test])
        target = torch.as_tensor(y[test])
        losses.append(float(torch.nn.functional.cross_entropy(logits, target)))
        errors.append(float((logits.argmax(-1) != target).double().mean()))
    return {"test": np.array(losses), "test_error": np.array(errors)}


def _compared(seen: dict[str, list[dict[str, Vector]]]) -> dict[str, Any]:
    tables = {
        what: {on: np.array([one[what] for one in rows]).T for on, rows in seen.items()}
        for what in ("test", "test_error")
    }
    found: dict[str, Any] = {}
    for what, table in tables.items():
        found[what] = {on: np.transpose(mean_se(values)) for on, values in table.items()}
        found[f"best_{what}"] = mean_se(best_of_others(table["all"]) - best_of_others(table["weights"]))
        found[f"strong_{what}"] = mean_se(table["all"][:, -1] - table["weights"][:, -1])
    return found


def verdict(facts: Facts) -> Verdict:
    """Read the rule."""
    nets = facts["nets"]
    best, worse, strong = (
        [kind for kind, one in nets.items() if sign * one[key][0] > 2 * one[key][1]]
        for key, sign in (("best_test", 1), ("best_test", -1), ("strong_test", 1))
    )
    each = "; ".join(
        f"{plus_minus(*one['best_test'])} and {plus_minus(*one['strong_test'])} with {_NETS[kind]}"
        for kind, one in nets.items()
    )
    text = (
        "Decaying biases and norms as well changes the test log-loss, at the best strength and at "
        f"{facts['rates'][-1]:g}, by {each}."
    )
    if len(best) == len(nets):
        return Verdict("holds", text)
    if worse or not (best or strong):
        hurt = (
            f" Leaving them out is surely worse with {', '.join(_NETS[kind] for kind in worse)}."
            if worse
            else ""
        )
        return Verdict("does not hold", f"{text}{hurt}")
    at_best = f"at the best strength with {', '.join(_NETS[kind] for kind in best) or 'no net'}"
    at_strong = f"at {facts['rates'][-1]:g} with {', '.join(_NETS[kind] for kind in strong) or 'no net'}"
    return Verdict("holds when", f"{text} Leaving them out is surely better {at_best}, {at_strong}.")


def table(facts: Facts) -> Table:
    """One row a net and target, over strengths."""
    rows: list[list[str]] = []
    for kind, one in facts["nets"].items():
        for on, name in (("weights", "weights alone"), ("all", "biases and norms too")):
            least = int(np.argmin([mean for mean, _ in one["test"][on]]))
            error = [100 * x for x in one["test_error"][on][least]]
            rows.append(
                [
                    f"{_NETS[kind]}, {name}",
                    *(plus_minus(*cell) for cell in one["test"][on]),
                    plus_minus(*error),
                ]
            )
    head = ["net, under decay", *(f"log-loss at {rate:g}" for rate in facts["rates"]), "error at the best, %"]
    return Table(head, rows)


def plot(facts: Facts, figure: Figure) -> None:
    """Draw the loss over the strength, a panel a net."""
    every = axes(figure, [_NETS[kind].capitalize() for kind in facts["nets"]], share_y=True)
    for on, one in zip(every, facts["nets"].values(), strict=True):
        for order, (key, label) in enumerate((("weights", "weights alone"), ("all", "biases and norms too"))):
            mean, se = np.transpose(one["test"][key])
            curve(on, facts["rates"], mean, se, label=label, order=order, dashed=order == 1)
        on.set(xscale="log", xlabel="rate of decay")
    every[0].set_ylabel("test log-loss")
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


EXPERIMENT = Experiment(
    name="decay-without-biases",
    part="nets",
    claim="Weight decay should leave out biases and the gains of norms.",
    why="""
    A bias moves a boundary and does not bend it, so a pull on it adds bias and saves next to no
    variance (Goodfellow, Bengio and Courville, 2016); a gain or shift of a norm layer is one number a
    unit, pulled to zero although one is its neutral value. There are few of them, so it may matter
    little either way.
    """,
    how=f"""
    Nets of 64 + 64 units without norm, with layer norm and with batch norm (10 draws side by side), and
    a transformer of one layer (4 draws), trained by AdamW on {_ROWS} digits of which a fifth have
    labels drawn by lot, with five rates of decay from {_RATES[0]:g} to {_RATES[-1]:g}, on weights alone
    and on biases and norms too; test log-loss on {_TEST} others. The best strength of each is chosen on
    one half of the draws and judged on the other. Rates were moved after a first run had its best at
    their edge.
    """,
    rule="""
    Differences of the test log-loss, paired by draw, in each net at the best strengths and at the
    strongest. Holds if leaving out is better by more than two standard errors at the best strengths in
    every net; does not hold if it is worse by more than two there in some net, or better nowhere; else
    'holds when'.
    """,
    run=run,
    verdict=verdict,
    table=table,
    plot=plot,
    needs=("torch",),
)
