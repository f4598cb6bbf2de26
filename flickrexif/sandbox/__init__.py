"""An embedded Flickr with simulated cameras: the API and the image host, on 127.0.0.1 only."""

from flickrexif.sandbox.catalogue import Catalogue
from flickrexif.sandbox.changes import Changes
from flickrexif.sandbox.faults import Fault, Faults
from flickrexif.sandbox.quirks import Quirks
from flickrexif.sandbox.server import Sandbox
from flickrexif.sandbox.signatures import API_SECRET

__all__ = ["API_SECRET", "Catalogue", "Changes", "Fault", "Faults", "Quirks", "Sandbox"]
