"""The words for where and in which precision encoders compute."""

from __future__ import annotations

import re
from typing import Literal

from flickrexif.errors import UsageError

Device = str
"""``cpu``, ``cuda:1``, ``mps``, several by commas (``cuda:0,cuda:1``), ``cuda`` or ``auto``.

``cuda`` is every CUDA device that is there; ``auto`` is as well, and where there is none the GPU of
a Mac, else the CPU. Where only one can be used, that is their first. A device that is told twice
computes two batches at once.
"""
Dtype = Literal["float32", "bfloat16"]

_ONE = re.compile(r"cpu|mps|cuda(:(0|[1-9][0-9]{0,3}))?")


def told_devices(word: Device) -> tuple[str, ...]:
    """The devices that ``word`` tells, one or more of one kind; ``auto`` tells itself.

    Raises `UsageError` for a word that is none, and for devices of two kinds: these differ in the
    last digits of an embedding, and equal words are to give equal embeddings.
    """
    told = tuple(part.strip() for part in word.split(","))
    if told == ("auto",):
        return told
    for part in told:
        if not _ONE.fullmatch(part):
            raise UsageError(
                f"unknown device {part!r}: use one of auto, cpu, cuda, cuda:1, mps, or several "
                "such as cuda:0,cuda:1"
            )
    kinds = sorted({part.partition(":")[0] for part in told})
    if len(kinds) > 1:
        raise UsageError(f"device {word!r} mixes {' and '.join(kinds)}: name those of one kind")
    return told
