"""The embedded Hub: one HTTP server on this machine that real Hugging Face clients can use."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from flickrexif.errors import UsageError
from flickrexif.sandbox.hub.faults import HubFaultDesk, HubFaults, Line
from flickrexif.sandbox.hub.ledger import Asked, HubLedger
from flickrexif.sandbox.hub.messages import Refused
from flickrexif.sandbox.hub.routes import KINDS
from flickrexif.sandbox.hub.site import HubSite
from flickrexif.sandbox.hub.store import Store
from flickrexif.sandbox.hub.tokens import Signer, Tokens
from flickrexif.sandbox.hub.visit import USER, Habits, Premises, Transfer
from flickrexif.sandbox.hub.wire import HubServer
from flickrexif.sandbox.wire import HOST

if TYPE_CHECKING:
    from collections import Counter
    from types import TracebackType

    from flickrexif.sandbox.hub.faults import HubFault
    from flickrexif.sandbox.hub.repository import Repository

NO_TOKEN = "hf_sandbox"  # noqa: S105 - what a client sends to a Hub that asks for none
OTHER_NAME = "localhost"
"""The server's second name: to a client, another host."""


class Hub:
    """Dataset repositories, served on 127.0.0.1 until the ``with`` block ends.

    What is written stays in ``folder`` and is there when a Hub is opened on it again; without one
    it is gone at the end. One folder serves one Hub at a time. ``transfer`` is how `environment`
    makes clients send large files: ``lfs`` in one piece, ``multipart`` in parts of ``part_size``
    bytes, ``xet`` by hf_xet. With a ``token``, writers must send it, and ``read_token`` lets its
    sender read private repositories; without, everybody may do everything. Lists of more than
    ``page_size`` lines go on at the address in their ``Link`` header.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        transfer: Transfer = "lfs",
        token: str | None = None,
        read_token: str | None = None,
        faults: HubFaults | None = None,
        port: int = 0,
        part_size: int = 5 << 20,
        page_size: int = 1000,
    ) -> None:
        self._habits = Habits(transfer, part_size, page_size)
        self._wanted_folder = folder
        self._wanted_port = port
        self._sent_token = token or NO_TOKEN
        self._tokens = Tokens(token, read_token)
        self._desk = HubFaultDesk(faults or HubFaults(), KINDS)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._store: Store | None = None
        self._ledger: HubLedger | None = None
        self._server: HubServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Take the port and begin to answer; does nothing when it answers already."""
        if self._server is not None:
            return
        store = Store(self._open_folder())
        store.prepare()
        try:
            self._server = server = HubServer(self._wanted_port, store.incoming)
        except OSError as error:
            self.close()
            raise UsageError(
                f"the Hub cannot take port {self._wanted_port!r}: {error.strerror};"
                " choose another, or 0 for a free one"
            ) from error
        self._store, self._ledger = store, HubLedger(store.folder / "requests.jsonl")
        cdn = f"http://{OTHER_NAME}:{server.server_port}"
        premises = Premises(store, Signer(), self._habits, self.endpoint, cdn)
        server.door = HubSite(premises, self._tokens, self._desk, self._ledger)
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), name="hub", daemon=True
        )
        self._thread.start()

    def serve_forever(self) -> None:
        """Answer until interrupted (KeyboardInterrupt) or closed by another thread."""
        self.start()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Stop answering and hang up on everybody; a folder that nobody asked for goes away."""
        server, self._server = self._server, None
        if server is not None:
            server.closing.set()
            server.shutdown()
            server.server_close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.cleanup()

    @property
    def endpoint(self) -> str:
        """The address for ``HF_ENDPOINT``; no slash at its end."""
        if self._server is None:
            raise UsageError("the Hub has no address before it is started; use it in a with block")
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self._open_store().folder

    @property
    def repos(self) -> list[str]:
        """The names of all repositories, sorted."""
        return self._open_store().names()

    def repo(self, name: str) -> Repository:
        """Return the repository ``org/name`` to look into; raises UsageError if there is none."""
        try:
            return self._open_store().repository(name)
        except Refused:
            known = ", ".join(self.repos) or "none yet"
            raise UsageError(f"the Hub has no repository {name!r}; it has {known}") from None

    def create(self, name: str, *, private: bool = False) -> Repository:
        """Make the repository ``org/name`` without a client; raises UsageError if that fails."""
        try:
            return self._open_store().create(name, private=private, by=USER)
        except Refused as refusal:
            raise UsageError(f"the Hub cannot make {name!r}: {refusal.message}") from None

    @property
    def requests(self) -> Counter[str]:
        """How many requests came since the start, by kind, failed ones included."""
        return self._open_ledger().counts()

    @property
    def log(self) -> list[Asked]:
        """Every request since the start in order of arrival, without tokens."""
        return self._open_ledger().log()

    @property
    def faults_met(self) -> Counter[str]:
        """How many faults of each kind were thrown in."""
        return self._desk.met()

    def inject(self, kind: str, fault: HubFault | str, *, times: int = 1, after: int = 0) -> None:
        """Let the next ``times`` requests of a kind fail, once ``after`` others were answered.

        ``kind`` is one that `requests` counts by, or ``any``. Faults for the same kind come one
        after another. Raises UsageError when the words name nothing.
        """
        self._desk.add(Line(kind, fault, times, after))

    def renew_token(self, token: str) -> None:
        """Let ``token`` be the one that writers must send from now on."""
        self._tokens.renew(token)
        self._sent_token = token

    def environment(self, home: Path) -> dict[str, str]:
        """Return what a client process must find in its environment to use this Hub alone.

        The libraries read these names when they are imported. ``home`` holds their caches.
        """
        return {
            "HF_ENDPOINT": self.endpoint,
            "HF_TOKEN": self._sent_token,
            "HF_HOME": str(home),
            "HF_HUB_CACHE": str(home / "hub"),
            "HF_DATASETS_CACHE": str(home / "datasets"),
            "HF_XET_CACHE": str(home / "xet"),
            "HF_HUB_DISABLE_XET": "0" if self._habits.transfer == "xet" else "1",
            "HF_HUB_OFFLINE": "0",
            "HF_DATASETS_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "NO_PROXY": f"{HOST},{OTHER_NAME}",
        }

    def _open_folder(self) -> Path:
        if self._wanted_folder is not None:
            self._wanted_folder.mkdir(parents=True, exist_ok=True)
            return self._wanted_folder.resolve()
        self._temporary = tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True)
        return Path(self._temporary.name).resolve()

    def _open_store(self) -> Store:
        if self._store is None:
            raise UsageError("the Hub keeps nothing before it is started; use it in a with block")
        return self._store

    def _open_ledger(self) -> HubLedger:
        if self._ledger is None:
            raise UsageError("nobody asked a Hub that is not started; use it in a with block")
        return self._ledger
