"""The one cleaning rule for EXIF strings."""

from __future__ import annotations


def clean_text(value: str) -> str | None:
    """``value`` cut at its first NUL and stripped; blank is ``None``.

    Cameras pad with blanks and NULs, and some leave junk behind the first NUL.
    """
    return value.split("\0", 1)[0].strip() or None


def decode_text(value: bytes | None) -> str | None:
    """Bytes as UTF-8, else as Latin-1, cleaned."""
    value = (value or b"").split(b"\0", 1)[0]
    try:
        return clean_text(value.decode("utf-8"))
    except UnicodeDecodeError:
        return clean_text(value.decode("latin-1"))
