"""What a corpus came to, in a form that two crawls can be compared by."""

from __future__ import annotations

import hashlib
from collections import Counter

from flickrexif.corpus import Corpus
from flickrexif.labels import label


def worth_of(corpus) -> dict[str, object]:
    """Accepted ids, and the sha256 of every shard and of both label tables."""
    label(corpus, min_photos=6, min_owners=3)
    opened = Corpus.open(corpus)
    files = [*opened.image_shards(), corpus / "photos.parquet", corpus / "labels.parquet"]
    return {
        "accepted": opened.accepted()["photo_id"].to_list(),
        **{file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }


def asked_of(box) -> Counter[tuple[str, tuple[tuple[str, str], ...]]]:
    """How often each address was asked, without keys."""
    return Counter((path, tuple(sorted(query.items()))) for path, query in box.log)
