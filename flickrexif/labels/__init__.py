"""Photos → attributes → classes → owner-disjoint, balanced splits."""

from __future__ import annotations

from flickrexif.labels.attributes import ATTRIBUTES, Attribute
from flickrexif.labels.exporting import ExportSummary, export_splits
from flickrexif.labels.importing import ImportSummary, import_splits
from flickrexif.labels.inspection import SplitInspection, inspect_splits
from flickrexif.labels.kept import KeptLabels
from flickrexif.labels.label import label
from flickrexif.labels.summary import LabelSummary

__all__ = [
    "ATTRIBUTES",
    "Attribute",
    "ExportSummary",
    "ImportSummary",
    "KeptLabels",
    "LabelSummary",
    "SplitInspection",
    "export_splits",
    "import_splits",
    "inspect_splits",
    "label",
]
