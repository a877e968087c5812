"""Sensors that are broken for a week: which, from when on, and what they send then.

A sensor breaks at some moment of the first two days of a week (UTC, from Monday) and is well again
in the next. Whether it does depends only on the seed, the sensor and the week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensors_sim.chances import chance
from sensors_sim.moments import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensors_sim.wire import Event

WEEK = 7 * DAY
_MONDAY = 4 * DAY  # 1970-01-01 was a Thursday
_FLICKERS = 12
_FLICKER_US = 7 * SECOND
_MISREAD = 65_535

BREAKDOWNS: dict[str, str] = {
    "mute": "chance per sensor and week to send nothing from then on",
    "frozen": "chance per sensor and week to report no change from then on",
    "inverted": "chance per space sensor and week to report the opposite from then on",
    "flapping": "chance per space sensor and week to report each change many times to and fro",
    "clock-offset": "chance per sensor and week of a clock 1 min to 4 min ahead or 2 min to 9 h "
    "behind",
    "misread": "chance per counting system and week to report absurd numbers now and then",
    "lost-exits": "chance per gate and week that one in 25 cars drives out unnoticed",
}
"""What breaks, by name; of all of it the truth is lost."""


def week_of(at_us: int) -> int:
    """Return the first moment (µs) of the week that a moment lies in."""
    return at_us - (at_us - _MONDAY) % WEEK


def breaks_at(seed: str, name: str, event: Event, rate: float) -> int | None:
    """Return when (µs) the sender of an event breaks in the event's week; None: it does not."""
    week = week_of(event.at_us)
    sensor = event.body.get("sensor", "")
    key = f"{seed}/{name}/{event.lot}/{sensor}/{week // DAY}"
    if chance(key) >= rate:
        return None
    return week + round(chance(key + "/since") * 2 * DAY)


def spoil(seed: str, rates: Mapping[str, float], event: Event) -> tuple[list[Event], str | None]:
    """Return what a sensor sends instead of a true event, and what broke, if anything did."""
    sensor = str(event.body.get("sensor", ""))
    for name in BREAKDOWNS:
        rate = rates.get(name, 0.0)
        if not rate or not concerns(name, event):
            continue
        since_us = breaks_at(seed, name, event, rate)
        if since_us is not None and since_us <= event.at_us:
            sent = _sent(seed, name, event, sensor)
            if sent != [event]:
                return sent, name
    return [event], None


def concerns(name: str, event: Event) -> bool:
    """Return whether a breakdown shows in events like this one."""
    match name:
        case "inverted" | "flapping":
            return event.type == "space"
        case "misread":
            return event.type == "count"
        case "lost-exits":
            return event.type == "passage" and event.body["direction"] == "out"
        case "frozen":
            return event.type in {"space", "count", "passage"}
        case _:
            return True


def _sent(seed: str, name: str, event: Event, sensor: str) -> list[Event]:
    luck = chance(f"{seed}/{name} by/{event.lot}/{event.id}")
    match name:
        case "mute" | "frozen":
            return []
        case "inverted":
            return [event.with_body({**event.body, "occupied": not event.body["occupied"]})]
        case "flapping":
            return [event, *_flickers(event)]
        case "clock-offset":
            return [event.at(event.at_us - _offset(seed, event, sensor))]
        case "misread":
            absurd = event.with_body({**event.body, "occupied": _MISREAD})
            return [absurd if luck < 0.1 else event]
        case _:
            return [] if luck < 1 / 25 else [event]


def _flickers(event: Event) -> list[Event]:
    """Return an even number of changes right after one, so that the last word is true."""
    return [
        event.renamed(f"{event.id}.{n}")
        .at(event.at_us + n * _FLICKER_US)
        .with_body({**event.body, "occupied": event.body["occupied"] ^ (n % 2 == 1)})
        for n in range(1, _FLICKERS + 1)
    ]


def _offset(seed: str, event: Event, sensor: str) -> int:
    """Return by how much (µs) a clock is behind; negative: ahead."""
    key = f"{seed}/offset/{event.lot}/{sensor}/{week_of(event.at_us) // DAY}"
    by: float = chance(key)
    if chance(key + "/way") < 0.5:
        return -round((MINUTE + by * 3 * MINUTE) / SECOND) * SECOND
    behind_us: float = 2 * MINUTE * (9 * HOUR / (2 * MINUTE)) ** by
    return round(behind_us / SECOND) * SECOND
