"""Numbers, lists and names as a person writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["common_power", "count", "listed", "number", "percent", "power_of_ten", "shorten", "signed"]

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(x: float, digits: int = 3) -> str:
    r"""Return ``x`` with so many significant digits, thousands apart, a true minus sign, and a dash for nan.

    Examples
    --------
    >>> number(2993.4), number(-0.04123), number(1.2e-9), number(float("nan"))
    ('2,993', '−0.0412', '1.20\xa0×\xa010⁻⁹', '–')
    """
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    size = math.floor(math.log10(abs(x)))
    if -4 <= size < 7:
        text = f"{x:,.{max(digits - 1 - size, 0)}f}"
    else:
        head, power = f"{x:.{digits - 1}e}".split("e")
        text = f"{head}\u00a0×\u00a0{power_of_ten(int(power))}"
    return text.replace("-", "−")


def power_of_ten(power: int) -> str:
    """Return a power of ten with its exponent raised.

    Examples
    --------
    >>> power_of_ten(-9)
    '10⁻⁹'
    """
    return f"10{str(power).translate(_RAISED)}"


def common_power(values: Iterable[float]) -> int:
    """Return the power of ten to take out of numbers too large or too small to read side by side, else 0.

    Examples
    --------
    >>> common_power([8.3e8, 9.2e8]), common_power([2993.0, 12.0])
    (8, 0)
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    power = math.floor(math.log10(largest)) if largest else 0
    return power if power >= 6 or power <= -4 else 0


def signed(x: float, digits: int = 3) -> str:
    """Return ``number(x)`` with its sign, also a plus."""
    return ("+" if x > 0 else "") + number(x, digits)


def percent(share: float) -> str:
    """Return a share as whole per cent, with one decimal below ten.

    Examples
    --------
    >>> percent(0.482), percent(0.031), percent(-0.2)
    ('48%', '3.1%', '−20%')
    """
    if not math.isfinite(share):
        return "–"
    hundred = 100 * share
    text = f"{hundred:,.0f}" if abs(hundred) >= 9.95 or hundred == 0 else f"{hundred:.1f}"
    return text.replace("-", "−") + "%"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Return "1 row", "2 rows", "no rows".

    Examples
    --------
    >>> count(0, "row"), count(1, "row"), count(20640, "row")
    ('no rows', '1 row', '20,640 rows')
    """
    many = plural or noun + "s"
    return f"no {many}" if n == 0 else f"{n:,} {noun if n == 1 else many}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return "a, b and c", or "a, b and 5 more".

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], most=2)
    ('a, b and c', 'a, b and 2 more')
    """
    shown = [shorten(name, 40) for name in names[:most]]
    if len(names) > most:
        return ", ".join(shown) + f" and {len(names) - most:,} more"
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + f" and {shown[-1]}" if shown else ""


def shorten(name: str, most: int) -> str:
    """Return the name, its middle left out where it is longer than ``most``: ends tell names apart.

    Examples
    --------
    >>> shorten("neighbourhood=Northridge Heights", 20)
    'neighbourh…e Heights'
    """
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return name[: most - 1 - tail] + "…" + name[len(name) - tail :]
