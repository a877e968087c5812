-- What the service does to the schema while it serves, for roles that may not change it otherwise:
-- months of the log made and dropped, old acts forgotten. They run with the rights of the schema's
-- owner, so they take nothing but a number or a moment, and look for tables in this schema alone.

CREATE FUNCTION month_start(month integer) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN make_timestamptz(month / 12, month % 12 + 1, 1, 0, 0, 0, 'UTC');

CREATE FUNCTION month_table(month integer) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'event_' || lpad((month / 12)::text, 4, '0') || '_' || lpad((month % 12 + 1)::text, 2, '0');

-- Months are counted since the year 0. Made on its own and then attached, a table locks nobody out.
CREATE FUNCTION make_month(month integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', month_table(month));
    EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   month_table(month), month_start(month), month_start(month + 1));
END $$;

CREATE FUNCTION drop_month(month integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM log_head WHERE retained_from >= month_start(month + 1)) THEN
        RAISE EXCEPTION 'the month % is retained', month_table(month);
    END IF;
    EXECUTE format('DROP TABLE %I', month_table(month));
END $$;

-- Whoever takes the service over cannot hide what was done within the last month.
CREATE FUNCTION forget_acts(before timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    DELETE FROM audit WHERE at < least(before, now() - interval '30 days');
END;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'make_month(integer)', 'drop_month(integer)', 'forget_acts(timestamptz)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
    END LOOP;
END $$;
