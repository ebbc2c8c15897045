def facts(nats=(20.0, 9.0, 1.0), lost=((0.0, 0.0), (0.01, 0.01), (0.5, 0.01)), dropout=(2.0, 0.5)):
    return {
        "betas": (1e-3, 1e-2, 1.0), "beta_nats": nats, "lost": lost, "dropout_keeps_back": dropout,
        "dropout_gains": (0.01, 0.01),
    }  # fmt: skip


CASES = [
    (facts(), "holds"),
    (facts(dropout=(-1.0, 0.2)), "holds when"),
    (facts(dropout=(0.2, 0.2)), "holds when"),
    (facts(nats=(20.0, 21.0, 1.0)), "does not hold"),
    (facts(lost=((0.0, 0.0), (0.05, 0.01), (0.5, 0.01))), "does not hold"),
    (facts(nats=(20.0, 15.0, 1.0)), "does not hold"),
]
