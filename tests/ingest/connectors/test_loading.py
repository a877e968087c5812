"""The file of connectors: read whole, or refused with each fault by entry and key."""

from pathlib import Path

import pytest

from parking.ingest.connectors.connector import Connectors, Secret
from parking.ingest.connectors.loading import BadConnectors, load
from parking.ingest.decoded import Decoded
from parking.ingest.formats.message import Message
from tests.ingest.formats.samples import EXAMPLE, NOW

SECRET = "0123456789abcdef"
HEAD = '[[webhook]]\nname = "w"\noperator = "op"\n'
JSON = HEAD + 'format = "json"\n'
EVENT = (
    '[[webhook.event]]\ntype = "count"\nlot = "id"\nfree = "free"\nobserved_at = "time"\n'
)  # fmt: skip
POLL = '[[poll]]\nname = "p"\noperator = "op"\nformat = "parkapi"\nurl = "http://h/x"\n'


def loaded(tmp_path: Path, text: str, **env: str) -> Connectors:
    file = tmp_path / "c.toml"
    file.write_text(text, "utf-8")
    return load(file, env)


def decoded(tmp_path: Path, text: str, body: bytes, media: str = "") -> Decoded:
    hook = loaded(tmp_path, text).webhooks[0]
    return hook.connector.decode(Message(body, NOW, media))


def faults(tmp_path: Path, text: str, **env: str) -> list[str]:
    with pytest.raises(BadConnectors) as caught:
        loaded(tmp_path, text, **env)
    return [line.removeprefix(f"{tmp_path / 'c.toml'}: ") for line in str(caught.value).split("\n")]


def test_the_example_is_read_with_its_secrets() -> None:
    names = ("GARAGE_COUNTER_SECRET", "STADSPOORT_SECRET", "PP_EAST_SECRET", "OPEN_DATA_TOKEN")
    with pytest.raises(BadConnectors) as caught:
        load(EXAMPLE, dict.fromkeys(names, SECRET))
    assert str(caught.value) == (
        f"{EXAMPLE}: webhook 3 (city-source): secret_file: secrets/city-source cannot be read"
    )
    with pytest.raises(BadConnectors) as caught:
        load(EXAMPLE, {})
    told = str(caught.value)
    assert all(f"the environment has no variable {name}" in told for name in names)
    assert "poll 1 (open-data): header_env: X-Token: the environment has no variable" in told


def test_an_empty_file_declares_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, "# nothing yet\n") == Connectors()


def test_secrets_are_found_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "s").write_text(f" {SECRET}\n")
    by_file = JSON + 'secret_header = "X-Key"\nsecret_file = "s"\n' + EVENT
    by_env = by_file.replace('secret_file = "s"', 'secret_env = "S"')
    for text in (by_file, by_env):
        [hook] = loaded(tmp_path, text, S=SECRET).webhooks
        assert hook.secret == Secret(SECRET, header="X-Key")
        assert SECRET not in repr(hook)
    [poll] = loaded(tmp_path, POLL + 'header_env = { A = "S" }\n', S=SECRET).polls
    assert poll.headers == {"A": SECRET}
    assert SECRET not in repr(poll)


# ruff: noqa: E501 - a case a line or two

WRONG = {
    "not TOML": ("[[webhook", "it is not TOML"),
    "an unknown table": ("[[webhooks]]\n", "webhooks: there is no such key"),
    "an unknown key": (JSON + "colour = 1\n" + EVENT, "webhook 1 (w): colour: there is no such key"),
    "no name": ('[[poll]]\noperator = "op"\nformat = "parkapi"\nurl = "http://h"\n',
                "poll 1: name: it is needed"),
    "a name that is none": (POLL.replace('"p"', '"a/b"'), "poll 1 (a/b): name: an id is 1-64"),
    "an unknown format": (HEAD + 'format = "xml"\n', "webhook 1 (w): format: Input should be 'json'"),
    "a mapping without events": (JSON, "webhook 1 (w): the format json needs at least one table"),
    "events of a known format": (HEAD + 'format = "spdp"\n' + EVENT,
                                 "webhook 1 (w): event is for the formats json and csv"),
    "lots of a mapping": (JSON + EVENT + '[webhook.lots.a]\nlot = "a"\n',
                          "webhook 1 (w): lots is for the formats that are known"),
    "two of one name": (POLL + POLL, "poll 1 (p): name: another entry has that name"),
    "an unknown type": (JSON + EVENT.replace('"count"', '"counts"'),
                        "webhook 1 (w): event 1: type: one of space, passage"),
    "a field that is none": (JSON + EVENT + 'occupancy = "x"\n',
                             "webhook 1 (w): event 1: occupancy: a count event has no such field"),
    "a field that is missing": (JSON + EVENT.replace('lot = "id"\n', ""),
                                "webhook 1 (w): event 1: lot: a count event needs it"),
    "no time": (JSON + EVENT.replace('observed_at = "time"\n', ""),
                "webhook 1 (w): event 1: observed_at: it is needed"),
    "neither free nor occupied": (JSON + EVENT.replace('free = "free"\n', ""),
                                  "webhook 1 (w): event 1: exactly one of free and occupied"),
    "both": (JSON + EVENT + 'occupied = "x"\n',
             "webhook 1 (w): event 1: exactly one of free and occupied"),
    "a path that is none": (JSON + EVENT.replace('"free"\n', '"a..b"\n'),
                            "webhook 1 (w): event 1: free: not a path, from '..b' on"),
    "items in a field": (JSON + EVENT.replace('"free"\n', '"a[*]"\n'),
                         "webhook 1 (w): event 1: free: [*] belongs into `each`"),
    "items of CSV": (JSON.replace("json", "csv") + EVENT + 'each = "a[*]"\n',
                     "webhook 1 (w): event 1: each: each row of CSV is an item"),
    "two sources": (JSON + EVENT.replace('"id"\n', '{ from = "a", value = "b" }\n'),
                    "webhook 1 (w): event 1: lot: exactly one of from, value and template"),
    "a map of a constant": (JSON + EVENT.replace('"id"\n', '{ value = "b", map = { a = "b" } }\n'),
                            "webhook 1 (w): event 1: lot: map and default go with from"),
    "a constant that is none": (JSON + EVENT.replace('"id"\n', '{ value = "a b" }\n'),
                                "webhook 1 (w): event 1: lot: 'a b' cannot be its value"),
    "a mapped value that is none": (JSON + EVENT.replace('"free"\n', '{ from = "a", map = { x = -1 } }\n'),
                                    "webhook 1 (w): event 1: free: -1 cannot be its value"),
    "one id for all": (JSON + EVENT + 'id = { value = "x" }\n',
                       "webhook 1 (w): event 1: id: all events would have the same id"),
    "a template without a place": (JSON + EVENT + 'id = { template = "x" }\n',
                                   "webhook 1 (w): event 1: id: a template names places in braces"),
    "an open brace": (JSON + EVENT + 'id = { template = "{id}{" }\n',
                      "webhook 1 (w): event 1: id: a template names places in braces"),
    "a pattern that is none": (JSON + EVENT.replace('"time"\n', '{ from = "t", format = "%H" }\n'),
                               "webhook 1 (w): event 1: observed_at: format: a pattern that does not"),
    "a zone that is none": (JSON + 'timezone = "Mars/Olympus"\n' + EVENT,
                            "webhook 1 (w): timezone: there is no time zone 'Mars/Olympus'"),
    "a format of no time": (JSON + EVENT.replace('"free"\n', '{ from = "a", format = "unix" }\n'),
                            "webhook 1 (w): event 1: free: format and timezone are for observed_at"),
    "a passage of now": (
        JSON + '[[webhook.event]]\ntype = "passage"\nlot = "l"\ndirection = "d"\n'
        'observed_at = "now"\n',
        "webhook 1 (w): event 1: observed_at: a passage sent twice would count twice"),
    "last modified of a push": (JSON + EVENT.replace('"time"\n', '"last_modified"\n'),
                                "webhook 1 (w): event 1: observed_at: last_modified is told by what"),
    "an id that stays": (
        POLL.replace("parkapi", "json") + EVENT.replace("webhook", "poll").replace('"time"', '"now"')
        + 'id = "id"\n',
        "poll 1 (p): event 1: id: the same id with another time"),
    "an encoding that is none": (JSON + 'encoding = "utf-9"\n' + EVENT,
                                 "webhook 1 (w): encoding: 'utf-9' is not an encoding that is read"),
    "a delimiter that is none": (JSON.replace("json", "csv") + 'delimiter = "::"\n' + EVENT,
                                 "webhook 1 (w): delimiter: one of , ; | and a tab"),
    "a delimiter of JSON": (JSON + 'delimiter = ";"\n' + EVENT,
                            "webhook 1 (w): delimiter and columns are for CSV"),
    "half a secret": (JSON + 'secret_header = "A"\n' + EVENT,
                      "webhook 1 (w): a secret needs one of secret_header, basic_user and signed"),
    "a secret without a way": (JSON + 'secret_env = "S"\n' + EVENT,
                               "webhook 1 (w): a secret needs one of"),
    "a short secret": (JSON + 'secret_header = "A"\nsecret_env = "SHORT"\n' + EVENT,
                       "webhook 1 (w): secret_env: a secret has at least 16 characters"),
    "a header that is none": (JSON + 'secret_header = "A:"\nsecret_env = "S"\n' + EVENT,
                              "webhook 1 (w): secret_header: 'A:' is not the name of a header"),
    "a signature of another": (JSON + 'signed = true\nsecret_env = "S"\n' + EVENT,
                               "webhook 1 (w): signed is for the format fourpyun"),
    "an unknown part": (HEAD + 'format = "parkapi"\n[webhook.lots.a]\nlot = "a"\nzones = { x = "y" }\n',
                        "webhook 1 (w): lots.a.zones: parts are disabled, woman"),
    "no address": (POLL.replace("http://h/x", "h/x"), "poll 1 (p): url: an address such as"),
    "a password in an address": (POLL.replace("http://h", "http://a:b@h"),
                                 "poll 1 (p): url: no password belongs into the file"),
    "an interval of nothing": (POLL + "interval_s = 0\n", "poll 1 (p): interval_s: Input should be"),
    "a poll of 4pyun": (POLL.replace("parkapi", "fourpyun"), "poll 1 (p): fourpyun pushes"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_by_entry_and_key(tmp_path: Path, name: str) -> None:
    text, why = WRONG[name]
    found = faults(tmp_path, text, S=SECRET, SHORT="short")
    assert any(line.startswith(why) for line in found), found
    assert not any(SECRET in line for line in found)


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    text = JSON + "colour = 1\n" + EVENT.replace('"time"', "7") + POLL + "interval_s = 0\n"
    assert len(faults(tmp_path, text)) == 3


def test_senders_of_one_format_differ_in_what_they_show(tmp_path: Path) -> None:
    one = HEAD + 'format = "spdp"\nbasic_user = "u"\nsecret_env = "S"\n'
    two = one.replace('"w"', '"v"')
    [told] = faults(tmp_path, one + two, S=SECRET)
    assert told == "webhook 2 (v): its secret is that of w, shown the same way"
    assert len(loaded(tmp_path, one + two.replace('"u"', '"v"'), S=SECRET).webhooks) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadConnectors, match="No such file"):
        load(tmp_path / "none.toml", {})
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(BadConnectors, match="it is not TOML"):
        load(tmp_path / "latin.toml", {})


def test_ids_that_can_be_none_become_digests(tmp_path: Path) -> None:
    text = JSON + EVENT + 'id = { template = "{id}/{n}" }\n'
    body = b'{"id": "a", "n": 1, "free": 2, "time": "2026-11-23T00:00:00Z"}'
    [event] = decoded(tmp_path, text, body).events
    assert event["id"].startswith("h:")
    [other] = decoded(tmp_path, text, body.replace(b'"n": 1', b'"n": 2')).events
    assert other["id"] != event["id"]


def test_defaults_conditions_and_columns(tmp_path: Path) -> None:
    text = (
        JSON.replace("json", "csv")
        + 'columns = ["id", "free", "time", "kind"]\nonly = ["count"]\n'
        + EVENT.replace('"free"\n', '{ from = "free", default = 0 }\n')
        + 'when = { kind = ["a", "1"] }\n'
    )
    table = b"l;3;2026-11-23T00:00:00Z;a\nm;;2026-11-23T00:00:00Z;1\nn;1;2026-11-23T00:00:00Z;b\n"
    found = decoded(tmp_path, text, table)
    assert [(event["lot"], event["free"]) for event in found.events] == [("l", 3), ("m", 0)]
    assert not found.unread
