"""Answers of the sandbox have the shapes of recorded ones: the same names, the same types."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import httpx
import pytest
from flat_renderer import FlatRenderer

from flickrexif.sandbox import Catalogue, Quirks, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

KEY = "0123456789abcdef0123456789abcdef"
EXTRAS = (
    "description,license,date_upload,date_taken,owner_name,realname,icon_server,original_format,"
    "last_update,geo,tags,machine_tags,o_dims,views,count_views,count_comments,media,path_alias,"
    "safety_level,url_sq,url_t,url_s,url_q,url_m,url_n,url_z,url_c,url_l,url_o"
)
Shape = dict[str, set[str]]

NOT_SERVED = (
    "place_id", "woeid", "geo_is_", "location", "geoperms", "permissions", "note[]", "notes.note",
    "gift", "url_h", "width_h", "height_h", "url_k", "width_k", "height_k",
)  # fmt: skip
"""What only placed or annotated photos, large sizes, or signed-in callers have."""

TOLD_BY_FACTS = {
    ".photos.pages": "str",
    ".photos.perpage": "str",
    ".photos.photo[].license": "int",
    ".photos.photo[].views": "int",
    ".photos.photo[].o_width": "int",
    ".photos.photo[].o_height": "int",
    ".photo.exif[].raw._content": "int float",
    ".photos.photo[].latitude": "str",
    ".photos.photo[].longitude": "str",
    ".photos.photo[].pathalias": "str",
}
"""Types that are not among these recordings but in others; and values of invented photos."""


def shape_of_json(body: object, path: str = "", shape: Shape | None = None) -> Shape:
    shape = defaultdict(set) if shape is None else shape
    if isinstance(body, dict):
        for name, value in body.items():
            shape_of_json(value, f"{path}.{name}", shape)
    elif isinstance(body, list):
        shape[path].add("list")
        for value in body:
            shape_of_json(value, f"{path}[]", shape)
    else:
        shape[path].add(type(body).__name__)
    return shape


def shape_of_xml(element: ET.Element, path: str = "", shape: Shape | None = None) -> Shape:
    shape = defaultdict(set) if shape is None else shape
    for name in element.attrib:
        shape[f"{path}@{name}"].add("str")
    for child in element:
        shape[f"{path}.{child.tag}"].add("element")
        shape_of_xml(child, f"{path}.{child.tag}", shape)
    return shape


def shape_of(text: str) -> Shape:
    if text.lstrip().startswith("<"):
        return shape_of_xml(ET.fromstring(text))
    return shape_of_json(json.loads(text))


def merged(shapes) -> Shape:
    union: Shape = defaultdict(set)
    for shape in shapes:
        for path, kinds in shape.items():
            union[path] |= kinds
    return union


def recorded(folder: Path, method: str, ending: str) -> Shape:
    texts = [path.read_text() for path in sorted(folder.glob(f"{method}__*.{ending}"))]
    assert texts
    return merged(shape for shape in map(shape_of, texts) if _is_whole(shape))


def _is_whole(shape: Shape) -> bool:
    """Failures and fragments, which have no ``stat``, tell nothing of a method's shape."""
    return (".stat" in shape or "@stat" in shape) and not {".message", ".err"} & set(shape)


@pytest.fixture(scope="module")
def served():
    """Shapes of many answers of the sandbox, by method and ending."""
    catalogue = Catalogue(seed=6, photos=1500, owners=60)
    public = [photo for photo in catalogue if photo.visible == "public"]
    shown = [photo for photo in public if not photo.owner.hides_exif][:60]
    asked = {
        "flickr.photos.search": [
            {"min_taken_date": "2019-01-01", "extras": extras, "per_page": 300, "page": page}
            for extras in ("", EXTRAS)
            for page in (1, 2)
        ]
        + [{"min_taken_date": "1900-01-01", "max_taken_date": "1900-01-02"}],
        "flickr.photos.getExif": [{"photo_id": photo.id} for photo in shown],
        "flickr.photos.getInfo": [{"photo_id": photo.id} for photo in shown],
        "flickr.photos.getSizes": [{"photo_id": photo.id} for photo in shown],
        "flickr.photos.licenses.getInfo": [{"n": n} for n in range(4)],
    }
    options = {"renderer": FlatRenderer(), "workers": 0}
    shapes = {}
    with (
        Sandbox(catalogue=catalogue, quirks=Quirks(missing_list=0), **options) as sandbox,
        httpx.Client(timeout=20) as http,
    ):
        for method, calls in asked.items():
            for ending, format_ in (("json", "json"), ("xml", "rest")):
                words = {"api_key": KEY, "method": method, "format": format_, "nojsoncallback": 1}
                texts = [http.get(sandbox.rest_url, params=words | call).text for call in calls]
                assert not any("fail" in text[:80] for text in texts)
                shapes[method, ending] = merged(shape_of(text) for text in texts)
    return shapes


CASES = [
    (f"flickr.photos.{method}", ending)
    for method in ("search", "getExif", "getInfo", "getSizes", "licenses.getInfo")
    for ending in ("json", "xml")
]


@pytest.mark.parametrize(("method", "ending"), CASES)
def test_nothing_is_told_that_flickr_was_not_seen_to_tell(oracle, served, method, ending):
    known = recorded(oracle / "flickr", method, ending)
    if ending == "xml":
        known = merged([known, _as_attributes(recorded(oracle / "flickr", method, "json"))])
    elif method == "flickr.photos.search":
        known = merged([known, _as_members(recorded(oracle / "flickr", method, "xml"))])
    for path, kinds in served[method, ending].items():
        allowed = known.get(path, set()) | set(TOLD_BY_FACTS.get(path, "").split())
        if allowed and re.search(r"\.(width|height)_\w+$", path):
            allowed |= {"int", "str"}
        assert allowed, f"{path} is invented"
        assert kinds <= allowed or "any" in allowed, path


@pytest.mark.parametrize(("method", "ending"), CASES)
def test_what_flickr_tells_is_told(oracle, served, method, ending):
    told = served[method, ending]
    for path in recorded(oracle / "flickr", method, ending):
        assert path in told or any(word in path for word in NOT_SERVED), path


def _as_attributes(shape: Shape) -> Shape:
    """What the XML may hold because the JSON does."""
    found: Shape = defaultdict(set)
    for path in shape:
        plain = path.replace("[]", "").removesuffix("._content")
        parent, _, name = plain.rpartition(".")
        found[f"{parent}@{name}"].add("str")
        found[plain].add("element")
    return found


def _as_members(shape: Shape) -> Shape:
    """What the JSON of a search may hold because its XML does; XML knows no types."""
    return {path.replace(".photo@", ".photo[].").replace("@", "."): {"any"} for path in shape}
