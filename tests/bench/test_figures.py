"""The statistics and the table of the benchmarks, without measuring anything."""

import json
import re

import pytest

from tests.bench.figures import (
    Finding,
    Reading,
    Samples,
    at_least,
    at_most,
    interleave,
    number,
    percentile,
    samples,
    table,
)


def test_a_ratio_is_of_the_same_round() -> None:
    # the second round ran on a machine twice as slow: both sides fell, the ratio did not
    own, ceiling = Samples((90, 40, 80)), Samples((100, 50, 100))
    finding = Finding("path", "1/s", own, "means", ceiling, at_least(0.8))
    assert finding.score.values == (0.9, 0.8, 0.8)
    assert finding.score.median == 0.8
    assert finding.verdict == "yes"


@pytest.mark.parametrize(
    ("reach", "score", "verdict"),
    [
        (at_least(0.7), 0.7, "yes"),
        (at_least(0.7), 0.69, "NO"),
        (at_most(30), 30, "yes"),
        (at_most(30), 31, "NO"),
        (None, 1, ""),
    ],
)
def test_a_verdict_is_of_the_median(reach: object, score: float, verdict: str) -> None:
    values = Samples((score, 0, 1e9))
    assert Finding("row", "ms", values, reach=reach).verdict == verdict  # type: ignore[arg-type]


def test_sides_take_turns_and_the_first_round_is_dropped() -> None:
    asked: list[str] = []

    def side(name: str) -> Reading:
        asked.append(name)
        return {"rate": len(asked)}

    found = interleave({name: lambda name=name: side(name) for name in "ab"}, 3)  # type: ignore[misc]
    assert sorted(asked[:2]) == ["a", "b"]
    assert {asked[at] for at in (2, 4, 6)} == {"a", "b"}  # neither is always the first
    assert asked.count("a") == asked.count("b") == 4
    assert len(found["a"]) == len(found["b"]) == 3
    assert min(samples(found["a"]).values + samples(found["b"]).values) > 2


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (0.991, 100), (1, 100), (0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile(list(range(1, 101)), share) == value
    assert percentile([7.0], share) == 7.0


def test_numbers_have_three_digits_that_matter() -> None:
    shown = [number(value) for value in (0, 0.01234, 0.7, 12.345, 123.6, 81234.5)]
    assert shown == ["0", "0.0123", "0.7", "12.3", "124", "81,234"]


def test_the_table_shows_medians_spread_and_verdict() -> None:
    own, ceiling = Samples((70, 60, 80)), Samples((100, 100, 100))
    lines = table(
        [
            Finding("batches", "events/s", own, "bare COPY", ceiling, at_least(0.75)),
            Finding("memory", "MB", Samples((120,)), reach=at_most(150)),
        ]
    ).splitlines()
    assert len({line.index("events/s") for line in lines if "events/s" in line}) == 1
    expected = ["batches", "events/s", "70 (60-80)", "bare COPY", "100 (100-100)",
                "0.7 (0.6-0.8)", ">= 0.75", "NO"]  # fmt: skip
    assert re.split(r"  +", lines[2]) == expected
    assert re.split(r"  +", lines[3]) == ["memory", "MB", "120", "<= 150", "yes"]


def test_the_json_holds_every_round() -> None:
    finding = Finding("memory", "MB", Samples((2, 1, 3)), reach=at_most(2), notes={"spaces": 5})
    told = json.loads(json.dumps(finding.as_json()))
    assert told["measured"] == {"median": 2, "low": 1, "high": 3, "rounds": [2, 1, 3]}
    assert told["reached"] is True
    assert told["ceiling"] is None
    assert told["notes"] == {"spaces": 5}
