"""Threads: how many, in order, errors come through, and BLAS keeps to one inside."""

import os
import threading

import pytest
from threadpoolctl import threadpool_info

from regularfit.lockstep.threads import thread_count, workers


def test_how_many(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert thread_count() == thread_count(-1) == cores
    assert thread_count(-cores - 5) == 1
    assert thread_count(7) == 7
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert thread_count() == 1
    assert thread_count(2) == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert thread_count() == cores


@pytest.mark.parametrize("threads", [1, 3])
def test_answers_come_in_order_and_errors_come_through(threads):
    with workers(threads) as team:
        assert list(team.map(lambda x: x * x, range(50))) == [x * x for x in range(50)]
        with pytest.raises(ZeroDivisionError):
            list(team.map(lambda x: 1 // x, [1, 0, 2]))
        assert list(team.map(str, [])) == []


def test_jobs_that_have_not_begun_are_dropped_on_interruption():
    gate, begun = threading.Event(), []

    def job(x):
        begun.append(x)
        if x == 0:
            raise KeyboardInterrupt
        gate.wait(5)

    with workers(2) as team:
        with pytest.raises(KeyboardInterrupt):
            list(team.map(job, range(100)))
        gate.set()
    assert len(begun) < 10


def test_blas_is_held_to_one_thread_and_let_go():
    def counts():
        return [x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"]

    before = counts()
    with workers(2):
        assert set(counts()) <= {1}
    assert counts() == before
