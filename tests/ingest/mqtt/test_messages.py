"""Topics and receipts as pure functions."""

import json
from pathlib import Path

import msgspec
import pytest

from parking.domain.events import canonical, decode, observed
from parking.ingest.lists import MOST_EVENTS
from parking.ingest.mqtt.messages import (
    Poisoned,
    read_message,
    read_topic,
    receipts_topic,
    write_receipt,
)
from parking.ingest.mqtt.subscriber import pause
from parking.ingest.receipts import Named, Receipt


def test_a_topic_names_a_lot() -> None:
    assert read_topic("parking/v1/east-station.p_1/events") == "east-station.p_1"
    assert receipts_topic("p1") == "parking/v1/p1/receipts"
    for wrong in ("parking/v1//events", "parking/v1/东站/events", "parking/v1/a b/events", "x"):
        with pytest.raises(Poisoned, match="topic"):
            read_topic(wrong)
    with pytest.raises(Poisoned, match="topic"):
        read_topic(f"parking/v1/{'x' * 65}/events")


SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "mqtt").glob("*.json"))


def beside(sample: Path, what: str) -> str:
    found = sample.with_name(f"{sample.name}.{what}")
    return found.read_text("utf-8") if found.exists() else ""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_gives_the_events_beside_it(sample: Path) -> None:
    """Those of a message as the log keeps them; one that is none costs no other."""
    told, unread = "", ""
    try:
        for place, raw in enumerate(read_message(sample.read_bytes())):
            try:
                event = decode(raw)
                told += canonical(event, observed(event)).decode() + "\n"
            except msgspec.ValidationError as error:
                unread += f"/{place} {error}\n"
    except Poisoned as error:
        unread = f"{error}\n"
    assert told + unread
    assert told == beside(sample, "events.jsonl")
    assert unread == beside(sample, "unread.txt")


def test_a_message_holds_so_many_events() -> None:
    most = b"[" + b",".join([b"{}"] * MOST_EVENTS) + b"]"
    assert len(read_message(most)) == MOST_EVENTS
    with pytest.raises(Poisoned, match="more than 10000"):
        read_message(most[:-1] + b",{}]")


def test_a_receipt_names_its_message() -> None:
    told = json.loads(write_receipt(b"{}", Receipt(1, 0, [], 0, [Named(0, "sha256:x")])))
    digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert told == {
        "message": digest,
        "accepted": 1,
        "duplicates": 0,
        "rejected": [],
        "rejected_total": 0,
        "ids": [{"index": 0, "id": "sha256:x"}],
    }
    told = json.loads(write_receipt(b"{}", None, "the message is not JSON"))
    assert told == {"message": digest, "problem": "the message is not JSON"}


def test_pauses_grow_and_are_bounded() -> None:
    for failures in range(1, 5000, 7):
        assert 0.25 <= pause(failures) <= 10
    assert pause(1) <= 0.5
    assert pause(5000) >= 5
    assert len({pause(9) for _ in range(20)}) > 1
