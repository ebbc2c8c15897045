"""Does augmentation of text help when few texts are labelled, and what does it cost?

    python benchmarks/text_augmentation.py            # writes results/text_augmentation.md
    python benchmarks/text_augmentation.py --net      # the net's table alone; the rest of the page stays

Per data set, number of labelled texts and seed: a stratified sample is labelled, every arm trains the same model on it
(words weighted by tf-idf, a logistic regression with an L2 penalty and balanced classes) and is scored by macro-F1 on
the same held-out texts. An arm with augmentation trains on the sample and four changed copies; the strength multiplies
a mean over rows, so copies do not weaken the penalty. Differences are taken seed by seed from the arm without.

The net (``NetClassifier``, 64 hidden units, 30 epochs of batches of 32, rate 3e-3; decay, dropout and an average of the
weights in every arm) sees each text changed anew in every epoch. Epochs, rate and vocabulary were fixed on other seeds,
for news on posts that are not scored here.

The data lie in ``text`` of the folder that REGULARFIT_DATA names, else of ``shared/data`` beside or above this file.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

from regularfit.nets.augment.text import (
    EDA,
    RandomDelete,
    RandomInsert,
    RandomSwap,
    Synonyms,
    TextAugmentation,
)

RESULTS = Path(__file__).parent / "results" / "text_augmentation.md"
COPIES, STRENGTHS, SIZES, P = 4, (1e-3, 1e-4, 1e-5), (100, 500), 0.1
NET_SIZE, NET_SEEDS, NET_TITLE = 500, 3, "## A net"
WORDS = 60  # of a post: easy data augmentation is meant for short texts


def data_folder() -> Path | None:
    """Where the texts are, or None."""
    named = os.environ.get("REGULARFIT_DATA")
    folders = [Path(named)] if named else [up / "shared" / "data" for up in Path(__file__).resolve().parents]
    return next((folder / "text" for folder in folders if (folder / "text").is_dir()), None)


@dataclass(frozen=True)
class Texts:
    """Texts that may be labelled, and texts to score on; None takes what is not labelled."""

    name: str
    texts: list[str]
    labels: np.ndarray
    test_texts: list[str] | None = None
    test_labels: np.ndarray | None = None

    def sample(self, n: int, seed: int) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
        """A stratified sample of n texts, and the texts to score on."""
        rows = np.arange(len(self.texts))
        chosen, rest = train_test_split(rows, train_size=n, stratify=self.labels, random_state=seed)
        texts = [self.texts[i] for i in chosen]
        if self.test_texts is not None and self.test_labels is not None:
            return texts, self.labels[chosen], self.test_texts, self.test_labels
        return texts, self.labels[chosen], [self.texts[i] for i in rest], self.labels[rest]


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(10**8)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def problems(folder: Path) -> Iterator[Texts]:
    """The data sets: messages (ham or spam), and posts to four newsgroups (split by date)."""
    rows = _rows(folder / "sms_spam.csv.gz")
    yield Texts("SMS, 2 classes", [row["text"] for row in rows], np.array([row["target"] for row in rows]))
    posts = {"train": ([], []), "test": ([], [])}
    for row in _rows(folder / "news20_raw_4groups.csv.gz"):
        texts, labels = posts[row["split"]]
        texts.append(" ".join(row["text"].split()[:WORDS]))
        labels.append(row["target"])
    (train, y), (test, y_test) = posts["train"], posts["test"]
    yield Texts(f"News, 4 classes, {WORDS} words", train, np.array(y), test, np.array(y_test))


def arms(labels: list[str]) -> dict[str, object]:
    """The augmentations, by name."""
    own: dict[str, Any] = {"labels": labels}
    return {
        "Synonyms": Synonyms(0.2, **own),
        "RandomInsert": RandomInsert(P, **own),
        "RandomDelete": RandomDelete(P, **own),
        "EDA": EDA(P, **own),
        "Synonyms 0.8": Synonyms(0.8, **own),
    }


def scores(
    texts: list[str], y: np.ndarray, test: list[str], y_test: np.ndarray, change=None, seed: int = 0
) -> list[float]:
    """Macro-F1 in points at each strength, of a model trained with copies."""
    copies = [text for copy in range(COPIES) for text in change(texts, seed, epoch=copy)] if change else []
    targets = np.tile(y, 1 + COPIES) if change else y
    words = TfidfVectorizer(sublinear_tf=True)
    X = words.fit_transform([*texts, *copies])
    X_test = words.transform(test)
    found = []
    for strength in STRENGTHS:
        model = LogisticRegression(
            C=1 / (strength * X.shape[0]), max_iter=300, tol=1e-3, class_weight="balanced"
        )
        model.fit(X, targets)
        found.append(100 * f1_score(y_test, model.predict(X_test), average="macro"))
    return found


def table(problem: Texts, n: int, seeds: int) -> Iterator[str]:
    """The lines of one data set and size."""
    samples = [(*problem.sample(n, seed), None, seed) for seed in range(seeds)]
    plain = np.array([scores(*sample) for sample in samples])
    yield (
        f"| {problem.name} | {n} | none | " + " | ".join(f"{mean:.1f}" for mean in plain.mean(axis=0)) + " |"
    )
    for name, change in arms(sorted(set(problem.labels))).items():
        gain = np.array([scores(*sample[:4], change, sample[5]) for sample in samples]) - plain
        error = gain.std(axis=0, ddof=1) / np.sqrt(seeds)
        cells = [f"{mean:+.2f} ± {se:.2f}" for mean, se in zip(gain.mean(axis=0), error, strict=True)]
        yield f"| {problem.name} | {n} | {name} | " + " | ".join(cells) + " |"


def net_arms(labels: list[str]) -> dict[str, list[Any]]:
    """What is added to the net's regularisers."""
    own: dict[str, Any] = {"labels": labels}
    return {
        "none": [],
        "Synonyms 0.3": [Synonyms(0.3, **own)],
        "RandomDelete 0.15": [RandomDelete(0.15, **own)],
        "EDA": [EDA(P, **own)],
    }


def net_score(
    sample: tuple[list[str], np.ndarray, list[str], np.ndarray], added: list[Any], seed: int
) -> float:
    """Macro-F1 of a net, in points."""
    from regularfit.nets import EMA, Dropout, NetClassifier, WeightDecay

    texts, y, test, y_test = sample
    net = NetClassifier(
        (64,),
        regularisers=[WeightDecay(1e-2), Dropout(0.2), EMA(0.99), *added],
        lr=3e-3,
        batch_size=32,
        epochs=30,
        validation=None,
        random_state=seed,
    )
    found = net.fit(texts, y).predict(test)
    return 100 * float(f1_score(y_test, found, average="macro"))


def net_table(problem: Texts, n: int, seeds: int) -> Iterator[str]:
    """The lines of one data set: all arms of a seed see the same sample."""
    samples = [problem.sample(n, seed) for seed in range(seeds)]
    plain = np.zeros(seeds)
    for name, added in net_arms(sorted(set(problem.labels))).items():
        found = np.array([net_score(sample, added, seed) for seed, sample in enumerate(samples)])
        if name == "none":
            plain = found
            cell = "-"
        else:
            gain = found - plain
            cell = f"{gain.mean():+.2f} ± {gain.std(ddof=1) / np.sqrt(seeds):.2f}"
        yield f"| {problem.name} | {n} | {name} | {found.mean():.1f} | {cell} |"


def write_net(folder: Path, seeds: int) -> None:
    """Put the net's table at the end of the page."""
    page = RESULTS.read_text(encoding="utf-8").split(f"\n{NET_TITLE}")[0].rstrip("\n")
    lines = [
        "",
        NET_TITLE,
        "",
        f"{seeds} seeds; {NET_SIZE} labelled texts; `NetClassifier` as the script says; gains with paired errors.",
        "",
        "| data | labelled | augmentation | macro-F1 | gain |",
        "|---|--:|---|--:|--:|",
    ]
    for problem in problems(folder):
        for line in net_table(problem, NET_SIZE, seeds):
            lines.append(line)
            print(line, flush=True)
    RESULTS.write_text("\n".join([page, *lines]) + "\n", encoding="utf-8")


def speed(texts: list[str]) -> Iterator[str]:
    """Seconds of processor time for 10,000 messages, the least of three after one that loads the table."""
    many = (texts * (10_000 // len(texts) + 1))[:10_000]
    chain = TextAugmentation([Synonyms(), EDA(P)])
    steps = [("Synonyms", Synonyms()), ("RandomInsert", RandomInsert(P)), ("RandomSwap", RandomSwap(P))]
    for name, step in [
        *steps,
        ("RandomDelete", RandomDelete(P)),
        ("EDA", EDA(P)),
        ("Synonyms, then EDA", chain),
    ]:
        taken = []
        for epoch in range(4):
            start = time.process_time()
            step(many, epoch=epoch)
            taken.append(time.process_time() - start)
        yield f"| {name} | {min(taken[1:]):.2f} |"


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--net", action="store_true", help="the net's table alone")
    options = parser.parse_args()
    folder = data_folder()
    if folder is None:
        print("not run: no folder data/text with sms_spam.csv.gz; name its parent in REGULARFIT_DATA")
        return
    if options.net:
        write_net(folder, NET_SEEDS)
        return
    head = " | ".join(f"strength {strength:g}" for strength in STRENGTHS)
    lines = [f"| data | labelled | augmentation | {head} |", "|---|--:|---|" + "--:|" * len(STRENGTHS)]
    print(*lines, sep="\n")
    for problem in problems(folder):
        for n in SIZES:
            for line in table(problem, n, options.seeds):
                lines.append(line)
                print(line, flush=True)
    lines += [
        "",
        "Seconds of one processor for 10,000 messages (16 words on average):",
        "",
        "| augmentation | s |",
        "|---|--:|",
    ]
    lines += speed(next(problems(folder)).texts)
    made = [
        "# Text augmentation",
        "",
        f"Made by `text_augmentation.py`, which says how; {options.seeds} seeds. Macro-F1 in points without",
        "augmentation, and the difference that each augmentation makes, with its paired standard error.",
        "",
    ]
    RESULTS.write_text("\n".join([*made, *lines]) + "\n", encoding="utf-8")
    write_net(folder, NET_SEEDS)


if __name__ == "__main__":
    main()
