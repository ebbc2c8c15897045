def facts(
    by_norm=(1.0, 1.1, 0.9),
    by_error=(1.0, 1.0, 1.0),
    ratio=(0.01, 0.002),
    half=(0.2, 0.05),
    other=(0.2, 0.05),
):
    net = {
        "gain_of_stopping": (0.3, 0.02), "gain_of_decay": (0.3, 0.02), "stopping_over_half": half,
        "decay_over_half": other,
    }  # fmt: skip
    return {"by_norm": by_norm, "by_error": by_error, "best": 1, "ratio": ratio, "net": net}


CASES = [
    (facts(), "holds"),
    (facts(by_norm=(1.0, 1.1, 0.01)), "holds when"),
    (facts(half=(0.01, 0.05)), "holds when"),
    (facts(other=(-0.1, 0.05)), "holds when"),
    (facts(by_error=(1.0, 2.5, 1.0)), "does not hold"),
    (facts(by_norm=(1.0, 0.4, 1.0)), "does not hold"),
    (facts(ratio=(0.045, 0.01)), "does not hold"),
]
