"""The competing penalties, by the names people know them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from regularfit.penalties import Penalty

RATIOS = (0.25, 0.5, 0.75)
DEFAULT = "ridge,elastic,lasso"
_HELP = (
    "Known are ridge, lasso, elastic (the mixtures 0.25, 0.5, 0.75) and elastic:R with a mixture 0 < R < 1."
)


def parse_candidates(text: str) -> dict[str, float]:
    """Return {name: share of L1} for a comma list such as ``ridge,elastic:0.9,lasso``.

    Raises
    ------
    click.BadParameter
        For a name that is not known; the message lists those that are.

    Examples
    --------
    >>> parse_candidates("ridge,elastic:0.9")
    {'ridge': 0.0, 'elastic 0.9': 0.9}
    """
    found: dict[str, float] = {}
    for name in (part.strip().lower() for part in text.split(",")):
        if name == "ridge":
            found["ridge"] = 0.0
        elif name == "lasso":
            found["lasso"] = 1.0
        elif name == "elastic":
            found.update({f"elastic {ratio:g}": ratio for ratio in RATIOS})
        elif name.startswith("elastic:"):
            ratio = _ratio(name.removeprefix("elastic:"), name)
            found[f"elastic {ratio:g}"] = ratio
        else:
            raise click.BadParameter(f"'{name}' is not a candidate. {_HELP}", param_hint="--candidates")
    return found


def _ratio(text: str, name: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = float("nan")
    if not 0 < ratio < 1:
        raise click.BadParameter(f"'{name}' does not name a mixture. {_HELP}", param_hint="--candidates")
    return ratio


def make_penalty(ratio: float, scale: float = 1.0) -> Penalty:
    """Return the penalty with this share of L1, for a target whose standard deviation is ``scale``.

    The L2 part of a mixture is divided by the scale, as in glmnet: the L1 part of a penalty grows with the unit of the
    target and its L2 part does not, so that without it a mixture would be nearly ridge for a price in cents and nearly
    lasso for the same price in millions.

    >>> make_penalty(0.5, 1.0), make_penalty(1.0, 100.0)
    (ElasticNet(l1_ratio=0.5, strength=1.0), L1(strength=1.0))
    """
    from regularfit.penalties import L1, L2, ElasticNet

    if ratio == 0:
        return L2()
    if ratio == 1:
        return L1()
    both = ratio + (1 - ratio) / scale
    return ElasticNet(ratio / both, both)
