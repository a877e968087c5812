"""The tables of what one would write first, filled with the district's lots."""

from collections.abc import Iterator, Sequence

from sensors_sim.places import Place

SCHEMA = """
CREATE TABLE lot (id text PRIMARY KEY, lat float8 NOT NULL, lon float8 NOT NULL);
CREATE TABLE zone (lot text, id text, capacity int NOT NULL, occupied int NOT NULL DEFAULT 0,
    PRIMARY KEY (lot, id));
CREATE TABLE space (lot text, id text, zone text NOT NULL, occupied bool, PRIMARY KEY (lot, id));
CREATE TABLE event (lot text, id text, observed_at timestamptz NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (lot, id));
CREATE INDEX ON event (lot, observed_at);
"""


def statements(places: Sequence[Place]) -> Iterator[str]:
    """Give the SQL that makes and fills the tables; all names are those of the sample lots."""
    yield SCHEMA
    for place in places:
        at = place.description["location"]
        yield f"INSERT INTO lot VALUES ('{place.id}', {at['lat']}, {at['lon']})"
        for zone in place.zones:
            yield f"INSERT INTO zone VALUES ('{place.id}', '{zone.id}', {zone.capacity})"
            if zone.counting == "spaces":
                values = (f"('{place.id}', '{space}', '{zone.id}')" for space in zone.space_ids())
                yield f"INSERT INTO space (lot, id, zone) VALUES {', '.join(values)}"
