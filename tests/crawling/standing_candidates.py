"""States of a crawl made by hand, candidate by candidate."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from small_states import accepted, candidate, window

from flickrexif.corpus.rows import Outcome

_ids = count(1)


def add_candidates(
    state, month, verdict=None, reason=None, *, number=1, owner="1@N00", license_id=4, sweeps=(1, 2)
):
    """So many candidates of an owner that stand so; their ids."""
    ids = [next(_ids) for _ in range(number)]
    rows = [candidate(n, rank=n, owner=owner, month=month, license_id=license_id) for n in ids]
    for sweep in sweeps:
        told = window(month, sweep=sweep, license_id=license_id, day=sweep)
        state.add_window(replace(told, told_total=number, rows=number), rows)
    for photo_id in ids if verdict else ():
        is_in = verdict in ("accepted", "removed")
        rejected = Outcome(photo_id, owner, verdict, reason)
        state.add_outcome(replace(accepted(photo_id, owner), exif=None) if is_in else rejected)
    if verdict == "removed":
        state.remove(ids, "gone")
    return ids
