"""Answers of the web service, decoded: one mapping, or the failure that it tells.

JSON is asked for, but Flickr was seen to answer in other ways too: XML in place of JSON and the
other way round, JSON in a callback or with a comma too many, the load balancer's HTML, OAuth's
form-encoded text. XML becomes what the same answer is in JSON, so that parsers know one shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeAlias
from xml.etree import ElementTree as ET

from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.redaction import redact
from flickrexif.flickr.signing import oauth_failure

Body: TypeAlias = Mapping[str, object]

LONGEST_MENDED = 4096
"""Only short answers are mended: a list that is no JSON is asked for again."""

_CALLBACK = re.compile(rb"[A-Za-z_$][\w$.]*\((.*)\)\s*;?", re.DOTALL)
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')

_LISTS = {
    "photos": "photo",
    "photoset": "photo",
    "photo": "exif",
    "licenses": "license",
    "sizes": "size",
    "tags": "tag",
    "notes": "note",
    "urls": "url",
    "cameras": "camera",
    "brands": "brand",
    "rsp": "license_history",
}
"""What is a list in JSON however many there are, by what it stands in."""
_ALWAYS_THERE = frozenset(_LISTS) - {"photo", "rsp"}


def decode_answer(status: int, content: bytes, *, key: str = "") -> Body:
    """The fields of an answer with stat ok, in the shape of Flickr's JSON.

    Raises `RequestFailed` for every other, of the kind

    - ``status``: an HTTP status that Flickr is known to answer;
    - ``api``: stat fail, with Flickr's code and message (without ``key``), or OAuth's refusal;
    - ``body``: an answer that Flickr did not finish;
    - ``foreign``: what no web service of Flickr's sends, but a web page, or another one's.
    """
    if status != 200:
        is_flickrs = status in (400, 401, 403, 429) or status >= 500
        told = Failure("status" if is_flickrs else "foreign", "", status=status)
        raise RequestFailed(oauth_failure(status, content.strip()) or told)
    body = _decoded(content.removeprefix(b"\xef\xbb\xbf").strip())
    if not isinstance(body, Mapping) or body.get("stat") not in ("ok", "fail"):
        raise RequestFailed(Failure("foreign", "no_stat"))
    if body["stat"] == "fail":
        raise RequestFailed(_api_failure(body, key))
    return body


def _decoded(content: bytes) -> object:
    if not content:
        raise RequestFailed(Failure("body", "empty"))
    try:
        return _from_xml(content) if content.startswith(b"<") else _from_json(content)
    except (ValueError, LookupError, RecursionError, ET.ParseError):
        raise RequestFailed(_unreadable(content)) from None


def _unreadable(content: bytes) -> Failure:
    head = content[:1000].lower()
    if b"<html" in head or head.startswith(b"<!doctype html"):
        return Failure("foreign", "html")
    begins_well = head.startswith((b"{", b"jsonflickr", b"<rsp", b"<?xml"))
    return Failure("body", "unparseable") if begins_well else Failure("foreign", "no_answer")


def _api_failure(body: Body, key: str) -> Failure:
    try:
        code = int(str(body.get("code")))
    except ValueError:
        return Failure("body", "unparseable")
    return Failure("api", redact(str(body.get("message", "")), key), code=code)


def _from_json(content: bytes) -> object:
    wrapped = _CALLBACK.fullmatch(content)
    content = wrapped[1] if wrapped else content
    try:
        return json.loads(content)
    except ValueError:
        if len(content) > LONGEST_MENDED:
            raise
    return json.loads(_STRING_OR_COMMA.sub(r"\1", content.decode()))


def _from_xml(content: bytes) -> object:
    root = ET.fromstring(content)  # noqa: S314 - expat itself bounds entity expansion
    if root.tag != "rsp":
        is_page = root.tag.lower().endswith("html")
        raise RequestFailed(Failure("foreign", "html" if is_page else "no_stat"))
    failure = root.find("err")
    if failure is not None:
        told = {"code": failure.get("code"), "message": failure.get("msg", "")}
        return {"stat": root.get("stat"), **told}
    return _fields(root)


def _fields(element: ET.Element) -> dict[str, object]:
    told: dict[str, object] = dict(element.attrib)
    listed = _LISTS.get(element.tag)
    children: dict[str, list[object]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(_fields(child))
    if element.tag in _ALWAYS_THERE and listed and element.get("total", "0") == "0":
        children.setdefault(listed, [])
    for name, found in children.items():
        told[name] = found if name == listed or len(found) > 1 else found[0]
    text = (element.text or "").strip()
    if text or not told:
        told["_content"] = text
    return told
