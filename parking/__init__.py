"""Live, durable parking availability: a pure fold over a durable set of events."""
