"""Each sample gives exactly the events that stand beside it, and tells what of it is not read."""

import json
from pathlib import Path

import pytest

from parking.domain import events
from parking.ingest.decoded import NotDecodable
from tests.ingest.formats.samples import FOLDER, SAMPLES, Sample

each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)


def beside(path: Path, what: str) -> str:
    found = path.with_name(f"{path.name}.{what}")
    return found.read_text("utf-8") if found.exists() else ""


@each
def test_a_sample_gives_the_events_beside_it(sample: Sample) -> None:
    decoded = sample.decode()
    wanted = [json.loads(line) for line in beside(sample.path, "events.jsonl").splitlines()]
    assert wanted
    assert list(decoded.events) == wanted
    for event in decoded.events:
        events.decode(json.dumps(event).encode())
    told = "".join(f"{part.place} {part.reason}\n" for part in decoded.unread)
    assert told == beside(sample.path, "unread.txt")


@each
def test_the_same_again_gives_the_same(sample: Sample) -> None:
    assert sample.decode() == sample.decode()


@each
def test_a_truncated_sample_is_refused_or_gives_less(sample: Sample) -> None:
    whole = sample.path.read_bytes()
    wanted = list(sample.decode().events)
    for end in range(0, len(whole) - 3, max(1, len(whole) // 60)):
        try:
            decoded = sample.reader.decode(sample.message(whole[:end]))
        except NotDecodable:
            continue
        if not sample.file.endswith((".csv", ".form")):
            pytest.fail(f"{end} bytes were read")
        assert len(decoded.events) <= len(wanted)


def test_every_sample_is_tried() -> None:
    folders = {sample.path.parent for sample in SAMPLES}
    made = (".events.jsonl", ".unread.txt")
    there = {file for folder in folders for file in folder.iterdir()}
    kept = {file for file in there if not file.name.endswith(made)}
    assert kept == {sample.path for sample in SAMPLES}
    told = FOLDER.joinpath("README.md").read_text("utf-8")
    assert all(f"| `{folder.name}` |" in told for folder in folders)
