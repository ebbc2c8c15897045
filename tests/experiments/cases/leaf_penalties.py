def one(name, base, l2, l1=0.0):
    kinds = {kind: {"chosen": value, "chosen_se": 0.01} for kind, value in (("l2", l2), ("l1", l1))}
    return {"name": name, "base": base, **kinds}


def facts(*changes):
    pairs = [(name, base) for name in ("a", "b") for base in ("untuned", "tuned")]
    return {"sets": [one(*pair, *change) for pair, change in zip(pairs, changes, strict=True)]}


HELPS, NOT = (-0.1,), (-0.015, -0.02)
CASES = [
    (facts(HELPS, HELPS, (0.0, -0.1), HELPS), "holds"),
    (facts(HELPS, NOT, HELPS, NOT), "holds when"),
    (facts(NOT, HELPS, NOT, NOT), "holds when"),
    (facts(NOT, NOT, NOT, NOT), "does not hold"),
]
