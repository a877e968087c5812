"""What the numbers mean: pure functions and values, no clock, no I/O."""
