-- serves: 0011
-- What was last had from systems that are polled, for whichever instance asks next: the same content
-- is nothing new, however many times and by whomever it is asked for. `source` is a digest of where
-- it is asked for and how it is read: with another one, what was had before says nothing.
CREATE TABLE polled (
    connector text COLLATE "C" PRIMARY KEY,
    source bytea NOT NULL,
    content bytea NOT NULL,
    etag text,
    last_modified text,
    at timestamptz NOT NULL
);
