"""The scale: its classes can be told apart in colour, in grey, and by colour-blind eyes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.web.report.scale import BOUNDS, COLOURS, GREYS, box, class_of, hatching, mark_of
from parking.web.report.style import STYLE


def lightness(colour: str) -> float:
    """Give CIE L*, 0 to 100, of "#rrggbb"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    luminance: float = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * float(luminance ** (1 / 3)) - 16


@pytest.mark.parametrize("colours", [COLOURS, GREYS])
def test_each_class_is_clearly_darker_than_the_one_before(colours: tuple[str, ...]) -> None:
    for lighter, darker in pairwise(lightness(colour) for colour in colours):
        assert lighter - darker > 9


def test_greys_are_grey_and_as_light_as_the_colours() -> None:
    for colour, grey in zip(COLOURS, GREYS, strict=True):
        assert grey[1:3] == grey[3:5] == grey[5:7]
        assert lightness(grey) == pytest.approx(lightness(colour), abs=1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_fuller_the_darker(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= class_of(low) <= class_of(high) < len(COLOURS)


def test_bounds_begin_a_class() -> None:
    assert [class_of(bound) for bound in BOUNDS] == [1, 2, 3, 4, 5]
    assert (class_of(0.0), class_of(0.1999), class_of(1.0)) == (0, 0, 5)


def test_less_than_half_known_is_grey_and_hatched() -> None:
    assert (mark_of(0.5, 0.5), mark_of(0.5, 0.499)) == ("o2", "u2")
    assert "<path" not in box(0, 0, 10, 10, "o2")
    assert "<path" in box(0, 0, 10, 10, "u2")
    for place, grey in enumerate(GREYS):
        assert f".u{place}{{fill:{grey}}}" in STYLE


@given(st.floats(0.5, 800), st.floats(0.5, 100))
def test_hatching_stays_in_its_box(width: float, height: float) -> None:
    drawn = hatching(10, 20, width, height, "hd")
    if not drawn:
        return
    points = drawn.split('"')[1].replace("M", " ").replace("L", " ").split()
    for x, y in zip(points[::2], points[1::2], strict=True):
        assert 10 <= float(x) <= 10 + width + 0.01
        assert 20 <= float(y) <= 20 + height + 0.01
