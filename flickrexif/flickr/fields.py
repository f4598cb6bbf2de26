"""Single fields of Flickr's answers: numbers come as numbers or as text, within one list both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


def integer(value: object) -> int:
    """A whole number, not negative; raises `ValueError` for anything else, truth values too."""
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ValueError(f"{value!r} is not a whole number")


def maybe_integer(value: object) -> int | None:
    """`integer`, or None where there is none."""
    try:
        return integer(value)
    except ValueError:
        return None


def text(value: object) -> str | None:
    """A text without the blanks around it; None for an empty one and for what is no text."""
    return value.strip() or None if isinstance(value, str) else None


def fields_of(value: object) -> Mapping[str, object]:
    """The fields of a part of an answer; none when it is missing or no such part."""
    return value if isinstance(value, Mapping) else {}


def parse_taken(value: object) -> datetime | None:
    """``YYYY-MM-DD HH:MM:SS`` as a naive datetime; None for anything else (zeros included)."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the camera's clock
    except ValueError:
        return None
