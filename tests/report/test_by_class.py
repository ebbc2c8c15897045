from regularfit.report.by_class import ClassCoefficients


def test_the_spread_is_that_of_the_widest_pair():
    assert ClassCoefficients("a", (1.0, -1.0, 0.5), (3.0, -2.0, 1.0)).spread == 5.0
