"""The file beside the state in which fetched images wait, one behind the other, for their shard.

In the state itself their bytes would be written three times: into its log, from there into its
pages, and over these once they are free. Which bytes are whose the state alone knows
(`flickrexif.corpus.waiting`); what it does not name is nobody's, and is wiped.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from flickrexif.atomic import sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

AT_ONCE = 1 << 20
"""So many bytes are wiped at once."""


class Staging:
    """Bytes by the place where they begin; for one writer, or for readers.

    What is appended is durable after `sync` and counts after `keep`. The file is made with the
    first byte, and deleted by `close` when none is left that counts.
    """

    def __init__(self, path: Path, *, is_read_only: bool) -> None:
        self.path = path
        self._is_read_only = is_read_only
        self._file: int | None = None
        self._end = 0
        self._written = 0

    def cut(self, end: int) -> None:
        """Let what counts end at ``end``, and the file too, unless it ends before."""
        if self.path.exists() and os.fstat(self._open()).st_size > end:
            os.ftruncate(self._open(), end)
            os.fsync(self._open())
        self._end = self._written = end

    def append(self, content: bytes) -> int:
        """Write ``content`` behind all the others; where it begins."""
        start, rest = self._written, memoryview(content)
        while rest:
            count = os.pwrite(self._open(), rest, self._written)
            self._written += count
            rest = rest[count:]
        return start

    def sync(self) -> None:
        """Make what was appended durable."""
        if self._written > self._end:
            os.fsync(self._open())

    def keep(self) -> None:
        """Let what was appended count."""
        self._end = self._written

    def drop(self) -> None:
        """Take back what was appended."""
        if self._written > self._end:
            self.cut(self._end)

    def read(self, start: int, length: int) -> bytes:
        """The bytes there, fewer where the file ends; none without a file."""
        if not self.path.exists():
            return b""
        return os.pread(self._open(), length, start)

    def read_into(self, part: memoryview, start: int) -> None:
        """Fill ``part`` with the bytes from ``start`` on, with zeros where the file ends."""
        count = os.preadv(self._open(), [part], start) if self.path.exists() else 0
        part[count:] = bytes(len(part) - count)

    def wipe(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Turn these bytes, told by start and length, into zeros, durably."""
        is_changed = False
        for start, length in ranges:
            for at in range(start, start + length, AT_ONCE):
                content = self.read(at, min(AT_ONCE, start + length - at))
                zeros = bytes(len(content))
                if content != zeros:
                    os.pwrite(self._open(), zeros, at)
                    is_changed = True
        if is_changed:
            os.fsync(self._open())

    def close(self, *, is_sound: bool) -> None:
        """Close the file; it stays when the state that names its bytes is not sound."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if is_sound and not self._is_read_only and not self._end:
            with suppress(OSError):  # an empty file does no harm
                self.path.unlink(missing_ok=True)

    def _open(self) -> int:
        if self._file is None:
            mode = os.O_RDONLY if self._is_read_only else os.O_RDWR | os.O_CREAT
            is_new = not self.path.exists()
            self._file = os.open(self.path, mode | os.O_CLOEXEC, 0o666)
            if is_new:
                sync_directory(self.path.parent)
        return self._file
