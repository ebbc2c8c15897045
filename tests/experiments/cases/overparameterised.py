def cells(data, gains):
    ratios = (0.05, 0.2, 0.8, 1.0, 1.25, 4.0)
    return [
        {"data": data, "ratio": ratio, "plain": (2.0, 0.1), "ridge": (1.0, 0.1), "gain": (gain, 0.05)}
        for ratio, gain in zip(ratios, gains, strict=True)
    ]


def facts(first, second=None):
    return {"cells": [*cells("simulated", first), *cells("concrete", second or first)], "fits": 1}


GROWS = (0.0, 0.1, 0.5, 0.7, 1.0, 1.5)
PEAKS = (0.0, 0.1, 1.0, 3.0, 1.5, 0.6)
CASES = [
    (facts(GROWS), "holds"),
    (facts(PEAKS), "holds when"),
    (facts(GROWS, PEAKS), "holds when"),
    (facts((0.0, 0.1, 0.5, 3.0, 1.0, 1.0)), "holds when"),
    (facts((0.0, 0.1, 1.0, 3.0, 1.0, 0.15)), "does not hold"),
    (facts(GROWS, (0.5, 0.5, 0.5, 0.5, 0.5, 0.5)), "does not hold"),
]
