import json
import math

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.experiments import Record, cached, measure
from regularfit.experiments.record import plain

NAME = "memorises-noise"


@pytest.fixture(scope="module")
def record():
    return measure(NAME, seed=3, quick=True)


def test_facts_come_back_from_the_file_as_they_went(record, tmp_path):
    again = Record.read(record.write(tmp_path))
    assert again == record
    assert again.verdict == record.verdict
    assert [file.name for file in tmp_path.iterdir()] == [f"{NAME}-seed3-quick.json"]


def test_the_same_seed_gives_the_same_facts_and_another_one_others(record):
    assert measure(NAME, seed=3, quick=True).facts == record.facts
    assert measure(NAME, seed=4, quick=True).facts != record.facts


def test_facts_of_another_text_of_the_claim_are_not_taken(record, tmp_path):
    file = record.write(tmp_path)
    assert cached(tmp_path, NAME, 3, quick=True) == record
    assert cached(tmp_path, NAME, 3) is None  # the full run was not made
    stored = json.loads(file.read_text())
    file.write_text(json.dumps({**stored, "digest": "0" * 12}))
    assert cached(tmp_path, NAME, 3, quick=True) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 2, "name": "memorises-noise"}']
)
def test_another_file_is_refused_by_name(text, tmp_path):
    file = tmp_path / f"{NAME}-seed0.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"memorises-noise-seed0\.json.*run the experiment again"):
        Record.read(file)


def test_facts_are_finite_numbers_texts_lists_and_dicts():
    assert plain({"a": np.arange(2), "b": (1.23456789, None, True)}) == {
        "a": [0, 1],
        "b": [1.23457, None, True],
    }
    for value, where in (
        ({"a": [1.0, math.nan]}, r"facts\.a\[1\] is nan"),
        ({"b": object()}, r"facts\.b is a object"),
    ):
        with pytest.raises(ValueError, match=where):
            plain(value)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InputError, match="seed is"):
        measure(NAME, seed, quick=True)
