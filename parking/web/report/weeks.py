"""The hours of the week: seven rows of twenty-four boxes, the darker the fuller."""

from collections.abc import Sequence
from dataclasses import dataclass

from parking.web.report.data import Cell
from parking.web.report.markup import Markup, picture, tag, text
from parking.web.report.scale import blank, box, mark_of
from parking.web.report.together import ENOUGH
from parking.web.report.words import Words
from parking.web.report.writing import hour_of_week, hundredths, percent


@dataclass(frozen=True, slots=True)
class Size:
    """How large a map is drawn, and whether its boxes are labelled one by one."""

    width: float
    height: float
    left: float
    top: float
    every: int
    numbers: bool


LARGE = Size(width=28, height=22, left=38, top=16, every=1, numbers=True)
SMALL = Size(width=14, height=8.5, left=16, top=11, every=3, numbers=False)


def week_map(mark: str, title: str, weekly: Sequence[Cell], size: Size, words: Words) -> Markup:
    """Draw the 168 hours of a week."""
    return picture(
        mark,
        title,
        _told(weekly, words),
        (size.left + 24 * size.width + 1, size.top + 7 * size.height + 1),
        *_axes(size, words),
        *(_hour(hour, cell, size, words) for hour, cell in enumerate(weekly)),
    )


def _axes(size: Size, words: Words) -> list[Markup]:
    days = words.weekdays if size.numbers else words.initials
    rows = [
        tag(
            "text",
            text(name),
            x=size.left - 4,
            y=size.top + (row + 0.5) * size.height,
            class_="row",
        )
        for row, name in enumerate(days)
    ]
    columns = [
        tag("text", text(str(hour)), x=size.left + (hour + 0.5) * size.width, y=size.top - 4)
        for hour in range(0, 24, size.every)
    ]
    frame = tag(
        "rect",
        x=size.left,
        y=size.top,
        width=24 * size.width,
        height=7 * size.height,
        class_="frame",
    )
    return [*rows, *columns, frame]


def _hour(hour: int, cell: Cell, size: Size, words: Words) -> Markup:
    row, column = divmod(hour, 24)
    x, y = size.left + column * size.width, size.top + row * size.height
    if cell.occupancy_mean is None:
        return blank(x, y, size.width, size.height)
    mark = mark_of(cell.occupancy_mean, cell.coverage)
    drawn = box(x, y, size.width, size.height, mark)
    if not size.numbers:
        return drawn
    told = words.cell_desc.format(
        hour=hour_of_week(hour, words),
        mean=percent(cell.occupancy_mean, words),
        coverage=percent(cell.coverage, words),
    )
    written = tag(
        "text",
        text(hundredths(cell.occupancy_mean) or ""),
        x=x + size.width / 2,
        y=y + size.height / 2,
        class_=f"t{mark}",
    )
    return tag("g", tag("title", text(told)), drawn, written)


def _told(weekly: Sequence[Cell], words: Words) -> str:
    known = [
        (cell.occupancy_mean, hour)
        for hour, cell in enumerate(weekly)
        if cell.occupancy_mean is not None
    ]
    if not known:
        return words.week_empty
    (least, emptiest), (most, fullest) = min(known), max(known)
    return words.week_desc.format(
        fullest=f"{hour_of_week(fullest, words)} {percent(most, words)}",
        emptiest=f"{hour_of_week(emptiest, words)} {percent(least, words)}",
        low=sum(0 < cell.coverage < ENOUGH for cell in weekly),
        unknown=168 - len(known),
    )
