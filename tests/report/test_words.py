from regularfit.report.words import common_power, count, listed, number, percent, shorten, signed


def test_numbers_keep_their_significant_digits():
    assert number(0.0) == "0"
    assert number(float("inf")) == "∞"
    assert number(1234567.0) == "1,234,567"
    assert number(0.00012345) == "0.000123"
    assert number(-2.5e10, 2) == "−2.5\u00a0×\u00a010¹⁰"
    assert signed(1.5) == "+1.50"
    assert signed(-1.5) == "−1.50"


def test_a_share_that_is_not_known_is_a_dash():
    assert percent(float("nan")) == "–"
    assert percent(0.0) == "0%"


def test_long_names_keep_both_ends():
    assert shorten("x" * 5, 5) == "xxxxx"
    short = shorten("category=" + "y" * 50 + "end", 20)
    assert len(short) == 20
    assert short.startswith("category=")
    assert short.endswith("end")


def test_lists_and_counts():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert count(2, "category", "categories") == "2 categories"


def test_a_common_power_is_taken_out_only_where_numbers_are_hard_to_read():
    assert common_power([]) == 0
    assert common_power([float("nan"), 3e-7]) == -7
    assert common_power([123456.0]) == 0
