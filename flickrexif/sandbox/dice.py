"""Chance that depends on nothing but what is asked: the same words always roll the same number."""

from __future__ import annotations

import hashlib
import random


def roll(*words: object) -> float:
    """Return a number in [0, 1) that is decided by ``words`` alone."""
    return _digest(words) / 2**64


def source(*words: object) -> random.Random:
    """Return a random generator that is seeded by ``words`` alone."""
    return random.Random(_digest(words))


def _digest(words: tuple[object, ...]) -> int:
    spoken = "\x1f".join(str(word) for word in words).encode()
    return int.from_bytes(hashlib.blake2b(spoken, digest_size=8).digest(), "big")
