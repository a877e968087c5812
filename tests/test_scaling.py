"""docs/scaling.md: table and steps follow from what was measured, and that from the benchmarks."""

import math
import re
from collections.abc import Callable

import pytest

from tests.service import CHECKOUT

PAGE = CHECKOUT.joinpath("docs", "scaling.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())
BENCHMARKS = CHECKOUT.joinpath("docs", "benchmarks.md").read_text("utf-8")
SIZES = ("district", "city", "province", "country")
DAY_S = 86_400
PEAK = 4
CLOSE = 0.05  # of a number, where it is not written to fewer digits than that
UNITS = {
    "million": 1e6, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "MB/s": 1e6, "%": 0.01, "µs": 1e-6,
}  # fmt: skip
NUMBER = re.compile(r"([\d,]*\d(?:\.\d+)?)(?: (million|[kMGT]B(?:/s)?|%|µs))?")


def numbers(text: str) -> list[float]:
    """Read the numbers of a text, each with its unit."""
    return [
        float(digits.replace(",", "")) * UNITS.get(unit, 1)
        for digits, unit in NUMBER.findall(text.replace("*", ""))
    ]


def cells(first: str) -> list[str]:
    """Give the cells of the row that begins so, but its first."""
    found = re.search(rf"^\| {re.escape(first)}[^|]* \|(.*)\|$", PAGE, re.MULTILINE)
    assert found is not None, first
    return found[1].split("|")


def measured(first: str) -> list[float]:
    return [number for cell in cells(first) for number in numbers(cell)]


BATCH = measured("events in batches of 500")[1:]
SINGLE = measured("events one at a time")[1:]
LOG_BYTES = measured("an event on disk")[-1]
WAL_BYTES = measured("an event in PostgreSQL's journal")[0]
LOT_BYTES = measured("a lot described, in memory")[0]
PASSAGE_BYTES, PASSAGE_STORED = (
    numbers(found)[0] for found in re.findall(r"(\d+) (?:bytes\*\*|in a snapshot)", PAGE)
)
INSTANCE_BYTES = measured("an instance without lots")[0]
TOLD_A_CORE = measured("told to a stream")[0]


def snapshots(lots: float, events: float) -> float:
    """Give bytes a second: lots that changed within 20 s, with their passages of two days."""
    changed = 1 - math.exp(-events / lots * 20 / DAY_S)
    return lots * changed * events / lots * 2 * PASSAGE_STORED / 20


def memory(lots: float, events: float) -> float:
    return INSTANCE_BYTES + lots * LOT_BYTES + 2 * events * PASSAGE_BYTES


def peak(events: float) -> float:
    return PEAK * events / DAY_S


ROWS: dict[str, Callable[[float, float], list[float]]] = {
    "a second: average, peak": lambda _, events: [events / DAY_S, peak(events)],
    "time for that at the peak": lambda _, events: [peak(events) * each for each in BATCH],
    "the same, one event a request": lambda _, events: [peak(events) * each for each in SINGLE],
    "log a day, a year": lambda _, events: [events * LOG_BYTES, events * LOG_BYTES * 365],
    "WAL at the peak": lambda _, events: [peak(events) * WAL_BYTES],
    "memory of an instance": lambda lots, events: [memory(lots, events)],
    "snapshots, each instance": lambda lots, events: [snapshots(lots, events)],
}


def half_a_digit(text: str) -> list[float]:
    """Give for each number of a text how much its last digit leaves open."""
    return [
        0.51 * 10 ** -len(digits.partition(".")[2]) * UNITS.get(unit, 1)
        for digits, unit in NUMBER.findall(text)
    ]


@pytest.mark.parametrize("row", ROWS)
def test_table_follows_from_what_was_measured(row: str) -> None:
    lots = [numbers(cell)[0] for cell in cells("lots")]
    events = [numbers(cell)[0] for cell in cells("events a day")]
    assert events == [2000 * each for each in lots]
    assert len(cells(row)) == len(SIZES)
    for cell, *size in zip(cells(row), lots, events, strict=True):
        if "–" in cell:  # too little to tell
            continue
        right = ROWS[row](*size)
        for got, open_, value in zip(numbers(cell), half_a_digit(cell), right, strict=True):
            assert got == pytest.approx(value, rel=CLOSE, abs=open_), (row, cell)


COUNTRY = (500_000, 1e9)
REGION = (25_000, 50e6)
PARTITION = (500_000 / 64, 1e9 / 64)
TOLD = 1e6 * 24 * PEAK * 2000 / DAY_S
SAID = {
    "A lot of 2,000 passages a day is (.*?),": 4000 * PASSAGE_STORED,
    "three instances of a full province write (.*?) of them": 3 * snapshots(30_000, 60e6),
    r"\(`process_resident_memory_bytes`; (.*?) for a million passages": 2e6 * PASSAGE_BYTES,
    "One core, 1 GB, (.*?) of disk a year": 200_000 * LOG_BYTES * 365,
    r"or (\S+ GB) with `PARKING_RETENTION_DAYS=90`": 4e6 * LOG_BYTES * 90,
    "90 days are (.*?), and usage": 60e6 * LOG_BYTES * 90,
    "25,000 lots, (.*?) an instance": memory(*REGION),
    "15.6 million events a day a partition, (.*?) of memory": memory(*PARTITION),
    r"copies of each: (.*?) lots and": PARTITION[0],
    r"lots and (\S+ million) events a day a partition": PARTITION[1],
    r"64 × 3 × 0.6 GB are (.*?),": 64 * 3 * 0.6e9,
    r"(\S+ µs) of processor time each, the peak is one core": sum(BATCH),
    "with standbys, (.*?) machines": (1 + 16) * 2,
    r"90 days of retention: (.*?),": 1e9 * LOG_BYTES * 90,
    r"90 days of retention: 45 TB, (.*?) a worker": 1e9 * LOG_BYTES * 90 / 16,
    r"a worker, (.*?) a day each, which": 1e9 * LOG_BYTES / 16,
    r"at the peak spreads to (.*?) a worker": peak(1e9) * WAL_BYTES / 16,
    r"4 TB for 90 days \((.*?) of log, and room": 50e6 * LOG_BYTES * 90,
    r"and room\), with (.*?) of new log a day": 50e6 * LOG_BYTES,
    "at the peak are ([^ ]*?) answers a second": 10e6 / 60,
    "changes a second each at the peak, are (.*?) deliveries": TOLD,
    r"million deliveries a second: (.*?) and": TOLD / TOLD_A_CORE,
    r": ([\d,]+) such clients a core, by time": TOLD_A_CORE / (TOLD / 1e6),
}


@pytest.mark.parametrize("words", SAID)
def test_steps_follow_from_the_table(words: str) -> None:
    (written,) = re.findall(words, TEXT)
    (got,), (open_,) = numbers(written), half_a_digit(written)
    assert got == pytest.approx(SAID[words], rel=CLOSE, abs=open_)


def test_what_was_measured_is_in_the_benchmarks() -> None:
    def span(words: str) -> list[float]:
        found = re.search(words, " ".join(BENCHMARKS.split()))
        assert found is not None, words
        return [float(group.replace(",", "")) for group in found.groups()]

    least, most = span(r"([\d,]+) to ([\d,]+) events/s")
    assert least <= measured("events in batches of 500")[0] <= most
    least, most = span(r"process needs ([\d.]+) to ([\d.]+) µs an event")
    assert least <= BATCH[0] * 1e6 <= most
    least, most = span(r"([\d,]+) to ([\d,]+) /s; [\d.]+;")
    assert least <= measured("events one at a time")[0] <= most
    assert span(r"\*\*Singles\*\*: ([\d.]+) µs") == [pytest.approx(SINGLE[0] * 1e6)]
    (crowd,) = span(r"2,500; 5,000; 10,000 clients \| p99 \d+; \d+; (\d+) ms")
    (thousand,) = span(r"one client; 1,000 \| p50 [\d.]+ ms; p99 (\d+) ms")
    assert measured("from sent to seen, 1,000 changes")[-3:-1] == [thousand, crowd]
    assert span(r"against 10,000 \| [\d.]+, ([\d.]+) s") == measured("a start with ten million")
    assert span(r"in 2,000 lots \| \d+ MB; (\d+) MB") == [
        measured("a million spaces in 2,000 lots")[-1] / 1e6
    ]


def test_each_step_says_what_it_costs_and_when_it_is_taken() -> None:
    steps = re.split(r"^### ", PAGE.partition("## A country")[0], flags=re.MULTILINE)[1:]
    assert [step[0] for step in steps] == ["1", "2", "3", "4", "5", "6"]
    for step, after in zip(steps, [*steps[1:], ""], strict=True):
        assert re.search(r"[Cc]osts|One core|Storage|No one else", step), step[:40]
        assert re.search(r"\*\*(Next when|Take it when)\*\*", step) or "Take it when" in after
