"""results/families.json -> Markdown, losses first."""

from __future__ import annotations

import math
from statistics import median

OURS = "regularfit"


def _seconds(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 0.1 else f"{value:.3g} s"


def _off(entry: dict) -> str:
    if entry["kind"] == "cv":
        apart = f", curve {entry['curve']:.0e} from ours" if "curve" in entry else ""
        return ("< 1e-12" if entry["off"] < 1e-12 else f"{entry['off']:.0e}") + apart
    if "lower" in entry:
        return "ours is the measure" if entry["contender"] == OURS else _against(entry)
    if not math.isfinite(entry["off"]):
        return f"stopped after {entry['strengths']} strengths"
    return "< 1e-12" if entry["off"] < 1e-12 else f"{entry['off']:.0e}"


def _against(entry: dict) -> str:
    equal = entry["strengths"] - entry["lower"] - entry["higher"]
    return f"lower than ours at {entry['lower']} strengths, higher at {entry['higher']}, equal at {equal}"


def one_line(entry: dict) -> str:
    """An entry for the terminal."""
    if entry["status"] != "ok":
        return f"{entry['kind']:4} {entry['contender']:12} {entry['status']}"
    taken = f"{_seconds(median(entry['seconds'])):>9} ({len(entry['seconds'])} runs)"
    return f"{entry['kind']:4} {entry['contender']:12} {taken} tol {entry['tol']:g} off {_off(entry)}"


def _reached(entry: dict, goal: float) -> bool:
    return entry["status"] == "ok" and ("lower" in entry or entry["off"] <= goal)


def _ratio(group: list[dict], goal: float) -> float | None:
    """Seconds of the fastest accurate peer over ours, where both ran."""
    ours = [median(e["seconds"]) for e in group if e["contender"] == OURS and e["status"] == "ok"]
    peers = [median(e["seconds"]) for e in group if e["contender"] != OURS and _reached(e, goal)]
    return min(peers) / ours[0] if ours and peers else None


def _summary(groups: dict[tuple[str, str], list[dict]], goal: float) -> str:
    """The geometric means of the ratios."""
    parts = []
    for kind, what in (("path", "paths"), ("cv", "cross-validation")):
        found = [_ratio(group, goal) for (_, own), group in groups.items() if own == kind]
        ratios = [ratio for ratio in found if ratio is not None]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            parts.append(
                f"{what} {mean:.2f} ({len(ratios)} workloads, {min(ratios):.2f} to {max(ratios):.2f})"
            )
    return "The fastest accurate peer's time over ours, geometric mean: " + "; ".join(parts) + "."


def _verdict(group: list[dict], goal: float) -> str:
    """One sentence: how many times the fastest accurate peer takes ours, or that we lose."""
    ours = next((e for e in group if e["contender"] == OURS and e["status"] == "ok"), None)
    peers = [e for e in group if e["contender"] != OURS and _reached(e, goal)]
    if ours is None:
        return "**Lost:** regularfit did not finish."
    if not peers:
        return "No peer ran to the common accuracy."
    fastest = min(peers, key=lambda e: median(e["seconds"]))
    ratio = _ratio(group, goal)
    assert ratio is not None  # both ran
    if ratio < 1:
        return f"**Lost:** {fastest['contender']} takes {ratio:.2f} of our time; ours is {1 / ratio:.2f} times slower."
    return f"The fastest peer, {fastest['contender']}, takes {ratio:.2f} times our time."


def _row(entry: dict, ours: float | None, goal: float) -> str:
    if entry["status"] != "ok":
        return f"| {entry['contender']} | not run: {entry['status']} | | | | |"
    middle = median(entry["seconds"])
    runs = len(entry["seconds"])
    span = f"{_seconds(min(entry['seconds']))} to {_seconds(max(entry['seconds']))} ({runs})"
    name = entry["contender"] + ("" if _reached(entry, goal) else " (not within 1e-6)")
    ratio = f"{middle / ours:.2f}" if ours else ""
    return f"| {name} {entry['version']} | {_seconds(middle)} | {span} | {ratio} | {entry['tol']:g} | {_off(entry)} |"


def full(content: dict) -> str:
    """Every workload: a sentence and a table."""
    where, groups = content["machine"], {}
    for entry in content["results"]:
        groups.setdefault((entry["workload"], entry["kind"]), []).append(entry)
    lines = [
        "# Other losses and penalties: results",
        "",
        f"Written by `families.py`, {content['date']}: {where['processor']}, {where['cores']} processors, one thread, "
        "other work on the machine. Processor seconds of one path, or of ten folds and the fit on all rows; *off*: the "
        "worst relative excess over the lowest objective anybody reached (cross-validation: at the strength chosen).",
        "",
        _summary(groups, content["goal"]),
    ]
    for (name, kind), group in groups.items():
        ok = [e for e in group if e["status"] == "ok"]
        ours = next((median(e["seconds"]) for e in ok if e["contender"] == OURS), None)
        ordered = sorted(ok, key=lambda e: median(e["seconds"])) + [e for e in group if e["status"] != "ok"]
        title = f"{name}, cross-validation" if kind == "cv" else name
        lines += ["", f"## {title}", "", _verdict(group, content["goal"]), ""]
        lines += ["| | median | spread (runs) | of ours | tolerance | off |", "|---|---|---|---|---|---|"]
        lines += [_row(entry, ours, content["goal"]) for entry in ordered]
    return "\n".join(lines) + "\n"
