-- serves: 0011
-- Dead letters: what was refused of what operators sent, the latest of each operator. An empty
-- `operator` is of things nobody could be found for; only admins see those. `number` orders them.
CREATE TABLE rejection (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    source text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    operator text COLLATE "C" NOT NULL,
    lot text COLLATE "C",
    event text COLLATE "C",
    code text COLLATE "C" NOT NULL,
    detail text NOT NULL,
    item text
);
CREATE INDEX rejection_of_operator ON rejection (operator, number);
CREATE INDEX rejection_of_lot ON rejection (lot, number);
