"""Read the files of WordNet 3.0: senses of single words in order of frequency, their counts, irregular forms.

The formats are those of WordNet's manual pages wndb(5), senseidx(5) and cntlist(5). Only words of one piece in lower
case are kept: names, collocations and abbreviations cannot stand in for a word of a text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
_PART_OF_TYPE = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}  # 5: satellite adjectives
_SINGLE = re.compile(r"[a-z]{2,}")
# What WordNet itself marks as insulting or obscene, by the domain of usage or in the gloss; never put into a text.
_INSULTING_DOMAINS = {"ethnic_slur", "obscenity", "disparagement", "vulgarism"}
_INSULTING = re.compile(
    r"\b(offensive|slurs?|derogat\w+|disparag\w+|obscen\w+|vulgar\w*|insulting|contempt\w*|pejorative|taboo|despis\w+"
    r"|stupid|idiot\w*|subnormal|retard\w*|adulterer|untidy woman|sexual intercourse|anal sex|promiscuous|obnoxious"
    r"|thoroughly disliked|milk-secreting|rotund individual)\b"
)
# Meanings that are better left as they are.
_UNWANTED_DOMAINS = {"archaism", "dialect"}
_UNWANTED = re.compile(
    r"\b(archaic|prostitut\w+|homosexual\w*|sexual\w*|genital\w*|copulat\w+|fece?s|excrement|defecat\w+|urinat\w+"
    r"|breasts?|buttocks|negro\w*|black person|jews?|jewish)\b"
)


@dataclass(frozen=True)
class Synset:
    """The words of one meaning, in lower case and of one piece, and whether it may be used."""

    words: tuple[str, ...]
    unwanted: bool
    insulting: bool


@dataclass
class WordNet:
    """What the files say: ``senses[word, part]`` lists places of synsets, the most frequent sense first."""

    synsets: dict[tuple[str, str], Synset] = field(default_factory=dict)
    senses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    counts: dict[tuple[str, str, int], int] = field(default_factory=dict)
    irregular: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def insults(self, word: str) -> bool:
        """Return whether any meaning of a word is an insult or obscene."""
        parts = (part for part in "nvar" if (word, part) in self.senses)
        return any(self.synsets[part, place].insulting for part in parts for place in self.senses[word, part])

    def count(self, word: str, part: str) -> int:
        """Return how often a word was tagged with this part of speech in WordNet's corpora."""
        numbers = range(1, len(self.senses.get((word, part), ())) + 1)
        return sum(self.counts.get((word, part, number), 0) for number in numbers)


def read(folder: Path) -> WordNet:
    """Return the WordNet that lies in a folder (Debian: package wordnet-base, /usr/share/wordnet)."""
    net = WordNet(counts=_counts(folder / "cntlist.rev"))
    lines = {part: _lines(folder / f"data.{name}") for name, part in PARTS.items()}
    domains = [_domains(lines["n"], names) for names in (_UNWANTED_DOMAINS, _INSULTING_DOMAINS)]
    for name, part in PARTS.items():
        for line in lines[part]:
            net.synsets[part, line[:8]] = _synset(line, *domains)
        for line in _lines(folder / f"index.{name}"):
            word, _, count, *rest = line.split()
            if _SINGLE.fullmatch(word):
                net.senses[word, part] = rest[-int(count) :]
        for line in (folder / f"{name}.exc").read_text(encoding="ascii").splitlines():
            form, *lemmas = line.split()
            for lemma in lemmas:
                net.irregular.setdefault((lemma, part), []).append(form)
    return net


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("  ")]


def _counts(path: Path) -> dict[tuple[str, str, int], int]:
    """Each line: ``lemma%type:file:id:head:headid  sense_number  tag_count``."""
    counts: dict[tuple[str, str, int], int] = defaultdict(int)
    for line in path.read_text(encoding="ascii").splitlines():
        key, number, count = line.split()
        word, _, rest = key.partition("%")
        counts[word, _PART_OF_TYPE[rest[0]], int(number)] += int(count)
    return dict(counts)


def _spelled(line: str) -> list[str]:
    """Return the words of a line of a data file as they are written, without syntactic markers such as (p)."""
    fields = line.split(" | ")[0].split()
    return [word.partition("(")[0] for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]]


def _domains(nouns: list[str], names: set[str]) -> set[str]:
    """Return the places of the synsets of these names, which others point to as the domain of their usage."""
    return {line[:8] for line in nouns if names & set(_spelled(line))}


def _synset(line: str, unwanted: set[str], insulting: set[str]) -> Synset:
    facts, _, gloss = line.partition(" | ")
    usage = set(re.findall(r";u (\d{8}) n [0-9a-f]{4}", facts))
    meaning = gloss.split('; "')[0].lower()  # examples of usage follow the definition
    words = tuple(word for word in _spelled(line) if _SINGLE.fullmatch(word))
    insults = bool(usage & insulting or _INSULTING.search(meaning))
    return Synset(words, insults or bool(usage & unwanted or _UNWANTED.search(meaning)), insults)
