SURE, NOT = (0.1, 0.01), (0.01, 0.01)


def facts(linear=SURE, net=SURE, narrower=SURE, lasso=7.0, ridge=0.0):
    return {
        "zeros": {"lasso": lasso, "ridge": ridge}, "linear_gain": linear, "net_gain": net, "narrower": narrower,
        "net": (0.2, 0.21),
    }  # fmt: skip


CASES = [
    (facts(), "holds"),
    (facts(lasso=0.0), "holds when"),
    (facts(ridge=1.0), "holds when"),
    (facts(narrower=NOT), "holds when"),
    (facts(linear=NOT), "holds when"),
    (facts(net=NOT), "holds when"),
    (facts(linear=NOT, net=NOT), "does not hold"),
]
