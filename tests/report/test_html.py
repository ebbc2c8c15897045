from regularfit.report.html import Markup, join, table, tag, text


def test_text_and_attributes_of_the_user_are_inert():
    evil = "<script>alert('x')</script>"
    made = tag("p", evil, title='" onload="x')
    assert "<script" not in made
    assert 'onload="' not in made
    assert evil not in table(evil, [evil], [[evil]])


def test_markup_is_not_escaped_twice():
    assert join([tag("b", "a & b"), "&"]) == "<b>a &amp; b</b>&amp;"
    assert isinstance(text("x"), Markup)


def test_signs_that_cannot_be_written_are_replaced():
    assert "\x00" not in text("a\x00b")
    text("\ud800").encode("utf-8")
