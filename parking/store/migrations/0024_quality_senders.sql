-- serves: 0011
-- Of the events that were sent again (quality_duplicates), by whom: the sensor's id, or `zone:` or
-- `space:` and the id of what a nameless one watches. Not all, where very many repeat themselves.
CREATE TABLE quality_sender (
    lot text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    sender text COLLATE "C" NOT NULL,
    duplicates bigint NOT NULL,
    PRIMARY KEY (lot, hour, sender)
);
