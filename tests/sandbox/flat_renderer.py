"""A renderer that makes flat grey files at once, of the right size, and can be pickled."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class FlatRenderer:
    """With a ``diary``, each file made is a line in it: process id, photo id, longest edge."""

    diary: Path | None = None

    def original(self, photo) -> bytes:
        self._note(photo, max(photo.width, photo.height))
        return _flat(photo.width, photo.height, photo.id)

    def resized(self, photo, longest: int) -> bytes:
        self._note(photo, longest)
        scale = longest / max(photo.width, photo.height)
        return _flat(round(photo.width * scale), round(photo.height * scale), photo.id)

    def _note(self, photo, longest: int) -> None:
        if self.diary is not None:
            with self.diary.open("a") as diary:
                diary.write(f"{os.getpid()} {photo.id} {longest}\n")


def _flat(width: int, height: int, shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), shade % 256).save(file, "JPEG")
    return file.getvalue()
