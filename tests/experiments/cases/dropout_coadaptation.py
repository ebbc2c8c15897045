def one(name="digits", correlation=-0.5, removal=-0.5, interaction=-0.5, se=0.1):
    change = {"correlation": correlation, "removal": removal, "interaction": interaction}
    return {"name": name, "change": {what: (value, se) for what, value in change.items()}}


def facts(*sets):
    return {"sets": list(sets), "rates": [0.0, 0.5], "decides": 0.5, "fits": 1}


CASES = [
    (facts(one(), one("clothes")), "holds"),
    (facts(one(), one("clothes", correlation=0.3)), "holds when"),
    (facts(one(), one("clothes", removal=-0.1)), "holds when"),
    (facts(one(removal=0.2), one("clothes", interaction=-0.19)), "holds when"),
    (facts(one(se=0.3), one("clothes")), "does not hold"),
]
