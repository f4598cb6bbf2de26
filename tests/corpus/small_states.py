"""Rows for states, and everything that a state tells, for comparing two of them."""

from __future__ import annotations

import hashlib

from flickrexif.corpus.rows import CandidateRow, Outcome, WaitingImage, WindowRow
from flickrexif.exif.record import RawRecord

EXIF = RawRecord("api", make="Pictor", iso_text="100")
MONTHS = ("2020-01", "2020-02")


def window(month="2020-01", *, sweep=1, license_id=4, day=1, outcome="listed"):
    first, last = f"{month}-{day:02} 00:00:00", f"{month}-{day:02} 23:59:59"
    return WindowRow(month, license_id, first, last, sweep, outcome, 2, 2, 0)


def candidate(photo_id, *, rank=0, owner="1@N00", month="2020-01", reason=None, license_id=4):
    return CandidateRow(
        photo_id=photo_id,
        rank=rank,
        month=month,
        owner_id=owner,
        owner_name=None,
        license_id=license_id,
        taken_at=f"{month}-02 03:04:05",
        uploaded_at=1_580_000_000,
        page_url=f"https://www.flickr.com/photos/{owner}/{photo_id}/",
        original_url=None,
        image_url=f"https://live.staticflickr.com/65535/{photo_id}_0123456789_b.jpg",
        reason=reason,
    )


def image(content=b"\xff\xd8\xff"):
    return WaitingImage(content, hashlib.sha256(content).hexdigest(), 4, 3, "image/jpeg")


def accepted(photo_id, owner="1@N00", *, content=None):
    kept = image(content or b"\xff\xd8\xff" + photo_id.to_bytes(8, "big"))
    return Outcome(photo_id, owner, "accepted", exif=EXIF, image=kept)


def waiting(state, photo_id):
    """The image of a photo that waits."""
    run = state.images([photo_id])
    told = (run.sha256, run.width, run.height, run.mime)
    return WaitingImage(bytes(run.content), *(one for (one,) in told))


def keep(state, *outcomes, candidates=(), kept_window=None):
    with state.transaction():
        if candidates:
            state.add_window(kept_window or window(), candidates)
        for outcome in outcomes:
            state.add_outcome(outcome)


def emptied(state):
    """The same state without its rows: making a file for each example takes long."""
    state._sql.execute("PRAGMA synchronous = OFF")
    with state.transaction():
        for table in ("candidates", "owners", "windows", "exif", "waiting_images", "removals"):
            state._sql.execute(f"DELETE FROM {table}")
    return state


def verdicts(state, month="2020-01"):
    return {photo.photo_id: photo.verdict for photo in state.standings(month)}


def everything(state, months=MONTHS):
    """What a state says in all, in an order of its own."""
    listed = [photo for month in months for photo in state.standings(month)]
    not_closed = [id_ for month in months for id_ in state.waiting(month)]
    return {
        "windows": [row for month in months for row in state.window_rows(month)],
        "standings": listed,
        "photos": state.open_photos([photo.photo_id for photo in listed]),
        "consents": state.consents(sorted({photo.owner_id for photo in listed})),
        "captures": [state.captures(month) for month in months],
        "tallies": state.tallies(),
        "accepted": sorted(state.accepted()),
        "checked": list(state.accepted_photos()),
        "waiting": {photo_id: waiting(state, photo_id) for photo_id in not_closed},
        "shards": state.shards(),
        "settled": sorted(state.settled_months()),
        "removals": state.removals(),
        "removed": sorted(state.removed_ids()),
        "unpurged": state.unpurged(),
        "calls": state.calls(),
        "spent": state.spent(),
    }
