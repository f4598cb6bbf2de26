"""Is it a Flickr that answers? Told apart from a Flickr that is down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.errors import AccessError, FlickrexifError, LimitReached, UpstreamError, UsageError
from flickrexif.flickr.connection import REST_URL

if TYPE_CHECKING:
    from flickrexif.crawling.halt import Halt
    from flickrexif.flickr.connection import Connection
    from flickrexif.flickr.failures import Failure


class NotFlickr(UsageError):  # noqa: N818 - what the endpoint is
    """Nothing at the endpoint ever answered like Flickr, in this run or an earlier one."""


@dataclass(slots=True)
class Contact:
    """Watches the API calls of a run: each takes its place in the limits, each answer tells.

    ``has_answered`` begins as what earlier runs know.
    """

    connection: Connection
    halt: Halt
    has_answered: bool = False
    trouble: Failure | None = None

    @property
    def is_proven(self) -> bool:
        """See `flickrexif.flickr.retrying.Watch`."""
        return self.has_answered or self.connection.is_flickr

    def permit(self) -> None:
        """See `flickrexif.flickr.retrying.Watch`; raises `StoppedWaiting` past the limit."""
        self.halt.spend_call()

    def heard(self, failure: Failure | None) -> None:
        """See `flickrexif.flickr.retrying.Watch`; a refusal in Flickr's form is an answer."""
        if failure is None or failure.kind == "api":
            self.has_answered = True
        else:
            self.trouble = failure

    def explain(self, error: FlickrexifError) -> FlickrexifError:
        """``error``, or the `NotFlickr` that it comes of.

        Flickr's own address is right even when nothing answers there.
        """
        by_upstream = isinstance(error, UpstreamError | AccessError)
        if not by_upstream or isinstance(error, LimitReached) or self.trouble is None:
            return error
        if self.is_proven:
            return error
        told = self.trouble.cause if self.trouble.kind == "foreign" else self.trouble
        return NotFlickr(
            f"endpoint {self.connection.rest_url!r} does not answer like Flickr ({told}): "
            f"give the address of its web service, such as {REST_URL}"
        )
