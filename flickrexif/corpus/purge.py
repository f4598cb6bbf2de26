"""Deleting what is left of removed photos: their bytes in shards and in stray files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from flickrexif.corpus.images import rewrite_shard
from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from flickrexif.corpus.layout import Corpus
    from flickrexif.corpus.rows import ShardRow
    from flickrexif.corpus.state import State
    from flickrexif.ids import PhotoId
    from flickrexif.progress import Progress

_OURS = re.compile(r"\d{4}-\d{2}-\d{5,}\.parquet|\..+\.parquet\.\d+\.partial", re.ASCII)
"""Names of shards, and of those that were being written when a process died."""


def purge(corpus: Corpus, state: State, progress: Progress) -> int:
    """Delete the bytes of removed photos; how many photos stood in shards until now.

    Needs the corpus's lock. It can die anywhere and be called again: a shard is recorded as clean
    only after its file is. Shards whose last photo goes are deleted, and so are files that a crawl
    left when it died: their photos wait in the state, to be written again. Of what is deleted from
    the state itself nothing is left once that is closed.
    """
    unclean = state.unpurged()
    total = sum(map(len, unclean.values()))
    if unclean:
        progress.start("deleting images", total, "photos")
    for name, photo_ids in unclean.items():
        shard = _rewritten(corpus.images_folder / name, photo_ids)
        with state.transaction():
            state.replace_shard(name, shard, photo_ids)
        progress.advance(len(photo_ids))
    _sweep(corpus.images_folder, {shard.name for shard in state.shards()})
    progress.close()
    return total


def _rewritten(path: Path, without: Collection[PhotoId]) -> ShardRow | None:
    try:
        return rewrite_shard(path, without=without)
    except pa.ArrowInvalid as error:
        raise FlickrexifError(
            f"{str(path)!r} is damaged ({error}) and holds photos that must go: "
            "restore it from a copy, then run the same command"
        ) from error


def _sweep(folder: Path, known: Collection[str]) -> None:
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name not in known and _OURS.fullmatch(file.name):
                file.unlink()
