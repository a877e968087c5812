"""Markup: nothing gets in unescaped, and what comes out is well-formed."""

from hypothesis import given
from hypothesis import strategies as st

from parking.web.report.markup import Markup, fill, picture, tag, text
from tests.web.report.reading import read


def body_of(*content: Markup) -> str:
    return f"<!DOCTYPE html>\n{tag('html', *content, lang='en')}"


@given(st.text())
def test_a_text_is_read_back_as_it_was_but_for_what_no_document_can_hold(plain: str) -> None:
    shown = read(body_of(tag("p", text(plain), title=plain)))
    [paragraph] = shown.find("p")
    assert shown.find("p") == [part for part in shown.walk() if part is not shown]
    assert len(paragraph.text) == len(plain)
    for told in (paragraph.text, paragraph.attributes["title"]):
        assert all(new in {old, "\ufffd"} for new, old in zip(told, plain, strict=True))
    assert all(
        new == old or not old.isprintable() for new, old in zip(paragraph.text, plain, strict=True)
    )


def test_controls_and_halves_of_pairs_are_replaced() -> None:
    assert text("a\x00b\x1bc\ud800d\uffffe\tf\n") == "a\ufffdb\ufffdc\ufffdd\ufffde\tf\n"


def test_names_of_attributes() -> None:
    drawn = tag("rect", x=1.0, y=2.345, aria_hidden="true", class_="a", width=None)
    assert drawn == '<rect x="1" y="2.35" aria-hidden="true" class="a"/>'


def test_fill_escapes_the_text_and_keeps_the_markup() -> None:
    assert fill("<{lot}> & {lot}", lot=tag("b", text("<"))) == (
        "&lt;<b>&lt;</b>&gt; &amp; <b>&lt;</b>"
    )


def test_a_picture_says_what_it_shows() -> None:
    drawn = read(body_of(picture("week", "<Week>", 'A "week".', (10.5, 20))))
    [svg] = drawn.find("svg")
    assert svg.attributes["role"] == "img"
    assert svg.attributes["viewbox"] == "0 0 10.5 20"
    names = svg.attributes["aria-labelledby"].split()
    labels = {part.attributes["id"]: part.text for part in svg.walk() if "id" in part.attributes}
    assert [labels[name] for name in names] == ["<Week>", 'A "week".']
