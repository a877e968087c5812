"""Numbers, times and names as a language writes them. What is not known is never written as 0."""

from collections.abc import Iterable, Sequence
from datetime import date

from parking.domain.calendar import local, zone_of
from parking.web.report.chinese import CHINESE
from parking.web.report.data import Language, LotUsage
from parking.web.report.english import ENGLISH
from parking.web.report.markup import Markup, join, tag, text
from parking.web.report.words import Words

WORDS: dict[Language, Words] = {"zh": CHINESE, "en": ENGLISH}


def hundredths(share: float | None) -> str | None:
    """Write a share as a whole number of hundredths: nothing but 0 is "0", nothing but 1 "100"."""
    if share is None:
        return None
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "<1"
    if whole == 100 and share < 1:
        return ">99"
    return str(whole)


def percent(share: float | None, words: Words) -> str:
    """Write a share, as in "58 %"."""
    number = hundredths(share)
    return words.none if number is None else words.percent.format(number=number)


def amount(value: float | None, words: Words) -> str:
    """Write a number of cars or spaces, whole."""
    if value is None:
        return words.none
    whole = round(value)
    return "<1" if value > 0 and not whole else f"{whole:,}"


def rate(value: float | None, words: Words) -> str:
    """Write a number of two decimals."""
    if value is None:
        return words.none
    written = f"{value:,.2f}"
    return "<0.01" if value > 0 and written == "0.00" else written


def duration(minutes: float | None, words: Words) -> str:
    """Write a length of time, given in minutes."""
    if minutes is None:
        return words.none
    whole = round(minutes)
    hours, rest = divmod(whole, 60)
    if minutes > 0 and not whole:
        return words.minutes.format(minutes="<1")
    if hours >= 100:
        return words.hours.format(hours=f"{round(minutes / 60):,}")
    if hours and rest:
        return words.hours_minutes.format(hours=hours, minutes=rest)
    if hours:
        return words.hours.format(hours=hours)
    return words.minutes.format(minutes=rest)


def hour_of_day(hour: int | None, words: Words) -> str:
    """Write an hour of the day, 0 to 23, as in "8:00–9:00"."""
    return words.none if hour is None else words.hour.format(first=hour, last=hour + 1)


def hour_of_week(hour: int, words: Words) -> str:
    """Write an hour of the week, 0 to 167."""
    weekday, hour = divmod(hour, 24)
    told = hour_of_day(hour, words)
    return words.hour_of_week.format(weekday=words.weekdays[weekday], hour=told)


def month_of(title_month: str, words: Words) -> str:
    """Write "2026-11" as the name of a month."""
    year, month = title_month.split("-")
    return words.month.format(year=year, name=words.months[int(month) - 1])


def day_of(day: date, words: Words) -> str:
    """Write a day of the report's month, with its weekday."""
    return words.day.format(day=day.day, weekday=words.weekdays[day.weekday()])


def days_of(days: Iterable[date], words: Words) -> str:
    """Write days of one month, in order, as in "3–5, 9 November"."""
    runs: list[list[date]] = []
    for day in days:
        if runs and (day - runs[-1][-1]).days == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    told = [str(r[0].day) if len(r) == 1 else f"{r[0].day}–{r[-1].day}" for r in runs]
    month = words.months[runs[0][0].month - 1]
    return words.days_of.format(days=words.comma.join(told), month=month)


def moment_of(us: int, timezone: str, words: Words) -> str:
    """Write an instant in a time zone, to the minute."""
    here = local(us, zone_of(timezone))
    return words.moment.format(
        day=here.day,
        month=words.months[here.month - 1],
        year=here.year,
        time=f"{here:%H:%M}",
        offset=f"UTC{here.isoformat()[-6:]}",
    )


def lots_of(count: int, words: Words) -> str:
    """Write a number of lots."""
    return words.lot if count == 1 else words.lots.format(count=f"{count:,}")


def name_of(lot: LotUsage) -> Markup:
    """Give a lot's name, kept apart from what is around it, whichever way it is written."""
    return tag("bdi", text(lot.name or lot.id))


def title_of(lot: LotUsage) -> tuple[Markup, ...]:
    """Give a lot's name and, smaller, its id."""
    if lot.name in {"", lot.id}:
        return (name_of(lot),)
    return name_of(lot), text(" "), tag("small", tag("bdi", text(lot.id)))


def names_of(lots: Sequence[LotUsage], words: Words) -> Markup:
    """Give the names of lots, one after the other."""
    return join((name_of(lot) for lot in lots), text(words.comma))
