-- Usage by days of the lot's local calendar, each day's hours packed together: a year of a district
-- is read as thousands of rows, not as hundreds of thousands. `day` is where the local day begins.
-- What the byte strings hold is told by store/packing.py. Rows for 'open' stand only where they
-- differ from those for 'all'. All that is retained is worked up anew.
-- The same as it was, by words that PostgreSQL 14 and 15 know too:
-- was: a0bc540670970ddc00823aaaa919e43ecf87dfc7f13408aa3509cdebc8510cf1
DROP TABLE usage_hour;

CREATE TABLE usage_day (
    lot text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('lot', 'class', 'zone')),
    name text COLLATE "C" NOT NULL,
    hours text COLLATE "C" NOT NULL CHECK (hours IN ('all', 'open')),
    figures bytea NOT NULL,
    stays bytea NOT NULL,
    PRIMARY KEY (lot, scope, hours, day, name)
);

-- Beside the days, so that those who ask for days do not read the hours.
CREATE TABLE usage_hours (
    lot text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    scope text COLLATE "C" NOT NULL CHECK (scope IN ('lot', 'class', 'zone')),
    name text COLLATE "C" NOT NULL,
    hours text COLLATE "C" NOT NULL CHECK (hours IN ('all', 'open')),
    figures bytea NOT NULL,
    stays bytea NOT NULL,
    PRIMARY KEY (lot, scope, hours, day, name)
) WITH (toast_tuple_target = 8160); -- in the row, as it is: that is three times as fast to read
ALTER TABLE usage_hours ALTER COLUMN figures SET STORAGE EXTERNAL;
ALTER TABLE usage_hours ALTER COLUMN stays SET STORAGE EXTERNAL;

-- The calendar a lot is worked up by.
ALTER TABLE lot_progress ADD COLUMN timezone text NOT NULL DEFAULT '';

TRUNCATE lot_progress;
DELETE FROM checkpoint WHERE at > (SELECT retained_from FROM log_head);
