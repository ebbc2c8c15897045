def cell(relevant, rho, ratio, better=(-0.05, 0.01), worse=(-0.2, 0.01)):
    return {
        "relevant": relevant, "correlation": rho, "l1_over_l2": (ratio, 0.01), "net_over_better": better,
        "net_over_worse": worse,
    }  # fmt: skip


def facts(few=(-0.3, -0.2), dense=(0.2, 0.2), **net):
    cells = []
    for rho, one, other in zip((0.0, 0.9), few, dense, strict=True):
        cells += [cell(2, rho, one), cell(20, rho, 0.0, **net), cell(80, rho, other)]
    return {"cells": cells, "fits": 1}


CASES = [
    (facts(), "holds"),
    (facts(few=(-0.3, -0.01)), "holds when"),
    (facts(dense=(0.2, -0.2)), "holds when"),
    (facts(better=(0.0, 0.01)), "holds when"),
    (facts(worse=(0.2, 0.01)), "holds when"),
    (facts(few=(-0.01, -0.3)), "does not hold"),
    (facts(dense=(0.01, 0.3)), "does not hold"),
]
