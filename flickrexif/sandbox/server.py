"""The embedded Flickr: one HTTP server on this machine for the API and the images."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from flickrexif.errors import UsageError
from flickrexif.sandbox.answers import Places
from flickrexif.sandbox.catalogue import Catalogue
from flickrexif.sandbox.changes import Changes
from flickrexif.sandbox.darkroom import Darkroom, Renderer, SceneRenderer
from flickrexif.sandbox.faults import FaultDesk, Faults
from flickrexif.sandbox.images import PREFIX, ImageHost
from flickrexif.sandbox.ledger import Ledger
from flickrexif.sandbox.oauth import OAUTH_PATH, OAuth
from flickrexif.sandbox.quirks import Quirks
from flickrexif.sandbox.rest import Rest
from flickrexif.sandbox.site import REST_PATH, Site
from flickrexif.sandbox.wire import HOST, WireServer

if TYPE_CHECKING:
    from collections import Counter
    from types import TracebackType

    from flickrexif.sandbox.photos import SandboxOwner


class Sandbox:
    """A Flickr of photos that never existed, served on 127.0.0.1 until the ``with`` block ends.

    ``port`` 0 takes a free one. ``workers`` processes render (0: the serving threads do).
    ``expired_keys`` are refused with code 100; every other key of 32 hex digits is welcome.
    ``account`` (an NSID, else the first one) is who is logged in to its web site; every key's
    secret is `API_SECRET`. ``changes`` are what happened to the catalogue's photos since somebody
    saw them last.
    The same seed, quirks, changes and faults give the same answers to the same requests.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue | None = None,
        seed: int = 0,
        port: int = 0,
        faults: Faults | None = None,
        quirks: Quirks | None = None,
        changes: Changes | None = None,
        result_cap: int = 4000,
        workers: int = 2,
        renderer: Renderer | None = None,
        expired_keys: frozenset[str] = frozenset(),
        account: str | None = None,
    ) -> None:
        if result_cap < 1 or workers < 0:
            raise UsageError(
                f"a sandbox needs a result cap of at least 1 and workers of at least 0,"
                f" not {result_cap!r} and {workers!r}"
            )
        self.catalogue = (changes or Changes()).applied_to(catalogue or Catalogue(seed))
        self.quirks = quirks or Quirks()
        self._seed = seed
        self._wanted_port = port
        self._result_cap = result_cap
        self._expired_keys = expired_keys
        self._oauth = OAuth(self._owner(account), seed=seed, refused_keys=expired_keys)
        self._desk = FaultDesk(faults or Faults())
        self._ledger = Ledger()
        self._darkroom = Darkroom(renderer or SceneRenderer(), workers=workers)
        self._closing = threading.Event()
        self._server: WireServer | None = None
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
        try:
            self._server = server = WireServer(self._wanted_port)
        except OSError as error:
            raise UsageError(
                f"the sandbox cannot take port {self._wanted_port!r}: {error.strerror};"
                " choose another, or 0 for a free one"
            ) from error
        self._closing.clear()
        server.site = self._site()
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), name="sandbox", daemon=True
        )
        self._thread.start()

    def serve_forever(self) -> None:
        """Answer until interrupted (KeyboardInterrupt) or closed by another thread."""
        self.start()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Stop answering, hang up on everybody, end the worker processes."""
        self._closing.set()
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._darkroom.close()

    @property
    def port(self) -> int:
        """The port it answers on."""
        if self._server is None:
            raise UsageError("the sandbox has no port before it is started; use it in a with block")
        return self._server.server_port

    @property
    def rest_url(self) -> str:
        """Where the API answers."""
        return f"http://{HOST}:{self.port}{REST_PATH}"

    @property
    def oauth_url(self) -> str:
        """Where a login is done; no slash at its end."""
        return f"http://{HOST}:{self.port}{OAUTH_PATH}"

    @property
    def signed(self) -> Counter[str]:
        """How many API calls came with a signature that was right, by method."""
        return self._oauth.verified()

    def revoke_logins(self) -> None:
        """Take every login back: calls signed with one are then refused with code 98."""
        self._oauth.revoke()

    @property
    def image_base(self) -> str:
        """What the address of every file begins with; no slash at its end."""
        return f"http://{HOST}:{self.port}{PREFIX}"

    @property
    def requests(self) -> Counter[str]:
        """How many requests came, by API method or ``image:SIZE[:range]``, failed ones included."""
        return self._ledger.counts()

    @property
    def log(self) -> list[tuple[str, dict[str, str]]]:
        """(path, query) of every request in order of arrival, without keys and signatures."""
        return self._ledger.log()

    @property
    def faults_met(self) -> Counter[str]:
        """How many faults of each kind were thrown in."""
        return self._desk.fired()

    def _owner(self, nsid: str | None) -> SandboxOwner:
        found = self.catalogue.owner(nsid) if nsid else self.catalogue.owners()[0]
        if found is None:
            raise UsageError(f"account {nsid!r} is not in the catalogue: name one that is")
        return found

    def _site(self) -> Site:
        rest = Rest(
            self.catalogue,
            Places(self.image_base),
            self.quirks,
            self._result_cap,
            self._seed,
            self._expired_keys,
        )
        images = ImageHost(self.catalogue, self._darkroom, self.quirks, self._seed)
        return Site(rest, self._oauth, images, self._desk, self._ledger, self._closing)
