def facts(boosting, forest):
    def one(rise):
        return {"rise": rise, "rise_se": 0.01}

    pairs = enumerate(zip(boosting, forest, strict=True))
    sets = [{"name": f"set {k}", "boosting": one(b), "forest": one(f)} for k, (b, f) in pairs]
    return {"sizes": [1, 1000], "sets": sets}


CASES = [
    (facts([0.1, 0.1], [0.1, 0.1]), "holds"),
    (facts([0.1, 0.1], [0.01, 0.0]), "holds when"),
    (facts([0.1, 0.0], [0.1, 0.1]), "holds when"),
    (facts([0.0, 0.01], [0.0, 0.015]), "does not hold"),
]
