"""Make the table of synonyms that regularfit ships from WordNet 3.0.

    python tools/synonyms/make.py [--wordnet /usr/share/wordnet] [--out FILE]      # Debian: apt install wordnet-base

Each line of the table is a form of a word as it stands in texts, a tab, and what may stand in its place in the same
form, the usual first: ``bought<TAB>purchased``. Nothing but a look-up is left to do. The rules, all strict, because
a word that is not replaced costs nothing and a wrong one does:

1. One meaning: two words are synonyms when they share a synset that is among the main senses of both: the first, and
   the second when it was tagged at least a fifth as often as the first. "Machine" can mean a car, but seldom does.
   Where the word was met in that sense in WordNet's tagged texts, its synonym must have been met too: no "hebdomad"
   for a week.
2. One part of speech: a form is listed only when one lemma with one part of speech accounts for 85 % of its
   occurrences in WordNet's tagged texts, so no tagger is needed; "works" (noun or verb) is left alone.
3. One form: a synonym is inflected as the word is. Where a form may be two things ("walked": past or participle), only
   synonyms that look the same in both are listed.
4. No word is put in that has a meaning which WordNet marks as insulting or obscene; and meanings to do with sex, the
   body's functions or descent are left as they are, as are archaic ones.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import defaultdict
from pathlib import Path

from inflect import forms
from wordnet import WordNet, read

ROOT = Path(__file__).parents[2]
OUT = ROOT / "src" / "regularfit" / "nets" / "augment" / "text" / "data" / "synonyms.tsv.gz"
SECOND_SENSE = 0.2  # of the count of the first
ONE_READING = 0.85
MOST = 5  # synonyms a form
HEAD = """\
# Synonyms of English words by form, derived from WordNet 3.0 by tools/synonyms/make.py of regularfit.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. Licence: WORDNET-LICENCE.txt beside this.
"""
FORM = re.compile("[a-z]{3,}")  # two letters are mostly units and symbols
Word = tuple[str, str]  # lemma, part of speech


def main_senses(net: WordNet) -> dict[Word, list[str]]:
    """Return the places of the synsets that a word usually means: one or two."""
    chosen = {}
    for (word, part), places in net.senses.items():
        first, second = (net.counts.get((word, part, number), 0) for number in (1, 2))
        chosen[word, part] = places[: 2 if second >= SECOND_SENSE * first else 1]
    return chosen


def synonyms(net: WordNet) -> dict[Word, list[str]]:
    """Return the lemmas that share a main sense, those of the first sense and the often used first."""
    main = main_senses(net)

    def met(word: str, part: str, place: str) -> int:
        return net.counts.get((word, part, net.senses[word, part].index(place) + 1), 0)

    table: dict[Word, list[str]] = {}
    polite = {word for word, _ in main if not net.insults(word)}
    for (word, part), places in main.items():
        found: dict[str, None] = {}
        for place in places:
            synset = net.synsets[part, place]
            others = [
                w for w in synset.words if w != word and w in polite and place in main.get((w, part), ())
            ]
            usual = {w: n for w in others if (n := met(w, part, place)) or not met(word, part, place)}
            if not synset.unwanted:
                found |= dict.fromkeys(sorted(usual, key=lambda w: -usual[w]))
        if found:
            table[word, part] = list(found)
    return table


def readings(net: WordNet, inflected: dict[Word, dict[str, str]]) -> dict[str, Word]:
    """Return the one word that each form is a form of, for the forms that have such a word."""
    of: dict[str, set[Word]] = defaultdict(set)
    for word, slots in inflected.items():
        for form in {*slots.values(), *net.irregular.get(word, ())}:
            of[form].add(word)
    sure = {}
    for form, words in of.items():
        counts = {word: net.count(*word) for word in words}
        best = max(sorted(words), key=lambda word: counts[word])
        if len(words) == 1 or (counts[best] and counts[best] >= ONE_READING * sum(counts.values())):
            sure[form] = best
    return sure


def table(net: WordNet) -> dict[str, list[str]]:
    """Return what may stand in place of each form."""
    inflected = {word: forms(*word, net.irregular.get(word, [])) for word in net.senses}
    near = synonyms(net)
    made = {}
    for form, word in readings(net, inflected).items():
        if not FORM.fullmatch(form):
            continue
        slots = [slot for slot, written in inflected[word].items() if written == form]
        instead: dict[str, None] = {}
        for other in near.get(word, ()) if slots else ():
            written = {inflected[other, word[1]].get(slot) for slot in slots}
            if len(written) == 1 and None not in written:
                instead |= dict.fromkeys(w for w in written if w and w != form and FORM.fullmatch(w))
        if instead:
            made[form] = list(instead)[:MOST]
    return made


def write(made: dict[str, list[str]], out: Path) -> None:
    """Write the table, without the date, so that the same table is the same file."""
    lines = "".join(f"{form}\t{' '.join(instead)}\n" for form, instead in sorted(made.items()))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(gzip.compress((HEAD + lines).encode("ascii"), compresslevel=9, mtime=0))


def main() -> None:
    """Read, derive, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    made = table(read(options.wordnet))
    write(made, options.out)
    print(f"{options.out}: {len(made)} forms, {options.out.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
