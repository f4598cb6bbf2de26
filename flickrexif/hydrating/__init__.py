"""The images of photos that are known by a table only."""

from flickrexif.hydrating.plan import HydratePlan
from flickrexif.hydrating.run import hydrate
from flickrexif.hydrating.summary import HydrateSummary

__all__ = ["HydratePlan", "HydrateSummary", "hydrate"]
