"""What is known of where the images of a set came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError
from flickrexif.release.manifest import MANIFEST
from flickrexif.release.schema import TREATED

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.release.manifest import Manifest

_TOLD = ("name", "version", "kind", "treatment", "mask")


def origin(source: ImageSet) -> dict[str, Any]:
    """The name of the set and the release it is of, without a path of this machine.

    Raises `UsageError` for a damaged release, as it may have told that its images are synthetic.
    """
    is_file = source.path.is_file()
    # A file in a Hub's cache is a link to one whose name is a digest.
    path = source.path.absolute() if is_file else source.path.resolve()
    words: dict[str, Any] = {"name": path.name, "images": len(source)}
    if all(place.file.suffix.lower() == ".parquet" for place in source.places):
        before = _release_of(path.parent if is_file else path)
        if before is not None:
            words["release"] = {word: before[word] for word in _TOLD if before.get(word)}
            words["synthetic"] = _is_synthetic(before)
    return words


def _release_of(folder: Path) -> Manifest | None:
    """The manifest of the release that ``folder`` is, or is a config of."""
    for root, config in ((folder, None), (folder.parent, folder.name)):
        manifest = _manifest_in(root)
        if manifest is not None and (config is None or config in manifest["configs"]):
            return manifest
    return None


def _manifest_in(folder: Path) -> Manifest | None:
    """The manifest of the release in ``folder``; None where it is of something else."""
    file = folder / MANIFEST
    if not file.is_file():
        return None
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{str(file)!r} is damaged ({error}): restore the release") from None
    is_release = isinstance(found, dict) and isinstance(found.get("configs"), dict)
    return found if is_release and "kind" in found else None


def _is_synthetic(manifest: Manifest) -> bool:
    about = manifest.get("source" if manifest["kind"] == TREATED else "corpus")
    return isinstance(about, dict) and bool(about.get("synthetic"))
