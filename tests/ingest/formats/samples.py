"""Samples of operators' systems, and how each is read."""

from dataclasses import dataclass
from pathlib import Path

from parking.domain.instants import parse
from parking.ingest.connectors.connector import Connector, Connectors
from parking.ingest.connectors.loading import load
from parking.ingest.decoded import Decoded
from parking.ingest.formats.message import Message
from tests.service import CHECKOUT

FOLDER = CHECKOUT / "tests" / "samples"
EXAMPLE = CHECKOUT / "deploy" / "connectors.example.toml"
NOW = parse("2026-11-23T09:00:00Z")
MULTIPART = "multipart/form-data; boundary=xYzBoundary"


@dataclass(frozen=True)
class Sample:
    """A file, the connector of the example that reads it (None: with identical ids), and how."""

    file: str
    connector: str | None
    media: str = "application/json"
    part: str = ""

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    @property
    def reader(self) -> Connector:
        folder, _, _ = self.file.partition("/")
        if self.connector is None:
            return Connector(folder, "zd-parking", folder)  # type: ignore[arg-type]
        return example(self.connector)

    def message(self, body: bytes | None = None) -> Message:
        given = self.path.read_bytes() if body is None else body
        return Message(given, NOW, self.media, self.part)

    def decode(self) -> Decoded:
        return self.reader.decode(self.message())


SAMPLES = (
    Sample("parkapi/sites.json", None, part="json"),
    Sample("parkapi/sites.csv", None, "text/csv", "csv"),
    Sample("spdp/facility.json", None, part="5829fb06-ee4a-4762-946c-ed6209edf7d5"),
    Sample("spdp/sign.json", "stadspoort"),
    Sample("fourpyun/enter.form", None, "application/x-www-form-urlencoded", "enter"),
    Sample("fourpyun/enter.json", "pp-east", part="enter"),
    Sample("fourpyun/leave.multipart", None, MULTIPART, "leave"),
    Sample("fourpyun/space.json", "pp-east", part="space"),
    Sample("mapped/garage.json", "garage-counter"),
    Sample("mapped/bays.csv", "bay-sensors", "text/csv"),
    Sample("mapped/feed.csv", "open-data", "text/csv"),
    Sample("mapped/signs.json", "old-sign"),
)

_example: list[Connectors] = []


def example(name: str) -> Connector:
    """Give a connector of the example in `deploy`, read once."""
    if not _example:
        _example.append(load(EXAMPLE, secrets=False))
    [connectors] = _example
    every = [hook.connector for hook in connectors.webhooks]
    every += [poll.connector for poll in connectors.polls]
    return next(connector for connector in every if connector.name == name)
