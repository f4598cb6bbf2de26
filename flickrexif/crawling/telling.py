"""Figures of a crawl in words: tables, shares, durations, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.crawling.completeness import Completeness

ABSENT = "-"


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """The rows as lines of equal columns: the first ``left`` to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def tell_counts(counts: Mapping[str, int]) -> str:
    """``no_exif 1,203, gone 4``."""
    return ", ".join(f"{cause} {count:,}" for cause, count in counts.items())


def tell_share(share: float | None) -> str:
    """A share in per cent."""
    return ABSENT if share is None else f"{100 * share:.1f} %"


def tell_completeness(found: Completeness | None, *, is_sampled: bool = False) -> str:
    """``98.7 % (98.1-99.2)``; the interval only where it is one."""
    if is_sampled:
        return "sampled"
    if found is None:
        return ABSENT
    low, high = f"{100 * found.low:.1f}", f"{100 * found.high:.1f}"
    return tell_share(found.share) + (f" ({low}-{high})" if low != high else "")


def tell_bytes(size: int) -> str:
    """``2.1 GB``, in powers of ten as disks are sold."""
    for unit, bytes_each in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= bytes_each:
            return f"{size / bytes_each:.1f} {unit}"
    return f"{size / 1000:.1f} kB"


def tell_duration(seconds: float) -> str:
    """``3 d 4 h``, ``2 h 10 min``, ``7 min``, ``40 s``: no finer than an estimate deserves."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 10:
        return f"{hours} h {minutes // 10 * 10} min" if minutes >= 10 else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    if not days:
        return f"{hours} h"
    return f"{days} d {hours} h" if hours else f"{days} d"
