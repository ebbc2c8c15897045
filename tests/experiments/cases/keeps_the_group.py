def cell(rho, matters="all of the group", one=1.5, group=4.8, disagree=0.4, more=(3.0, 0.1)):
    return {
        "matters": matters, "correlation": rho, "more": more,
        "L1": {"kept": (one, 0.1), "disagree": (disagree, 0.01), "others": (0.3, 0.01)},
        "elastic net": {"kept": (group, 0.1), "others": (0.8, 0.01)},
    }  # fmt: skip


def facts(*cells):
    return {"group": 5, "fits": 1, "cells": [*cells, cell(0.99, matters="its first column")]}


CASES = [
    (facts(cell(0.9), cell(0.99)), "holds"),
    (facts(cell(0.5, one=4.0), cell(0.9), cell(0.99)), "holds"),
    (facts(cell(0.9, one=3.0), cell(0.99)), "holds when"),
    (facts(cell(0.9, one=3.0), cell(0.99, group=4.6)), "holds when"),
    (facts(cell(0.9, one=3.0), cell(0.99, disagree=0.1)), "holds when"),
    (facts(cell(0.9, one=3.0), cell(0.99, one=3.0, more=(0.1, 0.1))), "does not hold"),
]
