"""Photos → attributes → classes → owner-disjoint, balanced splits."""

from __future__ import annotations

from flickrexif.labels.attributes import ATTRIBUTES, Attribute
from flickrexif.labels.label import label
from flickrexif.labels.summary import LabelSummary

__all__ = ["ATTRIBUTES", "Attribute", "LabelSummary", "label"]
