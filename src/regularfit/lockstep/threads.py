"""Threads of our own with BLAS held to one thread inside.

Two layers of threads only get in each other's way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

__all__ = ["Workers", "thread_count", "workers"]

T = TypeVar("T")
S = TypeVar("S")


def thread_count(n_jobs: int | None = None) -> int:
    """Return how many threads to use: ``n_jobs``, or all usable cores but at most OMP_NUM_THREADS.

    Negative numbers count from the top as in joblib: -1 means all cores, -2 all but one.

    >>> thread_count(3)
    3
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if n_jobs is not None and n_jobs > 0:
        return n_jobs
    if n_jobs is not None and n_jobs < 0:
        return max(1, cores + 1 + n_jobs)
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(limit))) if limit.isdigit() and int(limit) > 0 else cores


class Workers:
    """Runs independent jobs on a few threads; the calling thread only waits, so Ctrl-C reaches it at once.

    ``inline`` runs them in the calling thread instead: for jobs that are themselves a worker's, or over before a
    thread has started.
    """

    def __init__(self, threads: int, inline: bool = False) -> None:
        self.threads = threads
        self._pool = None if inline else ThreadPoolExecutor(threads)

    def map(self, job: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        """Yield the answers in order. Ctrl-C drops the jobs that have not begun."""
        if self._pool is None:
            yield from map(job, items)
            return
        futures: list[Future[T]] = [self._pool.submit(job, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """Let the threads go; jobs that have not begun are dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # looking for the loaded libraries takes milliseconds, so once


@contextmanager
def workers(threads: int, inline: bool = False) -> Iterator[Workers]:
    """Give workers for the length of a block, with BLAS on one thread; ``inline`` as in :class:`Workers`."""
    team = Workers(threads, inline)
    try:
        with _blas().limit(limits=1, user_api="blas"):
            yield team
    finally:
        team.close()
