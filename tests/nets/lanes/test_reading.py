"""Settings become numbers of lanes: orders, names of a grid, what is left out."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit import L1, L2  # noqa: E402
from regularfit.errors import InputError, UnsupportedError  # noqa: E402
from regularfit.nets import (  # noqa: E402
    SWA,
    Dropout,
    FeatureSwap,
    InputNoise,
    Mixup,
    Penalise,
    WeightDecay,
)
from regularfit.nets.lanes.reading import changed, changes_of, lane_row, proxes_of  # noqa: E402
from regularfit.nets.lanes.settings import NetSettings  # noqa: E402


def settings(*regularisers, **others):
    return NetSettings((4, 4), regularisers, **others)


def test_one_order_for_lists_that_agree_though_none_has_everything():
    swap, mix, noise = FeatureSwap(0.1), Mixup(0.1), InputNoise(0.1)
    assert changes_of([settings(swap, noise), settings(swap, mix), settings(mix, noise)]) == (
        "swap",
        "mixup",
        "noise",
    )
    assert changes_of([settings(noise, swap), settings(), settings(mix, swap)])[-1] == "swap"
    assert changes_of([settings(Dropout(0.1))]) == ()
    with pytest.raises(UnsupportedError, match="different orders"):
        changes_of([settings(swap, mix), settings(mix, noise), settings(noise, swap)])
    assert proxes_of([settings(L1(0.1), WeightDecay(0.1)), settings(WeightDecay(0.1))]) == ("decay", "l1")


def test_numbers_of_a_lane():
    row = lane_row(settings(Dropout(0.4, 0.1, "funnel"), Penalise(L1(1e-3)), SWA(0.5, 2), lr=0.1, seed=7))
    assert row["rates"] == [0.1, 0.4, 0.2]
    assert (row["l1"], row["swa"], row["swa_every"], row["refresh"]) == (1e-3, 0.5, 2.0, 1.0)
    assert (row["lr"], row["seed"]) == (0.1, 7)


def test_what_is_not_l1_on_weights_is_refused():
    for regulariser in (Penalise(L2(0.1)), L2(0.1), Penalise(L1(0.1), on="0.*")):
        with pytest.raises(UnsupportedError, match="Lanes can"):
            lane_row(settings(regulariser))


def test_changes_by_name():
    base = settings(Dropout(0.3, 0.1), Penalise(L1(1e-3)))
    assert changed(base, "Dropout.p", 0.5).regularisers[0] == Dropout(0.5, 0.1)
    assert changed(base, "Dropout.p", 0).regularisers[0] == Dropout(0.0, 0.1)  # allowed, and keeps the rest
    assert changed(base, "Dropout.p", None).regularisers == (Penalise(L1(1e-3)),)
    assert changed(base, "L1.strength", 0.5).regularisers[1] == L1(0.5)
    assert changed(base, "L1.strength", 0).regularisers == (
        Dropout(0.3, 0.1),
    )  # refused as a value: left out
    assert changed(base, "Mixup.alpha", 0.2).regularisers[-1] == Mixup(0.2)
    assert changed(base, "Mixup.alpha", None) == base
    assert changed(base, "lr", 0.5).lr == 0.5
    with pytest.raises(InputError, match="positive"):
        changed(base, "L1.strength", -1.0)
