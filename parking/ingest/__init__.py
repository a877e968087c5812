"""From bytes to durable events: decode, validate, commit, acknowledge."""
