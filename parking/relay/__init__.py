"""How an instance hears of what was committed, by itself or by others."""
