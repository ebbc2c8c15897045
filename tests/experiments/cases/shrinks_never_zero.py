def facts(zeros=0, rises=0, grow=(0.0, 0.0)):
    rows = [
        {
            "correlation": rho,
            "zeros_l2": zeros,
            "zeros_l1": 0.2,
            "norm_grows": rises,
            "weights_that_grow": share,
        }
        for rho, share in zip((0.0, 0.9), grow, strict=True)
    ]
    return {"simulated": rows, "fits": 1}


CASES = [
    (facts(), "holds"),
    (facts(grow=(0.1, 0.5)), "holds when"),
    (facts(zeros=1), "does not hold"),
    (facts(rises=2), "does not hold"),
]
