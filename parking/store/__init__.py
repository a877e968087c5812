"""The only users of asyncpg: the log, descriptions, keys, checkpoints."""
