"""Work on the clock: checkpoints, partitions, retention."""
