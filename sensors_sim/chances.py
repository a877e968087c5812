"""Chances: numbers that look random and are always the same for a key."""

from __future__ import annotations

import hashlib


def chance(key: str) -> float:
    """Return a number in [0, 1) that looks random and is always the same for a key."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest()) / 2**48
