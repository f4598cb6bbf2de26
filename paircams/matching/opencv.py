"""OpenCV, of the ``pairs`` extra, imported when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from flickrexif.errors import UsageError


@cache
def opencv() -> Any:
    """The module ``cv2``, with one thread a call: photos are matched side by side already.

    Raises `UsageError` with the line that installs it.
    """
    try:
        cv2 = import_module("cv2")
    except ImportError as error:
        raise UsageError(
            f"matching the photos of pairs needs OpenCV, which cannot be imported ({error}); "
            'pip install "flickrexif[pairs]"'
        ) from error
    cv2.setNumThreads(1)
    return cv2
