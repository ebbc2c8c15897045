"""The space of cocktails: every regulariser is off, or on with a strength drawn for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Ingredient", "Point", "Space", "cocktails"]

Rng = np.random.Generator
Draw = Callable[[Rng], Any]
Point = dict[str, Any]


def _log(low: float, high: float) -> Draw:
    return lambda rng: float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _even(low: float, high: float) -> Draw:
    return lambda rng: float(rng.uniform(low, high))


def _one_of(*values: Any) -> Draw:
    return lambda rng: values[int(rng.integers(len(values)))]


@dataclass(frozen=True)
class Ingredient:
    """Something that may be in a cocktail: a regulariser, or a setting that always has a value.

    Parameters
    ----------
    options : what it can be, each a dict of names of a grid to draws; {} is off.
    chances : of the options, summing to 1.
    """

    options: tuple[dict[str, Draw], ...]
    chances: tuple[float, ...]

    @classmethod
    def on(cls, chance: float, **draws: Draw) -> Ingredient:
        """Return one that is on with a chance; ``Dropout__p`` stands for "Dropout.p"."""
        named = {name.replace("__", "."): draw for name, draw in draws.items()}
        return cls((named, {}), (chance, 1.0 - chance))

    def draw(self, rng: Rng) -> Point:
        """Return what is in this time."""
        option = self.options[int(rng.choice(len(self.options), p=self.chances))]
        return {name: draw(rng) for name, draw in option.items()}

    @property
    def names(self) -> set[str]:
        """All names that it may set."""
        return {name for option in self.options for name in option}


@dataclass(frozen=True)
class Space:
    """All cocktails of some ingredients.

    Examples
    --------
    >>> space = cocktails(classification=True)
    >>> point = space.draw(np.random.default_rng(0))
    >>> 3e-4 <= point["lr"] <= 2e-2
    True
    """

    ingredients: tuple[Ingredient, ...]

    def draw(self, rng: Rng) -> Point:
        """Return a point of a grid."""
        point: Point = {}
        for ingredient in self.ingredients:
            point |= ingredient.draw(rng)
        return point

    def child(self, parents: Sequence[Point], rng: Rng, fresh: float = 0.2) -> Point:
        """Return a point whose every ingredient is that of one of two parents, or drawn anew with chance ``fresh``."""
        one, two = (parents[int(k)] for k in rng.integers(len(parents), size=2))
        point: Point = {}
        for ingredient in self.ingredients:
            if rng.random() < fresh:
                point |= ingredient.draw(rng)
            else:
                source = one if rng.random() < 0.5 else two
                point |= {name: value for name, value in source.items() if name in ingredient.names}
        return point


def cocktails(
    classification: bool, hidden: Sequence[tuple[int, ...]] = ((128, 128),), *, bins: bool = False
) -> Space:
    """Return the space that AutoNet searches: the regularisers of Kadra et al. (2021) that lanes can do.

    Feature swap is its CutMix for tables. Rates of decay are those of AdamW times ten, as batch norm and dropout
    are not always there; one average of weights at most is on. With ``bins``, whether
    nets see the bins of numbers is searched for as well.
    """
    averages = Ingredient(
        ({"EMA.decay": _one_of(0.9, 0.98, 0.995)}, {"SWA.after": _even(0.5, 0.85)}, {}), (0.6, 0.2, 0.2)
    )
    smoothing = (Ingredient.on(0.3, LabelSmoothing__eps=_even(0.02, 0.2)),) if classification else ()
    sight = (Ingredient.on(1.0, bins=_one_of(False, True)),) if bins else ()
    return Space(
        (
            *sight,
            Ingredient.on(1.0, lr=_log(3e-4, 2e-2)),
            Ingredient.on(1.0, hidden=_one_of(*hidden)),
            Ingredient.on(1.0, batch_norm=_one_of(False, True)),
            Ingredient.on(0.6, FeatureSwap__p=_even(0.02, 0.3)),
            Ingredient.on(0.3, Mixup__alpha=_log(0.1, 1.0)),
            Ingredient.on(0.2, InputNoise__scale=_log(0.01, 0.3)),
            Ingredient.on(
                0.7,
                Dropout__p=_even(0.05, 0.6),
                Dropout__input_p=_one_of(0.0, 0.0, 0.05, 0.15),
                Dropout__shape=_one_of("flat", "funnel", "triangle"),
            ),
            *smoothing,
            Ingredient.on(0.8, WeightDecay__rate=_log(1e-3, 1.0)),
            Ingredient.on(0.2, L1__strength=_log(1e-6, 1e-3)),
            averages,
        )
    )
