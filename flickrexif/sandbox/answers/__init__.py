"""From photo to answer: pure functions that make the trees Flickr sends as JSON or XML."""

from flickrexif.sandbox.answers.licenses import LICENSES, licenses_tree
from flickrexif.sandbox.answers.photo import exif_tree, info_tree, sizes_tree
from flickrexif.sandbox.answers.places import Places, secret_of
from flickrexif.sandbox.answers.rows import search_row
from flickrexif.sandbox.answers.tree import Loose, Refusal, Tree, to_json, to_xml

__all__ = [
    "LICENSES",
    "Loose",
    "Places",
    "Refusal",
    "Tree",
    "exif_tree",
    "info_tree",
    "licenses_tree",
    "search_row",
    "secret_of",
    "sizes_tree",
    "to_json",
    "to_xml",
]
