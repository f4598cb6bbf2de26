"""What goes over the wire: a request as it was read, and an answer before it is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Received:
    """A request as read from the wire.

    ``path`` keeps its percent signs, because a slash inside a revision is written as one.
    ``file`` holds the body of a PUT, ``body`` that of every other verb.
    """

    verb: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    file: Path | None = None

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; raises `Refused` (400) when it is none."""
        try:
            told = json.loads(self.body)
        except ValueError as error:
            raise Refused(400, f"the body is no JSON: {error}") from None
        if not isinstance(told, dict):
            raise Refused(400, "the body must be a JSON object")
        return told


@dataclass(frozen=True, slots=True)
class FilePart:
    """The bytes of ``path`` from ``start`` up to, not including, ``stop``."""

    path: Path
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers, and what goes wrong while they are sent.

    ``is_cut`` breaks the body off half way, ``pause_s`` rests there for so many seconds, and
    ``is_flipped`` inverts the lowest bit of the byte in the middle.
    """

    status: int
    body: bytes | FilePart = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False
    is_flipped: bool = False
    pause_s: float = 0.0


class Refused(Exception):  # noqa: N818 - a refusal is an answer
    """A request is answered with an error, told as the Hub tells it.

    Clients recognise an error by the header ``X-Error-Code`` alone, for example RepoNotFound,
    RevisionNotFound, EntryNotFound (huggingface_hub 2.4.0, ``utils/_http.py``).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers
        self.more = more or {}

    def answer(self) -> Answer:
        """Return the refusal as it is sent."""
        code = (("X-Error-Code", self.code),) if self.code else ()
        body = json.dumps({"error": self.message, **self.more}).encode()
        headers = (*code, ("X-Error-Message", self.message), *self.headers)
        return Answer(self.status, body, headers=headers)


def told(
    content: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """Return ``content`` as a JSON answer."""
    return Answer(status, json.dumps(content).encode(), headers=headers)
