"""The scale of occupancy: six classes from light to dark, even in greys, for every kind of eye.

What rests on less than half is grey instead of coloured, and hatched; what is not known is left
blank, with a stroke in the middle.
"""

from itertools import pairwise

from parking.web.report.markup import NOTHING, Markup, join, number, tag, text
from parking.web.report.together import ENOUGH
from parking.web.report.words import Words
from parking.web.report.writing import percent

BOUNDS = (0.2, 0.4, 0.6, 0.8, 0.9)
"""Where the next class begins, as a share; the last is that of saturation."""
COLOURS = ("#fbf6d0", "#c6dea3", "#74bcae", "#3893b2", "#28629f", "#1b2c69")
GREYS = ("#f5f5f5", "#d5d5d5", "#aeaeae", "#898989", "#5f5f5f", "#323232")
"""As light as the colour of the same class."""

_GAP = 4.0  # between the lines of a hatching
_LEGEND_STEP, _LEGEND_BOX = 62, 14


def class_of(share: float) -> int:
    """Give the class, 0 to 5, of a mean occupancy."""
    return sum(share >= bound for bound in BOUNDS)


def mark_of(share: float, coverage: float) -> str:
    """Give the name of the style of a mean occupancy that `coverage` of the time stands for."""
    return f"{'o' if coverage >= ENOUGH else 'u'}{class_of(share)}"


def box(x: float, y: float, width: float, height: float, mark: str, *content: Markup) -> Markup:
    """Draw a box in a style; grey ones are hatched."""
    drawn = tag("rect", *content, x=x, y=y, width=width, height=height, class_=mark)
    if mark[0] != "u":
        return drawn
    return join(
        (drawn, hatching(x, y, width, height, "hl" if mark in {"u3", "u4", "u5"} else "hd"))
    )


def blank(x: float, y: float, width: float, height: float) -> Markup:
    """Draw a box of which nothing is known: a stroke in the middle."""
    middle, half = y + height / 2, min(width, height) / 5
    return tag(
        "line", x1=x + width / 2 - half, x2=x + width / 2 + half, y1=middle, y2=middle, class_="no"
    )


def hatching(x: float, y: float, width: float, height: float, mark: str) -> Markup:
    """Draw lines that rise to the right, cut off at the edges of a box."""
    if width <= 0 or height <= 0:
        return NOTHING
    strokes = []
    along = _GAP / 2
    while along < width + height:
        low_x, low_y = max(0.0, along - height), min(along, height)
        high_x, high_y = min(along, width), max(0.0, along - width)
        strokes.append(
            f"M{number(x + low_x)} {number(y + low_y)}L{number(x + high_x)} {number(y + high_y)}"
        )
        along += _GAP
    return tag("path", d="".join(strokes), class_=mark)


def legend(words: Words) -> Markup:
    """Draw the classes with their bounds, and what grey and blank mean, in words."""
    edges = (0.0, *BOUNDS, 1.0)
    keys = [
        (f"o{place}", f"{round(low * 100)}–{percent(high, words)}")
        for place, (low, high) in enumerate(pairwise(edges))
    ]
    return tag(
        "p",
        tag("span", text(words.scale), class_="key"),
        *(_key(box(0, 0, _LEGEND_BOX, _LEGEND_BOX, mark), told) for mark, told in keys),
        _key(box(0, 0, _LEGEND_BOX, _LEGEND_BOX, "u2"), words.scale_low),
        _key(_blank_key(), words.scale_unknown),
        class_="legend",
    )


def _blank_key() -> Markup:
    frame = tag("rect", x=0, y=0, width=_LEGEND_BOX, height=_LEGEND_BOX, class_="frame")
    return join((frame, blank(0, 0, _LEGEND_BOX, _LEGEND_BOX)))


def _key(drawn: Markup, told: str) -> Markup:
    sample = tag("svg", drawn, viewBox=f"0 0 {_LEGEND_BOX} {_LEGEND_BOX}", aria_hidden="true")
    return tag("span", sample, text(told), class_="key")
