"""Answer trees and their two spellings.

A tree is what Flickr's JSON holds. The XML follows from it: a number or string is an attribute, a
mapping is a child element whose ``_content`` is its text, a list is one child element per entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import random

Tree: TypeAlias = "Mapping[str, Node]"
Node: TypeAlias = "str | int | float | Tree | list[Tree] | None"


class Loose(int):
    """A number that Flickr's JSON shows now as a number, now as a string."""

    __slots__ = ()


class Refusal(Exception):  # noqa: N818 - an answer like any other, not an error of the sandbox
    """An answer with ``stat`` fail: a code, and a message in Flickr's words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def to_json(answer: Tree | Refusal, mixing: random.Random | None = None) -> str:
    """Spell an answer as JSON; with ``mixing``, loose numbers become strings by chance."""
    if isinstance(answer, Refusal):
        body: Mapping[str, object] = {
            "stat": "fail",
            "code": answer.code,
            "message": answer.message,
        }
    else:
        body = {**answer, "stat": "ok"}
        if mixing is not None:
            body = {name: _mixed(node, mixing) for name, node in body.items()}
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/")


def _mixed(node: object, mixing: random.Random) -> object:
    if isinstance(node, Loose):
        return str(int(node)) if mixing.random() < 0.5 else int(node)
    if isinstance(node, Mapping):
        return {name: _mixed(child, mixing) for name, child in node.items()}
    if isinstance(node, list):
        return [_mixed(child, mixing) for child in node]
    return node


def to_xml(answer: Tree | Refusal) -> str:
    """Spell an answer as XML, with Flickr's declaration and tabs."""
    if isinstance(answer, Refusal):
        root = ET.Element("rsp", stat="fail")
        ET.SubElement(root, "err", code=str(answer.code), msg=answer.message)
    else:
        root = ET.Element("rsp", stat="ok")
        _fill(root, answer)
    ET.indent(root, "\t")
    return '<?xml version="1.0" encoding="utf-8" ?>\n' + ET.tostring(root, "unicode") + "\n"


def _fill(element: ET.Element, tree: Tree) -> None:
    for name, node in tree.items():
        if name == "_content":
            element.text = str(node)
        elif isinstance(node, Mapping):
            _fill(ET.SubElement(element, name), node)
        elif isinstance(node, list):
            for child in node:
                _fill(ET.SubElement(element, name), child)
        else:
            element.set(name, str("" if node is None else node))
