"""The rule by which photos are accepted, word by word: one after the other, by rank."""

from __future__ import annotations

from collections import Counter

BARREN_AFTER = 10


def greedily(ranked, *, per_owner, per_month):
    """What is accepted of ``(photo, owner, kind)`` in rank order, and all that is looked at.

    ``kind`` is sound, bare (no EXIF) or refused (for any other reason).
    """
    placed, bare, accepted, looked_at = Counter(), Counter(), [], []
    for photo, owner, kind in ranked:
        if per_month is not None and len(accepted) >= per_month:
            break
        is_barren = bare[owner] >= BARREN_AFTER and not placed[owner]
        if placed[owner] >= per_owner or is_barren:
            continue
        looked_at.append(photo)
        bare[owner] += kind == "bare"
        if kind == "sound":
            placed[owner] += 1
            accepted.append(photo)
    return accepted, looked_at
