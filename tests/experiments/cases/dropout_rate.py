def cell(outside=(0.01, 0.002), none=(0.02, 0.002), width=64, n=100):
    return {"n": n, "width": width, "over_outside": outside, "over_none": none}


def facts(*cells):
    return {"rates": [0.0, 0.2, 0.5, 0.8], "cells": list(cells), "fits": 1}


CASES = [
    (facts(cell(), cell(outside=(-0.003, 0.002))), "holds"),
    (facts(cell(), cell(outside=(-0.01, 0.002), width=16)), "holds when"),
    (facts(cell(), cell(), cell(none=(0.001, 0.002))), "holds when"),
    (facts(cell(), cell(none=(0.001, 0.002)), cell(none=(-0.1, 0.002))), "does not hold"),
    (facts(cell(outside=(-0.01, 0.002)), cell(outside=(-0.01, 0.002)), cell()), "does not hold"),
]
