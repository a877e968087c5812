"""What apps see: the board of live states, the nearby index, the streams."""
