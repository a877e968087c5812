-- Who changed lots and keys, and in which request; `change` is the change's own number. Recounts and
-- voids stand in the log with their keys already: they are read from there, by an index of their own.
CREATE TABLE audit (
    change bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    key text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL CHECK (action IN (
        'lot_described', 'spaces_listed', 'lot_retired', 'key_created', 'key_revoked'
    )),
    lot text COLLATE "C",
    zone text COLLATE "C",
    target text COLLATE "C",
    request text COLLATE "C"
);
CREATE INDEX audit_at ON audit (at, change);
CREATE INDEX event_acts ON event (received_at, seq) WHERE type IN ('recount', 'void');

-- What was done before, as far as it is known.
INSERT INTO audit (change, at, key, action, lot, zone)
SELECT change, at, key,
    CASE kind WHEN 'description' THEN 'lot_described'
              WHEN 'spaces' THEN 'spaces_listed' ELSE 'lot_retired' END,
    lot, zone
FROM lot_change;
