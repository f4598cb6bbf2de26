"""Any images, masked, processed or degraded: labelled sets that load_dataset and a probe open."""

from flickrexif.treating.plan import TreatPlan
from flickrexif.treating.run import treat
from flickrexif.treating.summary import TreatSummary
from flickrexif.treating.treatments import (
    Canonicalising,
    Degrading,
    Masking,
    Processing,
    Treatment,
)

__all__ = [
    "Canonicalising",
    "Degrading",
    "Masking",
    "Processing",
    "TreatPlan",
    "TreatSummary",
    "Treatment",
    "treat",
]
