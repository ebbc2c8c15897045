"""The table of synonyms: against WordNet's own program, and made anew from WordNet's own files."""

import codecs
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest

from regularfit.nets.augment.text import Synonyms
from regularfit.nets.augment.text._guard import Guard
from regularfit.nets.augment.text._sources import Lookup, wordnet

ROOT = Path(__file__).parents[4]
WORDNET = Path("/usr/share/wordnet")
needs_files = pytest.mark.skipif(
    not (WORDNET / "data.noun").exists(), reason="Debian's wordnet-base is not installed"
)
needs_program = pytest.mark.skipif(shutil.which("wn") is None, reason="WordNet's program wn is not installed")


def test_forms_are_kept():
    table = {form: instead.split() for form, instead in wordnet().items()}
    for form, other in [
        ("cars", "automobiles"),
        ("bought", "purchased"),
        ("buying", "purchasing"),
        ("began", "started"),
        ("begun", "started"),
        ("begins", "starts"),
        ("children", "kids"),
        ("bigger", "larger"),
        ("teachers", "instructors"),
        ("quickly", "rapidly"),
        ("stopping", "halting"),
        ("tried", "attempted"),
        ("easiest", None),
        ("works", None),  # noun or verb
        ("happy", None),  # no other word means that and nothing else
    ]:
        assert other in table[form] if other else form not in table, form


def test_every_line_is_in_order():
    table = wordnet()
    assert 50_000 < len(table) < 70_000
    for form, instead in table.items():
        others = instead.split()
        assert re.fullmatch("[a-z]{3,}", form), form
        assert 1 <= len(others) <= 5
        assert len(set(others)) == len(others)
        assert form not in others
        assert all(re.fullmatch("[a-z]{3,}", other) for other in others)


def test_no_word_is_put_in_that_insults():
    slurs = "xvxr fcvp fcvpx avttre jbt puvax tbbx qlxr snt sntf dhrre juber fyhg ovgpu shpx fuvg ergneq zbeba phag"
    put_in = {other for instead in wordnet().values() for other in instead.split()}
    assert not put_in & set(codecs.decode(slurs, "rot13").split())
    assert len(put_in) > 20_000


def test_the_licence_and_the_table_lie_in_the_package():
    data = files("regularfit.nets.augment.text").joinpath("data")
    licence = data.joinpath("WORDNET-LICENCE.txt").read_text(encoding="utf-8")
    for part in (
        "WordNet 3.0 Copyright 2006 by Princeton University",
        "Permission to use, copy, modify and distribute",
    ):
        assert part in " ".join(licence.split())
    assert len(data.joinpath("synonyms.tsv.gz").read_bytes()) < 2**20
    assert "Princeton" in Synonyms.__doc__


def senses(word):
    """Return the lines of words, one a meaning, that WordNet's program prints for a form of a word."""
    lines = set()
    for part in "nvar":
        shown = subprocess.run(
            ["wn", word, f"-syns{part}"], capture_output=True, text=True, check=False
        ).stdout
        lines |= {(part, line.strip()) for line in re.findall(r"^Sense \d+\n(.+)$", shown, re.MULTILINE)}
    return lines


@needs_program
def test_synonyms_share_a_meaning_for_wordnets_own_program():
    """Its own morphology finds the lemmas of both forms, so this also tests that the forms are words."""
    pairs = [(form, other) for form, instead in sorted(wordnet().items()) for other in instead.split()]
    for form, other in Random(0).sample(pairs, 60):
        assert senses(form) & senses(other), (form, other)


@needs_files
def test_the_script_makes_the_table_that_is_shipped(tmp_path):
    out = tmp_path / "made.tsv.gz"
    script = ROOT / "tools" / "synonyms" / "make.py"
    subprocess.run([sys.executable, str(script), "--out", str(out)], check=True, capture_output=True)
    import gzip

    shipped = files("regularfit.nets.augment.text").joinpath("data", "synonyms.tsv.gz").read_bytes()
    assert gzip.decompress(out.read_bytes()) == gzip.decompress(shipped)


def test_a_full_memory_begins_anew(monkeypatch):
    monkeypatch.setattr("regularfit.nets.augment.text._sources.REMEMBERED", 2)
    lookup = Lookup({"good": "fine"}, Guard.of())
    for _ in range(2):
        assert [lookup[word] for word in ("good", "film", "Good!", "12")] == [("fine",), (), ("fine",), ()]
    assert len(lookup) <= 2


def test_the_shipped_look_up_is_kept_for_each_guard():
    assert Lookup.of(None, Guard.of()) is Lookup.of(None, Guard.of())
    assert Lookup.of(None, Guard.of(["car"])) is not Lookup.of(None, Guard.of())
    source = {"good": "fine"}
    assert Lookup.of(source, Guard.of()) is not Lookup.of(source, Guard.of())  # a mapping may change
