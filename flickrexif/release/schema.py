"""One description of a release's columns, from which every other description is made.

A `Config` gives the Arrow schema of its files, the Hugging Face features in their metadata, the
features in the card's YAML and those in the manifest, so that the four cannot disagree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from flickrexif.corpus.schema import PHOTOS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANIFEST_SCHEMA = 1
"""The version of the layout of ``manifest.json``."""

SPLITS = ("train", "validation", "test")
PHOTOS_CONFIG = "photos"
TREATED = "treated"
"""The kind of a release made by `flickrexif.treating`, of any images."""
PAIRS = "pairs"
"""The kind of a release of camera pairs, which paircams makes and reads."""
ATTRIBUTION = ("owner_id", "owner_name", "license", "license_url", "page_url")
"""The columns that every row carries so that its photo can be credited."""

Features = dict[str, dict[str, Any]]
"""Column name → its feature, as Hugging Face datasets writes it as JSON."""

_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_ARROW_NAMES = {"double": "float64", "float": "float32"}
_HUB_NAMES = {hub: arrow for arrow, hub in _ARROW_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Config:
    """A named table of a release: column name → feature, in order."""

    name: str
    features: Features

    @property
    def has_image(self) -> bool:
        """True when rows hold image bytes."""
        return "image" in self.features

    def arrow_schema(self, about: Mapping[str, Any] | None = None) -> pa.Schema:
        """The schema of the files; ``about`` goes into their metadata as ``flickrexif``."""
        metadata = {"huggingface": json.dumps({"info": {"features": self.features}})}
        if about is not None:
            metadata["flickrexif"] = json.dumps(about, sort_keys=True)
        fields = [(name, _arrow_type(feature)) for name, feature in self.features.items()]
        return pa.schema(fields, metadata=metadata)

    def card_features(self) -> list[dict[str, Any]]:
        """The features as the card's YAML lists them under ``dataset_info``."""
        return [{"name": name, "dtype": _card(feature)} for name, feature in self.features.items()]


def photos_config() -> Config:
    """The default config: the columns of a corpus's photos table, without pixels.

    Times are in milliseconds, since parquet has no coarser unit.
    """
    return Config(PHOTOS_CONFIG, {field.name: _value(field.type) for field in PHOTOS})


def attribute_config(name: str, classes: Sequence[str], *, has_image: bool) -> Config:
    """The config of one attribute: image where the release has pixels, label, credits."""
    features: Features = {"image": {"_type": "Image"}} if has_image else {}
    features["label"] = {"names": list(classes), "_type": "ClassLabel"}
    features["photo_id"] = _value(pa.int64())
    features |= {column: _value(pa.string()) for column in ATTRIBUTION}
    return Config(name, features)


def treated_config(
    name: str, classes: Sequence[str], *, source_classes: Sequence[str] = ()
) -> Config:
    """The config of a treated set: image, label, ids and credits.

    Without ``classes`` there is no label; ``source_classes`` are those of the images before, where
    the treatment gives classes of its own. Unlike in other releases, credits may be null.
    """
    features: Features = {"image": {"_type": "Image"}}
    if classes:
        features["label"] = {"names": list(classes), "_type": "ClassLabel"}
    if source_classes:
        features["source_label"] = {"names": list(source_classes), "_type": "ClassLabel"}
    features |= {"photo_id": _value(pa.int64()), "source": _value(pa.string())}
    features |= {column: _value(pa.string()) for column in ATTRIBUTION}
    return Config(name, features)


def features_of(schema: pa.Schema) -> Features:
    """The Hugging Face features in a file's metadata; empty where there are none."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _value(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_timestamp(kind):
        kind = pa.timestamp("ms", tz=kind.tz)
    return {"dtype": _ARROW_NAMES.get(str(kind), str(kind)), "_type": "Value"}


def _arrow_type(feature: Mapping[str, Any]) -> pa.DataType:
    match feature["_type"]:
        case "Image":
            return _IMAGE
        case "ClassLabel":
            return pa.int64()
    name = feature["dtype"]
    if name == "timestamp[ms, tz=UTC]":
        return pa.timestamp("ms", tz="UTC")
    return pa.type_for_alias(_HUB_NAMES.get(name, name))


def _card(feature: Mapping[str, Any]) -> Any:
    match feature["_type"]:
        case "Image":
            return "image"
        case "ClassLabel":
            names = {str(index): name for index, name in enumerate(feature["names"])}
            return {"class_label": {"names": names}}
    return feature["dtype"]
