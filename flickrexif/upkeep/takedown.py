"""Takedowns: photos and owners that must leave a corpus and never come back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.purge import purge
from flickrexif.corpus.rows import Removal
from flickrexif.crawling.running import saved
from flickrexif.progress import Progress, Silent
from flickrexif.upkeep.subjects import Subject, all_subjects
from flickrexif.upkeep.summary import TakedownSummary, UndoSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from flickrexif.corpus.state import State
    from flickrexif.ids import PhotoId

TAKEN_DOWN = "taken_down"
"""The reason that a photo taken down carries in the state."""
ASKED = "asked for"
"""What stands for a reason where none is given: nobody needs one."""


def takedown(
    corpus: Path | str,
    *,
    photos: Iterable[int | str] = (),
    owners: Iterable[str] = (),
    listed_in: Path | str | None = None,
    reason: str = ASKED,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> TakedownSummary:
    """Record that these photos and all photos of these owners must go, and delete what is there.

    ``photos`` are ids or addresses of photo pages, ``owners`` are NSIDs; the file ``listed_in`` has
    any of them, one a line. They leave the corpus at once and their bytes are deleted. What the
    corpus does not have is recorded all the same: no later crawl lets it in. Every later build
    leaves them out. Recording again what stands on the list changes nothing. A call that was killed
    is finished by the next takedown, recheck or crawl.

    Raises `UsageError` for words that name no photo or owner, with nothing recorded, and while a
    crawl runs.
    """
    subjects = all_subjects(photos, owners, listed_in)
    opened = Corpus.open(corpus)
    with opened.lock(), opened.state() as state, saved(opened.path):
        known = _listed(state)
        fresh = [subject for subject in subjects if subject not in known]
        at = int(clock())
        with state.transaction():
            for subject in fresh:
                state.add_removal(Removal(subject.kind, subject.name, reason, at, ""))
            taken = _accepted_among(state, set(subjects))
            state.remove(taken, TAKEN_DOWN)
        return TakedownSummary(
            recorded=tuple(subject.name for subject in fresh),
            known=tuple(subject.name for subject in subjects if subject in known),
            dropped=len(taken),
            images_deleted=purge(opened, state, progress or Silent()),
        )


def undo_takedown(
    corpus: Path | str,
    *,
    photos: Iterable[int | str] = (),
    owners: Iterable[str] = (),
    listed_in: Path | str | None = None,
) -> UndoSummary:
    """Strike photos and owners off the list, which stood there by mistake.

    Photos that have left the corpus do not come back by that; those that it never had may be let
    in by a later crawl. Raises what `takedown` raises.
    """
    subjects = all_subjects(photos, owners, listed_in)
    opened = Corpus.open(corpus)
    with opened.lock(), opened.state() as state, saved(opened.path):
        known = _listed(state)
        with state.transaction():
            for subject in subjects:
                state.drop_removal(subject.kind, subject.name)
    return UndoSummary(
        struck=tuple(subject.name for subject in subjects if subject in known),
        unknown=tuple(subject.name for subject in subjects if subject not in known),
    )


def takedowns(corpus: Path | str) -> list[Removal]:
    """What is on a corpus's list of takedowns, by kind and subject."""
    with Corpus.open(corpus).state(reading=True) as state:
        return state.removals()


def _listed(state: State) -> set[Subject]:
    return {Subject(removal.kind, removal.subject) for removal in state.removals()}


def _accepted_among(state: State, subjects: set[Subject]) -> list[PhotoId]:
    return [
        photo.photo_id
        for photo in state.accepted_photos()
        if Subject("photo", str(photo.photo_id)) in subjects
        or Subject("owner", photo.owner_id) in subjects
    ]
