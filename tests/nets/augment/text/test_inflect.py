"""The rules of inflection behind the table of synonyms."""

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[4] / "tools" / "synonyms" / "inflect.py"
spec = importlib.util.spec_from_file_location("inflect", FILE)
inflect = importlib.util.module_from_spec(spec)
spec.loader.exec_module(inflect)

# lemma, third person, past, participle, -ing, and what WordNet's list of exceptions holds
VERBS = [
    ("walk", "walks", "walked", "walked", "walking", []),
    ("carry", "carries", "carried", "carried", "carrying", ["carried"]),
    ("love", "loves", "loved", "loved", "loving", []),
    ("stop", "stops", "stopped", "stopped", "stopping", ["stopped", "stopping"]),
    ("plan", "plans", "planned", "planned", "planning", []),
    ("visit", "visits", "visited", "visited", "visiting", []),
    ("fix", "fixes", "fixed", "fixed", "fixing", []),
    ("wait", "waits", "waited", "waited", "waiting", []),
    ("play", "plays", "played", "played", "playing", []),
    ("agree", "agrees", "agreed", "agreed", "agreeing", []),
    ("die", "dies", "died", "died", "dying", []),
    ("go", "goes", "went", "gone", "going", ["gone", "went"]),
    ("begin", "begins", "began", "begun", "beginning", ["began", "beginning", "begun"]),
    ("drink", "drinks", "drank", "drunk", "drinking", ["drank", "drunk"]),
    ("sing", "sings", "sang", "sung", "singing", ["sang", "singing", "sung"]),
    ("become", "becomes", "became", "become", "becoming", ["became"]),
    ("run", "runs", "ran", "run", "running", ["ran", "running"]),
    ("win", "wins", "won", "won", "winning", ["winning", "won"]),
    ("show", "shows", "showed", "shown", "showing", ["shown"]),
    ("prove", "proves", "proved", "proven", "proving", ["proven"]),
    ("put", "puts", "put", "put", "putting", ["putting"]),
    ("broadcast", "broadcasts", "broadcast", "broadcast", "broadcasting", []),
    ("beat", "beats", "beat", "beaten", "beating", ["beaten"]),
    ("teach", "teaches", "taught", "taught", "teaching", ["taught"]),
]


@pytest.mark.parametrize("row", VERBS, ids=lambda row: row[0])
def test_verbs(row):
    lemma, *expected, irregular = row
    made = inflect.forms(lemma, "v", irregular)
    assert made.pop("base") == lemma
    assert list(made.values()) == expected


@pytest.mark.parametrize(
    ("lemma", "plural", "irregular"),
    [
        ("car", "cars", []),
        ("box", "boxes", []),
        ("city", "cities", []),
        ("day", "days", []),
        ("loss", "losses", []),
        ("bus", "buses", ["busses"]),
        ("goose", "geese", ["geese"]),
        ("woman", "women", []),
        ("human", "humans", []),
        ("chief", "chiefs", []),
        ("child", "children", ["children"]),
        ("potato", None, []),  # photos but potatoes: left out
        ("news", None, []),
        ("axis", None, ["axes", "axises"]),
    ],
)
def test_nouns(lemma, plural, irregular):
    assert inflect.forms(lemma, "n", irregular).get("plural") == plural


@pytest.mark.parametrize(
    ("lemma", "part", "more", "most", "irregular"),
    [
        ("cheap", "a", "cheaper", "cheapest", []),
        ("nice", "a", "nicer", "nicest", []),
        ("big", "a", "bigger", "biggest", ["bigger", "biggest"]),
        ("fat", "a", "fatter", "fattest", []),
        ("good", "a", "better", "best", ["best", "better"]),
        ("expensive", "a", None, None, []),
        ("tired", "a", None, None, []),
        ("quickly", "r", None, None, []),
    ],
)
def test_comparisons(lemma, part, more, most, irregular):
    made = inflect.forms(lemma, part, irregular)
    assert (made.get("er"), made.get("est")) == (more, most)
