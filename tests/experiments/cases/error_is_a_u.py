def curve(weak=(0.3, 0.05), strong=(0.4, 0.05), second_fall=(0.0, 0.0)):
    return {
        "set": "sonar", "penalty": "L2", "rows": 156, "columns": 60, "best": (0.7, 0.03), "weak": weak,
        "strong": strong, "second_fall": second_fall,
    }  # fmt: skip


def facts(*curves):
    return {"curves": list(curves), "fits": 1}


CASES = [
    (facts(curve(), curve()), "holds"),
    (facts(curve(), curve(weak=(0.05, 0.05))), "holds when"),
    (facts(curve(), curve(strong=(0.05, 0.05))), "holds when"),
    (facts(curve(), curve(second_fall=(0.2, 0.05))), "holds when"),
    (facts(curve(weak=(-0.3, 0.05)), curve(weak=(0.05, 0.05))), "does not hold"),
]
