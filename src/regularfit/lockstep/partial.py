"""What is done when Ctrl-C comes is kept: the exception carries it as ``.partial``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .threads import Workers

__all__ = ["collect", "keeping", "one_by_one"]

S = TypeVar("S")
T = TypeVar("T")


@contextmanager
def keeping(gather: Callable[[Any], Any]) -> Iterator[None]:
    """On Ctrl-C set ``.partial`` to ``gather(what an inner block kept, or None)`` and let it pass."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.partial = gather(getattr(stop, "partial", None))  # type: ignore[attr-defined]
        raise


def collect(team: Workers, job: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """Return the answers in order; on Ctrl-C keep those that are ready, with None for the others."""
    every = list(items)
    done: list[Any] = [None] * len(every)
    with keeping(lambda inner: done):
        for k, answer in enumerate(team.map(job, every)):
            done[k] = answer
    return done


def one_by_one(
    fit: Callable[..., list[Any]], candidates: list[tuple[Any, ...]], lanes: int
) -> list[list[Any]]:
    """Fit candidate after candidate; on Ctrl-C keep the finished ones and what the current one kept."""
    done: list[list[Any]] = []

    def gather(inner: list[Any] | None) -> list[list[Any]]:
        kept = [*done, inner or [None] * lanes]
        return kept + [[None] * lanes] * (len(candidates) - len(kept))

    with keeping(gather):
        for candidate in candidates:
            # One by one: what is finished must stand in the list when Ctrl-C comes.
            done.append(fit(*candidate))  # noqa: PERF401
    return done
