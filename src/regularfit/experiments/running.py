"""Run experiments: facts that are there already are read, the others are measured side by side and kept one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from .._optional import need
from ..errors import InputError
from .experiment import Experiment
from .index import experiment, number_of
from .record import Record, digest_of, plain, versions

__all__ = ["cached", "measure", "missing_extras", "run_all"]

_EXTRA_OF = {"torch": "nets", "lightgbm": "trees", "xgboost": "trees", "optuna": "trees"}
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def measure(name: str, seed: int = 0, quick: bool = False) -> Record:
    """Run one experiment here and now and return its facts.

    Parameters
    ----------
    name : see :func:`~regularfit.experiments.experiment`.
    seed : 0 or more; the same seed gives the same facts, up to times.
    quick : less data and fewer replications: seconds instead of minutes.

    Raises
    ------
    UnsupportedError
        Where an optional extra is missing; the message says what to install.
    """
    found = experiment(name)
    _checked_seed(seed)
    for module in found.needs:
        need(module, _EXTRA_OF[module])
    begin = time.perf_counter()
    facts = plain(found.run(seed, quick))
    seconds = round(time.perf_counter() - begin, 1)
    return Record(found.name, seed, quick, facts, seconds, versions(), digest_of(found.name))


def cached(folder: Path, name: str, seed: int = 0, quick: bool = False) -> Record | None:
    """Return the facts of an earlier run of this claim as its text stands now, or None."""
    file = folder / Record.file_name(name, seed, quick)
    if not file.is_file():
        return None
    record = Record.read(file)
    same = record.digest == digest_of(name) and record.versions["regularfit"] == versions()["regularfit"]
    return record if same else None


def missing_extras(found: Experiment) -> list[str]:
    """Return the extras an experiment needs that are not installed."""
    return sorted({_EXTRA_OF[module] for module in found.needs if find_spec(module) is None})


def run_all(
    names: Sequence[str],
    folder: Path,
    *,
    seed: int = 0,
    quick: bool = False,
    jobs: int = 1,
    again: bool = False,
    done: Callable[[Record, bool], None] = lambda record, fresh: None,
    failed: Callable[[str, BaseException], None] | None = None,
) -> list[Record]:
    """Run experiments and keep each one's facts in ``folder`` as soon as it is finished.

    A run that was interrupted goes on where it stopped. Experiments that measure times run by themselves at the end.

    Parameters
    ----------
    names : of the experiments; those whose extras are missing are left out.
    folder : where facts are read and written.
    jobs : how many run side by side, each in a process of its own with one thread.
    again : run also those whose facts are there.
    done : called with each record, and whether it was measured now.
    failed : called with the name and the error of an experiment that failed; the others go on. None raises it.

    Returns
    -------
    The records there are now, in the order of ``names``.
    """
    _checked_seed(seed)
    if jobs < 1:
        raise InputError(f"jobs is {jobs}; give 1 or more processes.")
    records: dict[str, Record] = {}
    waiting: list[str] = []
    for name in names:
        known = None if again else cached(folder, name, seed, quick)
        if known is not None:
            records[name] = known
            done(known, False)
        elif not missing_extras(experiment(name)):
            waiting.append(name)
    together = [name for name in waiting if not experiment(name).alone]
    for batch, width in ((together, jobs), ([name for name in waiting if name not in together], 1)):
        for record in _measured(batch, seed, quick, width, failed):
            record.write(folder)
            records[record.name] = record
            done(record, True)
    return sorted(records.values(), key=lambda record: number_of(record.name))


def _measured(
    names: Sequence[str],
    seed: int,
    quick: bool,
    jobs: int,
    failed: Callable[[str, BaseException], None] | None,
) -> Iterator[Record]:
    if not names:
        return
    with _one_thread(), ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        try:
            under_way = {pool.submit(measure, name, seed, quick): name for name in names}
            while under_way:
                yield from _finished(under_way, failed)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(getattr(pool, "_processes", None) or {}.values()):
                process.terminate()
            raise


def _finished(
    under_way: dict[Future[Record], str], failed: Callable[[str, BaseException], None] | None
) -> Iterator[Record]:
    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
        name = under_way.pop(future)
        error = future.exception()
        if error is None:
            yield future.result()
        elif failed is None:
            raise error
        else:
            failed(name, error)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that start now use one thread each: as many processes as cores are enough."""
    before = {key: os.environ.get(key) for key in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _checked_seed(seed: int) -> None:
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed!r}; give a whole number from 0 to 4294967295.")
