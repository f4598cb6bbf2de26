"""An embedded Flickr with simulated cameras: the API and the image host, on 127.0.0.1 only."""

from flickrexif.sandbox.catalogue import Catalogue
from flickrexif.sandbox.faults import Fault, Faults
from flickrexif.sandbox.quirks import Quirks
from flickrexif.sandbox.server import Sandbox

__all__ = ["Catalogue", "Fault", "Faults", "Quirks", "Sandbox"]
