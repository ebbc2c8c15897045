TRUTHS = ("weights alike", "weights of both signs")


def cells(truth, ratio=(-3.0, 0.1), grows=2.0, miss=(-1.0, 0.1), predictions=(-0.5, 0.1)):
    return [
        {
            "truth": truth, "correlation": rho, "spread_ls": (ls, 0.1), "spread_l2": (l2, 0.1), "spread_ratio": ratio,
            "miss_ratio": miss, "predictions_ratio": predictions,
        }
        for rho, ls, l2 in ((0.0, 1.0, 1.0), (0.999, 1000.0, grows))
    ]  # fmt: skip


def facts(first=None, second=None):
    return {"cells": [*cells(TRUTHS[0], **(first or {})), *cells(TRUTHS[1], **(second or {}))], "fits": 1}


NO = {"predictions": (0.1, 0.1)}
CASES = [
    (facts(), "holds"),
    (facts(second=NO), "holds when"),
    (facts(first={"miss": (-0.1, 0.1)}), "holds when"),
    (facts(first={"ratio": (-0.1, 0.1)}), "holds when"),
    (facts(second={"grows": 500.0}), "holds when"),
    (facts(first=NO, second={"miss": (0.5, 0.1)}), "does not hold"),
]
