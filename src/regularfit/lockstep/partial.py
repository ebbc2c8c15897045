"""What is done when Ctrl-C comes is kept: the exception carries it as ``.partial``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .threads import Workers

__all__ = ["collect", "in_turn", "keeping", "one_by_one"]

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

    def note(k: int) -> None:
        done[k] = job(every[k])  # by the worker: a later lane may be ready before the one that is waited for

    with keeping(lambda inner: list(done)):
        for _ in team.map(note, range(len(every))):
            pass
    return done


def in_turn(team: Workers, items: Iterator[T], stop: Callable[[], None]) -> Iterator[T]:
    """Draw items on a thread of the team, so that Ctrl-C reaches the caller at once; ``stop`` is called if it does."""
    end: Any = object()
    try:
        while True:
            [item] = team.map(lambda _: next(items, end), [None])
            if item is end:
                return
            yield item
    except KeyboardInterrupt:
        stop()
        raise


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
