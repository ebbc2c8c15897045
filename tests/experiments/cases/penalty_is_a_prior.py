def facts(apart=1e-7, covered=(0.95, 0.95), worse=(0.0, 0.0)):
    cells = [
        {
            "penalty": kind, "truth": truth, "apart": apart, "covered": cover, "covered_se": 0.01, "worse": more,
            "worse_se": 0.01, "of_mean": 1.0,
        }
        for kind, truth, cover, more in zip(("L2", "L1"), ("Gaussian", "Laplace"), covered, worse, strict=True)
    ]  # fmt: skip
    return {"cells": cells, "example": {"zeros": 0.0}, "fits": 1}


CASES = [
    (facts(), "holds"),
    (facts(worse=(0.0, 0.05)), "holds when"),
    (facts(worse=(0.05, 0.0)), "holds when"),
    (facts(covered=(0.9, 0.95)), "holds when"),
    (facts(covered=(0.95, 0.99)), "holds when"),
    (facts(apart=1e-3), "does not hold"),
]
