"""A dataset repo on a Hugging Face Hub; the only module that speaks to one.

Where it lies, and with which token, is for huggingface_hub to know (HF_ENDPOINT, HF_TOKEN, ``hf
auth login``); no token is ever taken as an argument, or told.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.errors import AccessError, FlickrexifError, UpstreamError, UsageError
from flickrexif.publishing.shelf import MAIN, Refs, is_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.progress import Progress
    from flickrexif.publishing.shelf import Key

FILES_AT_ONCE = 32
"""So many files are uploaded together, as huggingface_hub sees fit; then progress is told."""
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS))
_REPO_FILES = frozenset((".gitattributes",))
"""The Hub's own: no part of a release."""


class HubShelf:
    """The `Shelf` of the dataset repo ``repo`` (``org/name``); made with the first commit."""

    def __init__(self, repo: str) -> None:
        import huggingface_hub.utils as client
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HFValidationError

        try:
            client.validate_repo_id(repo)  # type: ignore[attr-defined]
            if "/" not in repo:
                raise HFValidationError
        except HFValidationError:
            raise UsageError(f"{repo!r} is no name of a repo: use org/name, or a folder") from None
        if "HF_HUB_VERBOSITY" not in os.environ:
            # Its warnings of repeated requests tell signed addresses, which need no token.
            client.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        if not sys.stderr.isatty():
            client.disable_progress_bars()  # type: ignore[attr-defined]
        self._repo = repo
        self._api: Any = HfApi(library_name="flickrexif")

    @property
    def name(self) -> str:
        """See `Shelf`."""
        return self._repo

    def refs(self) -> Refs:
        """See `Shelf`; one request."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._spoken("list the versions"):
            try:
                refs = self._api.list_repo_refs(self._repo, repo_type="dataset")
            except RepositoryNotFoundError:
                return Refs(None, {})
        heads = {branch.name: branch.target_commit for branch in refs.branches}
        return Refs(heads.get(MAIN), {tag.name: tag.target_commit for tag in refs.tags})

    def files(self, commit: str) -> dict[str, Key]:
        """See `Shelf`."""
        with self._spoken("list the files"):
            tree = list(
                self._api.list_repo_tree(
                    self._repo, recursive=True, revision=commit, repo_type="dataset"
                )
            )
        return {
            entry.path: f"sha256:{entry.lfs.sha256}" if entry.lfs else f"git:{entry.blob_id}"
            for entry in tree
            if hasattr(entry, "blob_id") and entry.path not in _REPO_FILES
        }

    def read(self, commit: str, path: str) -> bytes | None:
        """See `Shelf`."""
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        with self._spoken(f"read {path!r}"):
            try:
                found = self._api.hf_hub_download(
                    self._repo, path, revision=commit, repo_type="dataset"
                )
            except LocalEntryNotFoundError:  # the Hub did not answer, and nothing is cached
                raise
            except EntryNotFoundError:
                return None
        return Path(found).read_bytes()

    def commit(
        self,
        folder: Path,
        *,
        add: Sequence[str],
        remove: Sequence[str],
        parent: str | None,
        message: str,
        progress: Progress,
    ) -> str:
        """See `Shelf`. Files are uploaded first; the one commit then names them all."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        parent = parent or self._first()
        adds = [CommitOperationAdd(name, str(folder / name)) for name in add]
        progress.start("upload", len(adds), "files")
        with self._spoken("upload files"):
            for start in range(0, len(adds), FILES_AT_ONCE):
                some = adds[start : start + FILES_AT_ONCE]
                self._api.preupload_lfs_files(self._repo, some, repo_type="dataset")
                progress.advance(len(some))
        removals = [CommitOperationDelete(name) for name in remove]
        return self._commit([*adds, *removals], parent, message)

    def restore(
        self, commit: str, *, add: Sequence[str], remove: Sequence[str], parent: str, message: str
    ) -> str:
        """See `Shelf`. No data moves."""
        from huggingface_hub import CommitOperationCopy, CommitOperationDelete

        copies = [CommitOperationCopy(name, name, src_revision=commit) for name in add]
        removals = [CommitOperationDelete(name) for name in remove]
        return self._commit([*copies, *removals], parent, message)

    def tag(self, name: str, commit: str, *, message: str) -> None:
        """See `Shelf`."""
        from huggingface_hub.errors import HfHubHTTPError

        with self._spoken(f"tag {name}"):
            try:
                self._api.create_tag(
                    self._repo, tag=name, tag_message=message, revision=commit, repo_type="dataset"
                )
            except HfHubHTTPError as error:
                if _status_behind(error) != 409:
                    raise
                raise UsageError(
                    f"{name} stands in {self._repo!r} already: a version is never moved"
                ) from error

    def fetch(self, commit: str) -> Path:
        """See `Shelf`."""
        with self._spoken("download"):
            return Path(
                self._api.snapshot_download(self._repo, revision=commit, repo_type="dataset")
            )

    def renew(self, commit: str) -> bool:
        """See `Shelf`. The client does not look at the digest of what it downloads."""
        folder, keys = self.fetch(commit), self.files(commit)
        spoilt = [
            name
            for name, key in keys.items()
            if not (folder / name).is_file() or not is_like(folder / name, key)
        ]
        with self._spoken("download"):
            for name in spoilt:
                self._api.hf_hub_download(
                    self._repo, name, revision=commit, repo_type="dataset", force_download=True
                )
        return bool(spoilt)

    def _first(self) -> str | None:
        """Make the repo if need be; return its head, which must not hold files of others."""
        with self._spoken("make the repo"):
            self._api.create_repo(self._repo, repo_type="dataset", exist_ok=True)
            made = self._api.dataset_info(self._repo)
        if any(file.rfilename not in _REPO_FILES for file in made.siblings or ()):
            raise self._overtaken()
        return str(made.sha) if made.sha else None

    def _commit(self, operations: Sequence[Any], parent: str | None, message: str) -> str:
        with self._spoken("commit"):
            done = self._api.create_commit(
                self._repo,
                operations,
                commit_message=message,
                parent_commit=parent,
                repo_type="dataset",
            )
        return str(done.oid)

    @contextmanager
    def _spoken(self, what: str) -> Iterator[None]:
        """What a Hub or its client says went wrong, as one of our errors, without its addresses."""
        from huggingface_hub import errors

        transport: tuple[type[Exception], ...] = (OSError, RuntimeError, *_transport_errors())
        try:
            yield
        except FlickrexifError:
            raise
        except (errors.LocalTokenNotFoundError, errors.GatedRepoError) as error:
            raise self._no_access(what, type(error).__name__) from error
        except errors.RepositoryNotFoundError as error:
            raise AccessError(
                f"{self._repo!r} is not there, or not for this token: check the name, "
                "and log in with `hf auth login` or HF_TOKEN"
            ) from error
        except UnicodeEncodeError as error:  # only the token is sent as ASCII
            raise self._no_access(what, "the token holds a character that none has") from error
        except transport as error:
            if (status := _status_behind(error)) is not None:
                raise self._refused(what, status) from error
            if (full := _full_disk_behind(error)) is not None:
                raise FlickrexifError(
                    f"no room here to {what} of {self._repo!r} ({full.strerror}): make room, or "
                    "let HF_HOME name a folder on another disk, and run the same command again"
                ) from error
            raise UpstreamError(
                f"the Hub did not answer when asked to {what} of {self._repo!r} "
                f"({type(error).__name__}): run the same command again"
            ) from error

    def _refused(self, what: str, status: int | None) -> FlickrexifError:
        if status in (401, 403):
            return self._no_access(what, f"HTTP {status}")
        if status == 412:
            return self._overtaken()
        if status == 404:
            return UsageError(f"{self._repo!r} has no such version or file: see `releases`")
        return UpstreamError(
            f"the Hub failed to {what} of {self._repo!r} (HTTP {status}): run the command again"
        )

    def _overtaken(self) -> UpstreamError:
        return UpstreamError(
            f"{self._repo!r} was published to meanwhile: nothing was changed, run again"
        )

    def _no_access(self, what: str, why: str) -> AccessError:
        return AccessError(
            f"no right to {what} of {self._repo!r} ({why}): log in with `hf auth login`, or set "
            "HF_TOKEN, with a token that may"
        )


def _status_behind(error: BaseException) -> int | None:
    """What the Hub answered, though the client told it as an error of its own; None for nothing."""
    seen: BaseException | None = error
    while seen is not None:
        status = getattr(getattr(seen, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        seen = seen.__cause__
    return None


def _full_disk_behind(error: BaseException) -> OSError | None:
    """What this machine's disk said, if it was that and not the network."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _NO_ROOM:
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _transport_errors() -> tuple[type[Exception], ...]:
    """What the HTTP client raises that huggingface_hub uses: httpx2, or httpx before its 2.0."""
    loaded = (sys.modules.get(name) for name in ("httpx2", "httpx"))
    return tuple(client.HTTPError for client in loaded if client is not None)
