"""Texts as chunks between white space, and chunks as a word with punctuation around it."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["chunks_of", "in_case_of", "is_name", "parts", "split", "without", "words_of"]

_GAPS = re.compile(r"(\s+)")
# A word may hold apostrophes and hyphens; a chunk with digits, slashes or dots inside (a number, a link) is none, nor
# is one that begins with &, @ or # (an entity, an address, a mark).
_CHUNK = re.compile(r"([^\w&@#]*)([^\W\d_]+(?:['’-][^\W\d_]+)*)(\W*)")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_ENDS_SENTENCE = re.compile(r"[.!?:;…][\"'’”)\]]*$")


def split(text: str) -> list[str]:
    """Return chunks and the white space between them, in turn: their join is the text.

    >>> split("Call  now!")
    ['Call', '  ', 'now!']
    """
    return _GAPS.split(text)


def chunks_of(pieces: list[str]) -> list[str]:
    """Return the chunks of a text that was split; the first or last is empty where the text ends in white space."""
    return pieces[::2]


@lru_cache(maxsize=1 << 16)
def parts(chunk: str) -> tuple[str, str, str] | None:
    """Return what stands before the word of a chunk, the word, and what stands after it; None where there is no word.

    >>> parts("(don't"), parts("0800-now"), parts(":-)")
    (('(', "don't", ''), None, None)
    """
    found = _CHUNK.fullmatch(chunk)
    return (found[1], found[2], found[3]) if found else None


def words_of(text: str) -> list[str]:
    """Return all words and numbers of a text in lower case."""
    return _WORD.findall(text.lower())


def is_name(chunks: list[str], place: int) -> bool:
    """Return whether a chunk is capitalised where no sentence begins; such words are names, as a rule."""
    found = parts(chunks[place])
    if found is None or not found[1][0].isupper() or (len(found[1]) > 1 and found[1].isupper()):
        return False
    before = next((chunk for chunk in reversed(chunks[:place]) if chunk), "")
    return bool(before) and not _ENDS_SENTENCE.search(before)


def in_case_of(model: str, word: str) -> str:
    """Return a word written as the model is: capitals, a capital, or as it comes.

    >>> in_case_of("FREE", "gratis"), in_case_of("Free", "gratis"), in_case_of("free", "gratis")
    ('GRATIS', 'Gratis', 'gratis')
    """
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if model[0].isupper() else word


def without(pieces: list[str], gone: set[int]) -> str:
    """Return a text without some of its chunks, and without the white space before them."""
    kept = [k for k in range(len(pieces) // 2 + 1) if k not in gone]
    out = [pieces[2 * kept[0]]]
    for k in kept[1:]:
        out += pieces[2 * k - 1 : 2 * k + 1]
    return "".join(out)
