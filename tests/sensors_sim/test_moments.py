import pytest

from sensors_sim.moments import DAY, HOUR, MINUTE, parse_rfc3339, parse_span, rfc3339, span_text


def test_a_moment_survives_the_wire() -> None:
    for text in ("2026-11-23T00:31:07Z", "2026-11-23T00:31:07.250000Z", "1999-12-31T23:59:59Z"):
        assert rfc3339(parse_rfc3339(text)) == text


def test_an_offset_is_taken_into_account() -> None:
    assert rfc3339(parse_rfc3339("2026-11-23T08:00:00+08:00")) == "2026-11-23T00:00:00Z"


@pytest.mark.parametrize("text", ["2026-11-23T00:31:07", "yesterday"])
def test_a_naive_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|isoformat"):
        parse_rfc3339(text)


def test_spans() -> None:
    assert parse_span("1d12h") == DAY + 12 * HOUR
    assert parse_span("1.5h") == 90 * MINUTE
    for text in ("", "5", "h", "5h!", "5 h"):
        with pytest.raises(ValueError, match="span"):
            parse_span(text)
    assert span_text(DAY + HOUR + 5_000_000) == "1 d 01:00:05"
    assert span_text(5_000_000) == "00:00:05"
