"""States of a crawl made by hand, candidate by candidate."""

from __future__ import annotations

from itertools import count

from flickrexif.corpus.rows import CandidateRow, Outcome, WaitingImage, WindowRow

_ids = count(1)


def add_candidates(
    state, month, verdict=None, reason=None, *, number=1, owner="1@N00", license_id=4, sweeps=(1, 2)
):
    """So many candidates of an owner that stand so; their ids."""
    ids = [next(_ids) for _ in range(number)]
    rows = [_row(photo_id, month, owner, license_id) for photo_id in ids]
    for sweep in sweeps:
        first, last = f"{month}-01 00:00:00", f"{month}-{sweep:02} 00:00:00"
        window = WindowRow(month, license_id, first, last, sweep, "listed", number, number, 0)
        state.add_window(window, rows)
    for photo_id in ids if verdict else ():
        is_in = verdict in ("accepted", "removed")
        state.add_outcome(
            Outcome(
                photo_id,
                owner,
                "accepted" if is_in else verdict,
                reason,
                image=image(photo_id) if is_in else None,
            )
        )
    if verdict == "removed":
        state.remove(ids, "gone")
    return ids


def image(number):
    """An image unlike those of other numbers."""
    return WaitingImage(b"\xff\xd8\xff", f"{number:064x}", 4, 3, "image/jpeg")


def _row(photo_id, month, owner, license_id):
    return CandidateRow(
        photo_id=photo_id,
        rank=photo_id,
        month=month,
        owner_id=owner,
        owner_name=None,
        license_id=license_id,
        taken_at=f"{month}-02 03:04:05",
        uploaded_at=1_580_000_000,
        page_url=f"https://www.flickr.test/photos/{owner}/{photo_id}/",
        original_url=None,
        image_url=f"https://live.flickr.test/1/{photo_id}_00_b.jpg",
    )
