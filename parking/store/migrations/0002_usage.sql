-- Usage by hours of the lot's local time, for the lot, each class and each zone; 'open' rows stand
-- only where they differ from 'all', which also counts the time the lot was closed.
CREATE TABLE usage_hour (
    lot text COLLATE "C" NOT NULL,
    start timestamptz NOT NULL,
    "end" timestamptz NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('lot', 'class', 'zone')),
    name text COLLATE "C" NOT NULL,
    hours text COLLATE "C" NOT NULL CHECK (hours IN ('all', 'open')),
    capacity_us bigint NOT NULL,
    known_us bigint NOT NULL,
    occupied_us bigint NOT NULL,
    full_us bigint NOT NULL,
    saturated_us bigint NOT NULL,
    arrivals bigint NOT NULL,
    departures bigint NOT NULL,
    flows smallint NOT NULL,
    peak double precision,
    stays bytea,
    PRIMARY KEY (lot, scope, hours, start, name)
);

-- Up to when some lot is worked up: an event before that may have to take its lot back.
ALTER TABLE log_head ADD COLUMN worked_to timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z';

-- Since when the stays under way last, by space, in microseconds.
ALTER TABLE checkpoint ADD COLUMN stays bytea NOT NULL DEFAULT '\x80';
