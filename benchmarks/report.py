"""Result file -> Markdown: one full table a workload, and the short ones that README.md shows."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import median

OURS = "regularfit"
YARDSTICKS = ("textbook ridge",)
START, END = "<!-- benchmark -->", "<!-- /benchmark -->"
TITLES = {
    "cv": "Cross-validation over 100 strengths, and the refit (10 folds; logistic 5)",
    "path": "One path of 100 strengths",
    "loo": "Leave-one-out over 100 strengths",
}


def seconds(value: float) -> str:
    """Three digits and a unit."""
    return f"{value * 1e3:.3g} ms" if value < 0.1 else f"{value:.3g} s"


def accuracy(entry: dict) -> str:
    """The verified worst relative suboptimality, never below what rounding lets us claim."""
    verdict = entry["verdict"]
    value = verdict.get("suboptimality", verdict["gap"])
    text = "< 1e-12" if value < 1e-12 else f"{value:.0e}"
    count = verdict["strengths"]
    return text + (f" ({count} of 100 strengths)" if count not in (1, 100) else "")


def one_line(entry: dict) -> str:
    """An entry for the terminal."""
    if entry["status"] != "ok":
        return f"    {entry['contender']:20} {entry['status']}"
    distance = entry.get("curve_distance")
    return (
        f"    {entry['contender']:20} {seconds(median(entry['seconds'])):>9} "
        f"({seconds(min(entry['seconds']))} to {seconds(max(entry['seconds']))}, "
        f"{len(entry['seconds'])} runs, first {seconds(entry['first'])}) "
        f"tol {entry['tol']:g} off by {accuracy(entry)} gap {entry['verdict']['gap']:.0e} "
        f"peak {entry['peak_mb']:.0f} MB"
        + (f" = {_multiple(entry):.2f} X" if entry["x_mb"] > 10 else "")
        + (f" curve {distance['worst']:.0e} from {distance['from']}" if distance else "")
    )


def _multiple(entry: dict) -> float:
    return entry["peak_mb"] / entry["x_mb"]


def _extra(entry: dict) -> float:
    return entry["peak_mb"] - entry["base_mb"]


def _groups(content: dict) -> dict[str, list[dict]]:
    groups: dict[str, list[dict]] = {}
    for entry in content["results"]:
        groups.setdefault(entry["workload"], []).append(entry)
    return groups


def _done(group: list[dict]) -> list[dict]:
    """Those that ran, fastest first."""
    return sorted((e for e in group if e["status"] == "ok"), key=lambda e: median(e["seconds"]))


def _peers(group: list[dict], goal: float) -> list[dict]:
    """Libraries that reached the common accuracy, fastest first."""
    return [
        e
        for e in _done(group)
        if e["contender"] != OURS
        and e["contender"] not in YARDSTICKS
        and e["verdict"].get("suboptimality", 0.0) <= goal
    ]


def _ours(group: list[dict]) -> dict | None:
    return next((e for e in _done(group) if e["contender"] == OURS), None)


def _price(groups: dict[str, list[dict]], workload: str) -> str:
    """What our cross-validation costs in units of our path."""
    problem, kind = workload.rsplit(" ", 1)
    whole, path = _ours(groups[workload]), _ours(groups.get(f"{problem} path", []))
    if kind == "path" or not whole or not path:
        return "-"
    return f"{median(whole['seconds']) / median(path['seconds']):.1f}"


def geometric_mean(values: list[float]) -> float:
    """The mean that ratios deserve."""
    return math.exp(sum(map(math.log, values)) / len(values))


def _ratios(content: dict, kind: str) -> list[float]:
    ratios = []
    for workload, group in _groups(content).items():
        ours, peers = _ours(group), _peers(group, content["goal"])
        if workload.endswith(" " + kind) and not workload.startswith("smoke") and ours and peers:
            ratios.append(median(peers[0]["seconds"]) / median(ours["seconds"]))
    return ratios


def _row(content: dict, groups: dict, workload: str) -> str | None:
    group = groups[workload]
    ours, peers = _ours(group), _peers(group, content["goal"])
    if not ours:
        return None
    mine = median(ours["seconds"])
    cells = [workload.rsplit(" ", 1)[0], seconds(mine)]
    if peers:
        best = median(peers[0]["seconds"])
        ratio = best / mine
        won = f"**{ratio:.3g} x**" if ratio >= 1 else f"**{ratio:.2g} x (slower)**"
        others = ", ".join(f"{e['contender']} {median(e['seconds']) / mine:.3g} x" for e in peers[1:4]) or "-"
        cells += [
            f"{peers[0]['contender']}, {seconds(best)}",
            won,
            others,
            accuracy(ours),
            accuracy(peers[0]),
        ]
    else:
        cells += ["none ran", "-", "-", accuracy(ours), "-"]
    cells += [
        (f"{_multiple(ours):.2g}" if ours["x_mb"] > 10 else f"{ours['peak_mb']:.0f} MB")
        + ("" if _within(ours) else " (over)"),
        _price(groups, workload),
    ]
    return "| " + " | ".join(cells) + " |"


def _within(entry: dict) -> bool:
    """The memory we allow ourselves: one and a half times X and 200 MB."""
    return entry["peak_mb"] <= 1.5 * entry["x_mb"] + 200


def short(content: dict) -> str:
    """The tables of README.md."""
    groups = {w: g for w, g in _groups(content).items() if not w.startswith("smoke")}
    where, lines = content["machine"], []
    for kind in ("cv", "path", "loo"):
        rows = [row for w in groups if w.endswith(" " + kind) and (row := _row(content, groups, w))]
        if not rows:
            continue
        lines += [
            f"**{TITLES[kind]}**",
            "",
            "| problem (rows x columns) | regularfit | fastest peer | ratio | next ones | "
            "our worst suboptimality | peer's | peak memory / X | price in paths |",
            "|---|--:|--:|--:|---|--:|--:|--:|--:|",
            *rows,
            "",
        ]
        ratios = _ratios(content, kind)
        if ratios:
            slower = sum(r < 1 for r in ratios)
            lines += [
                f"Geometric mean of the ratios: **{geometric_mean(ratios):.3g} x**"
                + (f"; slower than a peer on {slower} of {len(ratios)}." if slower else "."),
                "",
            ]
    cores = "one thread" if content["threads"] == 1 else f"{content['threads']} threads"
    lines += [
        f"Medians, {cores}, {where['processor']}, {content['date']}; all contenders in one run, the "
        "same grid and folds, each peer at the loosest tolerance that is verifiably within "
        f"{content['goal']:g} of the optimum. Ratio: how many times longer the fastest peer "
        "takes. How it is measured, and every contender: "
        "`benchmarks/README.md`, `benchmarks/results/linear.md`."
    ]
    return "\n".join(lines)


def full(content: dict) -> str:
    """Every contender on every workload."""
    lines = ["# regularfit and its peers: penalised linear models", "", short(content), ""]
    for workload, group in _groups(content).items():
        lines += [
            "",
            f"## {workload}",
            "",
            "| contender | median | min to max | runs | first call | tolerance | worst "
            "suboptimality | certified gap | curve off by | peak MB | peak / X | extra MB |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for entry in _done(group):
            times, distance = entry["seconds"], entry.get("curve_distance")
            cells = [
                f"{entry['contender']} {entry['version']}".strip(),
                seconds(median(times)),
                f"{seconds(min(times))} to {seconds(max(times))}",
                str(len(times)),
                seconds(entry["first"]),
                f"{entry['tol']:g}",
                accuracy(entry),
                f"{entry['verdict']['gap']:.0e}",
                f"{distance['worst']:.0e}" if distance else "-",
                f"{entry['peak_mb']:.0f}",
                f"{_multiple(entry):.2f}" if entry["x_mb"] > 10 else "-",
                f"{_extra(entry):.0f}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
        absent = [f"{e['contender']} ({e['status']})" for e in group if e["status"] != "ok"]
        lines += ["", "Absent: " + "; ".join(absent) + "."] if absent else []
    return "\n".join(lines) + "\n"


def inject(readme: Path, text: str) -> None:
    """Replace what stands between the markers of README.md."""
    before = readme.read_text()
    pattern = re.compile(
        re.escape(START) + r".*?(" + re.escape(END) + "|" + re.escape(START) + ")", re.DOTALL
    )
    if not pattern.search(before):
        raise SystemExit(f"{readme.name} has no place for the table: add a line {START} and a line {END}.")
    readme.write_text(pattern.sub(lambda found: f"{START}\n{text}\n{found.group(1)}", before, count=1))
