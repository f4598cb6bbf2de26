"""The packages of the ``probe`` extra."""

from __future__ import annotations

from importlib import import_module

from flickrexif.errors import UsageError


def required(*packages: str) -> None:
    """Import ``packages``, or raise `UsageError` with the line that installs them."""
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            raise UsageError(
                f"a probe needs {package!r}, which cannot be imported ({error}); "
                'pip install "flickrexif[probe]"'
            ) from error
