-- serves: 0011
-- The newest moment that a polled system has told of, for an instance that is told nothing new; null
-- before the first, and of what was stored before this.
ALTER TABLE polled ADD COLUMN newest timestamptz;
