import pytest

from regularfit.errors import InputError
from regularfit.experiments import NAMES, Record, experiment, run_all
from regularfit.experiments import running as module

QUICK = ["memorises-noise", "shrinks-never-zero"]


def test_a_second_run_measures_only_what_is_missing(tmp_path):
    steps = []
    run_all(QUICK[:1], tmp_path, quick=True, done=lambda record, fresh: steps.append((record.name, fresh)))
    both = run_all(QUICK, tmp_path, quick=True, done=lambda record, fresh: steps.append((record.name, fresh)))
    assert steps == [(QUICK[0], True), (QUICK[0], False), (QUICK[1], True)]
    assert [record.name for record in both] == QUICK
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"{name}-seed0-quick.json" for name in QUICK]


def test_what_is_finished_is_kept_when_another_one_fails(tmp_path, monkeypatch):
    def half(names, *_):
        yield module.measure(QUICK[0], 0, True)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_measured", half)
    with pytest.raises(KeyboardInterrupt):
        run_all(QUICK, tmp_path, quick=True)
    (kept,) = tmp_path.iterdir()
    assert Record.read(kept).name == QUICK[0]


def test_the_error_of_one_does_not_stop_the_others(tmp_path):
    """A process of its own refuses a name that there is not; its neighbour is measured."""
    failed = {}
    found = list(module._measured(["no-such-claim", QUICK[1]], 0, True, 1, failed.__setitem__))
    assert [record.name for record in found] == [QUICK[1]]
    assert isinstance(failed["no-such-claim"], InputError)
    with pytest.raises(InputError, match="no-such-claim"):
        list(module._measured(["no-such-claim"], 0, True, 1, None))


def test_claims_that_measure_times_run_last_and_alone(tmp_path, monkeypatch):
    batches = []
    monkeypatch.setattr(
        module, "_measured", lambda names, seed, quick, jobs, failed: batches.append((names, jobs)) or []
    )
    run_all(NAMES, tmp_path, jobs=2)
    (together, two), (alone, one) = batches
    assert (two, one) == (2, 1)
    assert alone == [name for name in NAMES if experiment(name).alone]
    assert not set(together) & set(alone)


def test_no_process_is_no_way_to_run(tmp_path):
    with pytest.raises(InputError, match="jobs is 0"):
        run_all(QUICK, tmp_path, jobs=0)
