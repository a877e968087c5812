import gzip
import json

from sensors_sim import wire
from sensors_sim.wire import Event


def test_an_event_is_flat_json() -> None:
    event = Event("a", "1", "count", 1_000_000, {"zone": "z", "free": 3})
    assert json.loads(wire.pack(event)) == {
        "lot": "a",
        "id": "1",
        "type": "count",
        "observed_at": "1970-01-01T00:00:01Z",
        "zone": "z",
        "free": 3,
    }


def test_batches_keep_to_both_limits_and_lose_nothing() -> None:
    packed = [b'"%d"' % n * 3 for n in range(100)]
    for most, size in ((7, 10_000), (1000, 60), (1, 1)):
        batches = list(wire.batches(packed, most, size))
        assert [event for batch in batches for event in batch] == packed
        assert all(len(batch) <= most for batch in batches)
        assert all(len(batch) == 1 or len(wire.body(batch, "json")[0]) <= size for batch in batches)


def test_bodies() -> None:
    batch = [b'{"id":"1"}', b'{"id":"2"}']
    body, headers = wire.body(batch, "json")
    assert json.loads(body) == {"events": [{"id": "1"}, {"id": "2"}]}
    assert headers == {"Content-Type": "application/json"}
    body, headers = wire.body(batch, "ndjson")
    assert gzip.decompress(body) == b'{"id":"1"}\n{"id":"2"}\n'
    assert headers["Content-Encoding"] == "gzip"
