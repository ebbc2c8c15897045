import pytest
from hypothesis import given
from hypothesis import strategies as st

from regularfit.nets.augment.text._words import (
    chunks_of,
    in_case_of,
    is_name,
    parts,
    split,
    without,
    words_of,
)


@given(st.text())
def test_a_text_is_its_pieces(text):
    pieces = split(text)
    assert "".join(pieces) == text
    assert len(pieces) % 2 == 1
    assert [chunk for chunk in chunks_of(pieces) if chunk] == text.split()
    for chunk in chunks_of(pieces):
        found = parts(chunk)
        assert found is None or "".join(found) == chunk


@pytest.mark.parametrize(
    ("chunk", "found"),
    [
        ("film", ("", "film", "")),
        ('("Film!")', ('("', "Film", '!")')),
        ("well-known,", ("", "well-known", ",")),
        ("don’t", ("", "don’t", "")),
        ("café", ("", "café", "")),
        ("2nd", None),
        ("a.b", None),
        ("crazy..Available", None),
        ("me@home.org", None),
        ("@you", None),
        ("#free", None),
        ("&amp;", None),
        ("https://x.org", None),
        ("--", None),
        ("", None),
    ],
)
def test_parts(chunk, found):
    assert parts(chunk) == found


def test_names_are_capitalised_where_no_sentence_begins():
    chunks = chunks_of(split("The film. Great Britain won! FREE Tickets"))
    assert [chunk for place, chunk in enumerate(chunks) if is_name(chunks, place)] == ["Britain", "Tickets"]
    chunks = chunks_of(split("  Bill came"))
    assert not is_name(chunks, 1)


def test_case():
    assert in_case_of("I", "me") == "Me"
    assert in_case_of("FREE", "gratis") == "GRATIS"
    assert in_case_of("iPhone", "mobile") == "mobile"
    assert in_case_of("Old", "New York") == "New York"


def test_without():
    pieces = split(" a b\tc d ")
    assert without(pieces, {2}) == " a\tc d "
    assert without(pieces, {1, 4}) == " b\tc "
    assert without(split("a b c"), {0, 1}) == "c"


def test_words_of():
    assert words_of("Don't call 0800-22, Ann!") == ["don't", "call", "0800", "22", "ann"]
