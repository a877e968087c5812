"""How long cars stay: the stays of all lots together, in classes that a planner thinks in."""

from parking.web.report.data import LotUsage
from parking.web.report.markup import NOTHING, Markup, fill, join, picture, tag, text
from parking.web.report.together import Stays, Together, percentile
from parking.web.report.words import Words
from parking.web.report.writing import amount, duration, lots_of, names_of, percent

BOUNDS = (15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 1440.0)
"""Where the next class begins, minutes."""

_STEP, _TALLEST, _FLOOR = 89.0, 100.0, 148.0


def staying(sums: Together, words: Words) -> Markup:
    """Give the histogram of stays, with what it is of and which lots it lacks."""
    told = [tag("h2", text(words.stays)), tag("p", text(words.stays_intro))]
    measured = [lot for lot in sums.counted if _is_measured(lot)]
    median, p85 = (duration(percentile(sums.stays, share), words) for share in (0.50, 0.85))
    if measured:
        count = amount(sum(count for _, count in sums.stays), words)
        lots = lots_of(len(measured), words)
        lines = [
            text(words.stays_counted.format(count=count, lots=lots)),
            text(words.stays_lines.format(median=median, p85=p85)),
        ]
        told += [
            tag("figure", _histogram(sums.stays, words)),
            *(tag("p", line) for line in lines),
        ]
    else:
        told.append(tag("p", text(words.stays_empty)))
    every = (*sums.counted, *sums.left_out)
    unmeasured = [lot for lot in every if not _is_measured(lot)]
    left_out = [lot for lot in sums.left_out if _is_measured(lot)]
    for said, lots_named in (
        (words.stays_unmeasured, unmeasured),
        (words.stays_left_out, left_out),
    ):
        if lots_named:
            told.append(tag("p", fill(said, names=names_of(lots_named, words)), class_="note"))
    return tag("section", *told)


def classes_of(stays: Stays) -> list[int]:
    """Count stays by class, shortest first."""
    counts = [0] * (len(BOUNDS) + 1)
    for length, count in stays:
        counts[class_of(length)] += count
    return counts


def class_of(minutes: float) -> int:
    """Give the class of a length."""
    return sum(minutes >= bound for bound in BOUNDS)


def _is_measured(lot: LotUsage) -> bool:
    return any(count for _, count in lot.stays)


def _histogram(stays: Stays, words: Words) -> Markup:
    counts = classes_of(stays)
    total, most = sum(counts), max(counts)
    shares = [percent(count / total, words) for count in counts]
    lines = [
        _line(percentile(stays, 0.50), words.stays_median, 10, words),
        _line(percentile(stays, 0.85), words.stays_p85, 24, words),
    ]
    told = words.comma.join(
        words.named.format(name=name, told=share)
        for name, share in zip(words.stays_classes, shares, strict=True)
    )
    return picture(
        "stays",
        words.stays,
        words.stays_desc.format(classes=told),
        (_STEP * len(counts), _FLOOR + 32),
        tag("line", x1=0, x2=_STEP * len(counts), y1=_FLOOR, y2=_FLOOR, class_="grid"),
        *(_column(place, count / most) for place, count in enumerate(counts)),
        *lines,
        *(
            _label(place, count / most, share, name)
            for place, (count, share, name) in enumerate(
                zip(counts, shares, words.stays_classes, strict=True)
            )
        ),
    )


def _column(place: int, part: float) -> Markup:
    tall = part * _TALLEST
    x = (place + 0.12) * _STEP
    return tag("rect", x=x, y=_FLOOR - tall, width=_STEP * 0.76, height=tall, class_="bar")


def _label(place: int, part: float, share: str, name: str) -> Markup:
    x, above = (place + 0.5) * _STEP, _FLOOR - part * _TALLEST - 8
    return join(
        (
            tag("text", text(share), x=x, y=above, class_="stay"),
            tag("text", text(name), x=x, y=_FLOOR + 14),
        )
    )


def _line(length: float | None, said: str, y: float, words: Words) -> Markup:
    """Draw where a length lies among the classes, with its name above."""
    if length is None:
        return NOTHING
    place = class_of(length)
    low = BOUNDS[place - 1] if place else 0.0
    high = BOUNDS[place] if place < len(BOUNDS) else 2 * low
    x = (place + min((length - low) / (high - low), 1.0)) * _STEP
    late = place > len(BOUNDS) // 2  # the words go to the side where there is room
    return join(
        (
            tag("line", x1=x, x2=x, y1=y - 6, y2=_FLOOR, class_="mark"),
            tag(
                "text",
                text(said.format(length=duration(length, words))),
                x=x - 5 if late else x + 5,
                y=y,
                class_="row" if late else "from",
            ),
        )
    )
