"""Every sample gives the events it must, in the form that the intake takes."""

import pytest

from parking.domain.events import decode as decode_event
from parking.ingest.decoded import NotDecodable
from tests.ingest.lorawan.samples import SERVERS, decode, load, names, read


@pytest.mark.parametrize("name", names())
def test_a_sample_gives_what_it_must(name: str) -> None:
    server, sample = name.split("/", maxsplit=1)[0], load(name)
    if sample.get("acknowledged"):
        assert read(server, sample) is None
    elif "refused" in sample:
        with pytest.raises(NotDecodable, match=sample["refused"]):
            decode(server, sample)
    else:
        decoded = decode(server, sample)
        assert list(decoded.events) == sample["events"]
        assert [part.reason for part in decoded.unread] == sample.get("unread", [])


def test_there_is_enough_of_them() -> None:
    given = [load(name) for name in names()]
    models = {sample["device"]["model"] for sample in given if sample.get("events")}
    assert len(models) == 4  # the three EM400 share a format
    for server in SERVERS:
        of_server = [load(name) for name in names() if name.startswith(server)]
        assert any("refused" in sample for sample in of_server)
        assert any("acknowledged" in sample for sample in of_server)


@pytest.mark.parametrize("name", [name for name in names() if load(name).get("events")])
def test_the_events_are_events(name: str) -> None:
    import msgspec

    for event in load(name)["events"]:
        decode_event(msgspec.json.encode(event))
