def facts(more=((0.0, 0.0), (0.2, 0.02), (0.6, 0.03)), predict=(0.001, 0.01)):
    return {
        "rates": [0.0, 0.2, 0.5], "more": more, "fits": 1,
        "times": [{"width": 64, "step_ratio": (0.1, 0.02), "predict_ratio": predict}],
    }  # fmt: skip


CASES = [
    (facts(), "holds"),
    (facts(more=((0.0, 0.0), (0.03, 0.02), (0.6, 0.03))), "holds when"),
    (facts(predict=(0.01, 0.08)), "holds when"),
    (facts(more=((0.0, 0.0), (-0.1, 0.02), (0.05, 0.03))), "does not hold"),
    (facts(predict=(0.3, 0.01)), "does not hold"),
]
