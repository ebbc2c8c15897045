"""What an experiment is: a claim, the reason for it, a measurement, a rule fixed before it, a verdict and a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["KINDS", "PARTS", "Experiment", "Facts", "Kind", "Part", "Table", "Verdict"]

#: What was measured, as JSON knows it: numbers, texts, lists, and dicts of these. ``"fits"`` is always there.
Facts: TypeAlias = Mapping[str, Any]

Kind: TypeAlias = Literal["holds", "holds when", "does not hold"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: The chapters of the book.
Part: TypeAlias = Literal["linear models", "nets", "trees", "choosing and combining"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the facts say about the claim.

    Parameters
    ----------
    kind : "holds", "holds when" (the text names the condition) or "does not hold".
    text : one or two sentences with the numbers that decided, made from the facts.
    """

    kind: Kind
    text: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"A verdict is one of {', '.join(map(repr, KINDS))}, not {self.kind!r}.")


@dataclass(frozen=True, slots=True)
class Table:
    """Facts as rows of text for terminal and page; the first column names the row."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Experiment:
    r"""A claim of the lectures with what measures it.

    Parameters
    ----------
    name : lower case with dashes; also the name of its files.
    part : the chapter it belongs to.
    claim : one sentence.
    why : the theory in two sentences, with a reference.
    how : what is measured, on what, how often; the full run (a quick one takes less data and fewer replications).
    rule : which facts lead to which verdict; fixed before the measurement.
    run : ``run(seed, quick) -> facts``; draws nothing and prints nothing.
    verdict : the rule as code, ``verdict(facts) -> Verdict``.
    table : the numbers of the page, with their errors.
    plot : draws into an empty figure, ``plot(facts, figure)``.
    needs : modules of optional extras, such as ``("torch",)``.
    alone : whether it measures times, so that nothing else may run beside it.
    """

    name: str
    part: Part
    claim: str
    why: str
    how: str
    rule: str
    run: Callable[[int, bool], dict[str, Any]]
    verdict: Callable[[Facts], Verdict]
    table: Callable[[Facts], Table]
    plot: Callable[[Facts, Figure], None]
    needs: tuple[str, ...] = ()
    alone: bool = False

    def __post_init__(self) -> None:
        for text in ("claim", "why", "how", "rule"):  # written over several lines, meant as one
            object.__setattr__(self, text, " ".join(getattr(self, text).split()))
