"""Load a published version, knowing exactly what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.publishing.ledger import withdrawn_versions
from flickrexif.publishing.verify import fetch_checked
from flickrexif.publishing.versions import require_unmoved, require_version
from flickrexif.release.checks.files import check_files
from flickrexif.release.manifest import files_of, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.publishing.shelf import Shelf
    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Fetched:
    """A version on this disk: its folder, commit and manifest."""

    folder: Path
    version: str
    commit: str
    manifest: Manifest


def fetch(shelf: Shelf, version: str | None = None, *, allow_withdrawn: bool = False) -> Fetched:
    """The files of ``version`` (the newest one when None), every one compared with the manifest.

    The tag is resolved to a commit first and the commit is downloaded, so that what comes is that
    version or an error. Raises `UsageError` for a version that is unknown or withdrawn, and
    `FlickrexifError` for files that are not as the manifest tells.
    """
    refs = shelf.refs()
    if version is None:
        withdrawn = withdrawn_versions(shelf, refs.head)
        version = next((one for one in reversed(list(refs.versions)) if one not in withdrawn), None)
        if version is None:
            raise UsageError(f"{shelf.name!r} has no version to load: publish one")
    commit = require_version(shelf, refs, version)
    if not allow_withdrawn:
        _refuse_withdrawn(shelf, refs.head, version)
    require_unmoved(shelf, version, commit)
    folder, findings = fetch_checked(
        shelf, commit, lambda place: sorted(check_files(place, read_manifest(place)))
    )
    if findings:
        first = findings[0]
        raise FlickrexifError(
            f"v{version} of {shelf.name!r} is not what its manifest tells ({first.file}: "
            f"{first.message}): fetch it again"
        )
    return Fetched(folder, version, commit, read_manifest(folder))


def load(
    shelf: Shelf, config: str | None = None, *, version: str | None = None, **words: Any
) -> Any:
    """The datasets of one config (the default one when None) of a version: split → dataset.

    ``words`` go to ``datasets.load_dataset``: ``split``, ``streaming``. The version and commit that
    came stand in each dataset's ``info.version`` and ``info.description``. Raises as `fetch` does,
    and `UsageError` for a config that the version has not.
    """
    from datasets import load_dataset

    fetched = fetch(shelf, version)
    configs = list(fetched.manifest["configs"])
    config = config or configs[0]
    if config not in configs:
        raise UsageError(
            f"v{fetched.version} of {shelf.name!r} has no config {config!r}: "
            f"it has {', '.join(configs)}"
        )
    files = {
        split: [str(fetched.folder / name) for name in names]
        for split, names in files_of(config, fetched.manifest).items()
    }
    loaded = load_dataset("parquet", data_files=files, **words)
    for dataset in loaded.values() if isinstance(loaded, dict) else [loaded]:
        dataset.info.version = fetched.version
        dataset.info.description = f"{shelf.name} v{fetched.version} at {fetched.commit}"
    return loaded


def _refuse_withdrawn(shelf: Shelf, head: str | None, version: str) -> None:
    reason = withdrawn_versions(shelf, head).get(version)
    if reason is not None:
        raise UsageError(
            f"v{version} of {shelf.name!r} was withdrawn ({reason}): load another version"
        )
