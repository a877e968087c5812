-- serves: 0011
-- How well the sensors of a lot work, by days of its local calendar. All of it is derived from the
-- log, but for the duplicates, which leave no other trace.

-- The day's events as few numbers, to judge it and the four weeks after it by; dropped after that.
CREATE TABLE quality_sheet (
    lot text COLLATE "C" NOT NULL,
    day date NOT NULL,
    sheet bytea NOT NULL,
    PRIMARY KEY (lot, day)
);

-- What was found, as JSON; of a day that is not over, as of `judged_at`.
CREATE TABLE quality_day (
    lot text COLLATE "C" NOT NULL,
    day date NOT NULL,
    judged_at timestamptz NOT NULL,
    report text COLLATE "C" NOT NULL,
    PRIMARY KEY (lot, day)
);

-- How far a lot's sheets hold all of its events, and by which calendar; an event before that takes
-- it back, as it does the checkpoints.
CREATE TABLE quality_progress (
    lot text COLLATE "C" PRIMARY KEY,
    through timestamptz NOT NULL,
    timezone text NOT NULL
);

-- Events that were sent again, by the hour (UTC) they came in.
CREATE TABLE quality_duplicates (
    lot text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    duplicates bigint NOT NULL,
    PRIMARY KEY (lot, hour)
);
