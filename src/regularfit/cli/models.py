"""Which families of models compete."""

from __future__ import annotations

import click

KNOWN = ("linear", "trees")


def parse_models(text: str) -> tuple[str, ...]:
    """Return the families that compete, for a comma list such as ``linear,trees``.

    Raises
    ------
    click.BadParameter
        For a name that is not known, or where linear is not among them: its folds and its report carry the others.

    Examples
    --------
    >>> parse_models("Trees, linear")
    ('linear', 'trees')
    """
    names = {part.strip().lower() for part in text.split(",")}
    unknown = sorted(names - set(KNOWN))
    if unknown:
        raise click.BadParameter(
            f"'{unknown[0]}' is no family of models. Known are {' and '.join(KNOWN)}.", param_hint="--models"
        )
    if "linear" not in names:
        raise click.BadParameter(
            "linear always takes part: it is what the others have to beat. Write linear,trees.",
            param_hint="--models",
        )
    return tuple(name for name in KNOWN if name in names)
