"""The days of the month: bars of the mean, lines for the peak, and a table of the same."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from parking.web.report.data import Day
from parking.web.report.markup import Markup, picture, tag, text
from parking.web.report.scale import blank, hatching
from parking.web.report.together import ENOUGH
from parking.web.report.words import Words
from parking.web.report.writing import day_of, percent

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide a day is drawn, how high the full scale, and which days have their number below."""

    step: float
    height: float
    every: int


WIDE = Shape(step=21, height=90, every=1)
NARROW = Shape(step=10.5, height=34, every=5)


def dates_of(title_month: str) -> tuple[date, ...]:
    """Give all the days of a month, "2026-11"."""
    year, month = (int(part) for part in title_month.split("-"))
    return tuple(date(year, month, 1 + n) for n in range(monthrange(year, month)[1]))


def day_bars(
    mark: str,
    title: str,
    dates: Sequence[date],
    daily: Mapping[str, Day],
    *,
    shape: Shape,
    words: Words,
) -> Markup:
    """Draw each day's mean occupancy and peak.

    A day that has not begun is left out, one of which nothing is known has a stroke.
    """
    step, height = shape.step, shape.height
    left, top = 34.0, 6.0
    content = [*_scale(left, top, step * len(dates), height, words)]
    for place, at in enumerate(dates):
        x = left + place * step
        if at.day == 1 or at.day % shape.every == 0:
            content.append(_label(at, x + step / 2, top + height + 11, bold=shape.every == 1))
        day = daily.get(at.isoformat())
        if day is not None:
            content.append(_bar(day, x, top, step, height))
    size = (left + step * len(dates) + 1, top + height + 16)
    return picture(mark, title, _told(daily, words), size, *content)


def _scale(left: float, top: float, width: float, height: float, words: Words) -> list[Markup]:
    lines = []
    for share in (0.0, 0.5, 1.0):
        y = top + (1 - share) * height
        lines.append(tag("line", x1=left, x2=left + width, y1=y, y2=y, class_="grid"))
        lines.append(tag("text", text(percent(share, words)), x=left - 4, y=y, class_="row"))
    return lines


def _label(at: date, x: float, y: float, *, bold: bool) -> Markup:
    return tag(
        "text",
        text(str(at.day)),
        x=x,
        y=y,
        class_="rest" if bold and at.weekday() >= _SATURDAY else None,
    )


def _bar(day: Day, left: float, top: float, step: float, height: float) -> Markup:
    """Draw a day; its group says in its class how much is known of it."""
    x, width = left + step * 0.15, step * 0.7
    if day.occupancy_mean is None:
        return tag("g", blank(left, top + height - step, step, step), class_="day unheard")
    tall = min(day.occupancy_mean, 1.0) * height
    sure = day.coverage >= ENOUGH
    y = top + height - tall
    parts = [tag("rect", x=x, y=y, width=width, height=tall, class_="bar" if sure else "weak")]
    if not sure:
        parts.append(hatching(x, y, width, tall, "hd"))
    if day.occupancy_peak is not None:
        peak = top + (1 - min(day.occupancy_peak, 1.0)) * height
        parts.append(tag("line", x1=x, x2=x + width, y1=peak, y2=peak, class_="peak"))
    return tag("g", *parts, class_="day")


def _told(daily: Mapping[str, Day], words: Words) -> str:
    known = [
        (day.occupancy_mean, at) for at, day in daily.items() if day.occupancy_mean is not None
    ]
    if not known:
        return words.days_empty
    (least, emptiest), (most, fullest) = min(known), max(known)
    return words.days_desc.format(
        fullest=f"{day_of(date.fromisoformat(fullest), words)} {percent(most, words)}",
        emptiest=f"{day_of(date.fromisoformat(emptiest), words)} {percent(least, words)}",
        unknown=len(daily) - len(known),
    )
