def cell(ratio, suboptimal=1e-8, strengths=1):
    return {
        "rows": 100, "columns": 20, "loss": "squared", "strengths": strengths,
        "ratio": (0.95 * ratio, ratio, 1.05 * ratio), "suboptimal": suboptimal,
    }  # fmt: skip


def facts(*cells):
    return {"cells": list(cells), "fits": 1}


CASES = [
    (facts(cell(3.0), cell(2.0)), "holds"),
    (facts(cell(3.0), cell(2.0), cell(0.5, suboptimal=1e-3)), "holds"),
    (facts(cell(3.0), cell(1.02)), "holds when"),
    (facts(cell(3.0), cell(0.5)), "holds when"),
    (facts(cell(0.5), cell(1.02), cell(3.0)), "does not hold"),
    (facts(cell(3.0, suboptimal=1e-3)), "does not hold"),
]
