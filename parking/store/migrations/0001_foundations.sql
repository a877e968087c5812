-- The log, what describes the lots, who may send, and what is derived from the log.
-- The lot leads every key, so that storage can be distributed by it. Text compares by bytes.

-- One row: the place the log has come to, and how often descriptions or keys have changed. A commit
-- holds its lock to the end, so the order of numbers is the order of commits.
CREATE TABLE log_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL,
    changes bigint NOT NULL,
    retained_from timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO log_head (seq, changes, retained_from) VALUES (0, 0, '1970-01-01T00:00:00Z');

-- The log of accepted events, by months of observed_at; body is the canonical JSON of what was sent.
CREATE TABLE event (
    lot text COLLATE "C" NOT NULL,
    observed_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    received_at timestamptz NOT NULL,
    key text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    zone text COLLATE "C",
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (lot, observed_at, seq)
) PARTITION BY RANGE (observed_at);
CREATE INDEX event_seq ON event (seq);

-- Identity within a lot, across all months: 128 bits of BLAKE2b of the id, and of what was sent.
CREATE TABLE event_identity (
    lot text COLLATE "C" NOT NULL,
    digest uuid NOT NULL,
    body uuid NOT NULL,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (lot, digest)
);
CREATE INDEX event_identity_observed_at ON event_identity USING brin (observed_at);

-- Voids are kept for ever: their target may still be to come.
CREATE TABLE void (
    lot text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY (lot, target, id)
);

-- Descriptions ('description'), lists of spaces ('spaces') and retirements ('retired') of lots.
CREATE TABLE lot_change (
    lot text COLLATE "C" NOT NULL,
    change bigint NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('description', 'spaces', 'retired')),
    zone text COLLATE "C",
    body jsonb,
    key text NOT NULL,
    PRIMARY KEY (lot, change)
);

CREATE TABLE api_key (
    id text COLLATE "C" PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('admin', 'operator', 'planner')),
    operator text COLLATE "C",
    label text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK ((role = 'operator') = (operator IS NOT NULL))
);

-- The live board as it was at log place `seq`, to start from; events of the future wait in it too.
CREATE TABLE snapshot (
    lot text COLLATE "C" PRIMARY KEY,
    seq bigint NOT NULL,
    state bytea NOT NULL
);
CREATE TABLE snapshot_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL,
    changes bigint NOT NULL
);

-- The state of a lot at `at` from all its events observed until then; a later arrival deletes it.
CREATE TABLE checkpoint (
    lot text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (lot, at)
);

-- How far the hours of a lot are worked up; an event before that takes it back.
CREATE TABLE lot_progress (
    lot text COLLATE "C" PRIMARY KEY,
    through timestamptz NOT NULL
);
