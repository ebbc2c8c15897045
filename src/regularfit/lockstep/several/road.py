"""Which road a fit with several linear predictors takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..._typing import Vector
from ...designs import Imputed
from ...losses import Multinomial
from ...penalties import AcrossOutputs, Penalty
from ..atoms import collect_atoms
from ..gram import suits_gram
from ..partial import keeping
from ..problem import Lane, Problem
from ..result import LaneResult, Score
from ..saturation import saturation
from ..shared import Shared
from ..threads import thread_count, workers
from ..work import Work
from .entry import fit_several
from .frame import takes_rows
from .rows import fit_rows
from .targets import fit_targets, one_target

__all__ = ["fit_outputs", "look_ahead_outputs"]


def fit_outputs(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    fit_lanes: Any,
    *,
    tol: float,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
    score: Score | None,
    full_df: bool | None,
    cut: bool,
    shared: Shared | None,
) -> list[list[LaneResult]]:
    """Fit every candidate on all lanes; as the engine's ``fit_lanes``, whose arguments these are."""
    answers: list[list[Any]] = [[None] * len(lanes) for _ in penalties]

    def keep(which: list[int], found: list[list[Any]] | None) -> list[list[Any]]:
        for c, results in zip(which, found or [], strict=False):
            answers[c] = results
        return answers

    apart = [c for c, penalty in enumerate(penalties) if _apart(problem, penalty)]
    if apart:
        chosen = [p.penalty if isinstance(p, AcrossOutputs) else p for p in (penalties[c] for c in apart)]
        seen = (shared or look_ahead_outputs(Shared(problem), chosen, lanes, threads)).seen
        settings = {"tol": tol, "threads": threads, "full_df": full_df}
        own = [grids[c] for c in apart]
        with keeping(lambda inner: answers):  # what one target has by itself is no result
            found = fit_targets(
                problem, chosen, own, lanes, fit_lanes, score=score, seen=seen, settings=settings
            )
        keep(apart, found)
    rest = [c for c in range(len(penalties)) if c not in apart]
    if not rest:
        return answers
    inside = replace(problem, saturation=saturation(problem.loss)) if cut else problem
    total, done = len(lanes) * sum(len(grids[c]) for c in rest), 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    road = fit_several if isinstance(problem.loss, Multinomial) else fit_rows
    with workers(thread_count(threads)) as team, keeping(lambda inner: keep(rest, inner)):
        chosen, own = [penalties[c] for c in rest], [grids[c] for c in rest]
        found = road(Work(inside, chosen, own, lanes, tol, team, tick, score, full_df))
    return keep(rest, found)


def look_ahead_outputs(
    shared: Shared, penalties: Sequence[Penalty], lanes: Sequence[Lane], threads: int | None
) -> Shared:
    """Return the Gram matrices of columns and all targets, where the fits will want them."""
    problem = shared.problem
    if isinstance(problem.loss, Multinomial) or isinstance(problem.design, Imputed):
        return shared
    target = one_target(problem, 0)
    if suits_gram(target, lanes) and not target.design.recentred():
        with workers(thread_count(threads)) as team:
            shared.seen = collect_atoms(problem, lanes, team).seen
    return shared


def _apart(problem: Problem, penalty: Penalty) -> bool:
    """Whether the outputs are fits of their own."""
    return not isinstance(problem.loss, Multinomial) and not takes_rows(penalty, problem.p)
