"""Write the inflected forms of English words: WordNet's lists of exceptions first, then rules.

A form that no rule gives with confidence is left out (plurals of words in -o, comparatives of long words), because a
word that is not replaced costs nothing and a wrong form does. Slots: nouns ``base plural``, verbs ``base s past
participle ing``, adjectives and adverbs ``base er est``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIBILANT = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")
_MEN = re.compile(r"(?<!hu)(?<!ger)(?<!ro)(?<!sha)(?<!talis)(?<!otto)(?<!cay)(?<!cai)(?<!nor)(?<!brah)man$")
# Verbs whose past is their base form; WordNet's lists leave them out, because there is nothing to look up.
_UNCHANGING = re.compile(
    r"(fore|broad|type|tele|mis|over|under|re|up|out|off|in|be|sub|inter)?"
    r"(put|cut|set|hit|let|shut|cost|hurt|burst|cast|spread|split|shed|slit|thrust|rid|bet|beat|read|quit|knit|wed|spit)"
)
_SHORT = re.compile(r"(?:[^aeiou]|qu)*[aeiou][^aeiouwxy]")  # one syllable, one vowel, one final consonant


def forms(lemma: str, part: str, irregular: Sequence[str] = ()) -> dict[str, str]:
    """Return ``{slot: form}`` of a word.

    >>> forms("carry", "v")["past"], forms("goose", "n", ["geese"])["plural"], forms("cheap", "a")["est"]
    ('carried', 'geese', 'cheapest')
    """
    if part == "n":
        return {"base": lemma} | _plural(lemma, irregular)
    if part == "v":
        return _verb(lemma, irregular)
    return {"base": lemma} | _comparison(lemma, part, irregular)


def _with_s(word: str) -> str:
    if _SIBILANT.search(word):
        return word + "es"
    return word[:-1] + "ies" if _CONSONANT_Y.search(word) else word + "s"


def _plural(lemma: str, irregular: Sequence[str]) -> dict[str, str]:
    if irregular and irregular != [lemma + "ses"]:  # buses, not the rare busses
        return {"plural": irregular[0]} if len(irregular) == 1 else {}
    if _MEN.search(lemma):
        return {"plural": lemma[:-2] + "en"}
    doubtful = re.search(r"([^aeiou]o|[^s]s|men|people|fish|sheep|deer|craft|ware)$", lemma)
    if doubtful and not re.search(r"^(bus|gas|plus|virus|campus|bonus|census)$", lemma):
        return {}
    return {"plural": _with_s(lemma)}


def _verb(lemma: str, irregular: Sequence[str]) -> dict[str, str]:
    third = [form for form in irregular if form.endswith("s") and form != lemma]
    ing = [form for form in irregular if form.endswith("ing") and form != lemma and len(form) > len(lemma)]
    pasts = [form for form in irregular if form not in third and form not in ing]
    past, participle = _pasts(lemma, pasts)
    s = lemma + "es" if re.search(r"[^aeiou]o$", lemma) else _with_s(lemma)
    return {
        "base": lemma,
        "s": third[0] if third else s,
        "past": past,
        "participle": participle,
        "ing": ing[0] if ing else _ing(lemma),
    }


def _pasts(lemma: str, irregular: Sequence[str]) -> tuple[str, str]:
    """Return past and participle; of two irregular forms, the one in -n or with u for a (begun) is the participle."""
    if _UNCHANGING.fullmatch(lemma):
        return lemma, lemma + "en" if lemma + "en" in irregular else lemma
    if not irregular:
        return _ed(lemma), _ed(lemma)
    if len(irregular) == 1:
        if irregular[0] in (lemma + "n", lemma + "en"):  # shown, proven: the past is regular
            return _ed(lemma), irregular[0]
        like_come = re.search(r"(come|run)$", lemma) and re.search(r"(came|ran)$", irregular[0])
        return irregular[0], lemma if like_come else irregular[0]
    participles = [form for form in irregular if re.search(r"(n|ne)$", form) and not re.search(r"an$", form)]
    participles = participles or [
        form
        for form in irregular
        if re.search(r"u(n|m|ng|nk)k?$", form) and form.replace("u", "a") in irregular
    ]
    rest = [form for form in irregular if form not in participles]
    if not participles or not rest:  # burned, burnt: both are both
        return irregular[0], irregular[0]
    return rest[0], participles[0]


def _ed(lemma: str) -> str:
    if lemma.endswith("e"):
        return lemma + "d"
    if _CONSONANT_Y.search(lemma):
        return lemma[:-1] + "ied"
    return lemma + (lemma[-1] if _SHORT.fullmatch(lemma) else "") + "ed"


def _ing(lemma: str) -> str:
    if lemma.endswith("ie"):
        return lemma[:-2] + "ying"
    if lemma.endswith("e") and not re.search(r"(ee|oe|ye|^be)$", lemma):
        return lemma[:-1] + "ing"
    return lemma + (lemma[-1] if _SHORT.fullmatch(lemma) else "") + "ing"


def _comparison(lemma: str, part: str, irregular: Sequence[str]) -> dict[str, str]:
    if irregular:
        er = [form for form in irregular if not form.endswith("st")]
        est = [form for form in irregular if form.endswith("st")]
        return {"er": er[0], "est": est[0]} if er and est else {}
    if part == "r" or len(re.findall(r"[aeiouy]+", lemma.removesuffix("e"))) != 1 or lemma.endswith("ed"):
        return {}
    if lemma.endswith("e"):
        return {"er": lemma + "r", "est": lemma + "st"}
    if lemma.endswith("y") and _CONSONANT_Y.search(lemma):
        return {}
    stem = lemma + (lemma[-1] if _SHORT.fullmatch(lemma) else "")
    return {"er": stem + "er", "est": stem + "est"}
