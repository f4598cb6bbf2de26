"""An embedded Hugging Face Hub for datasets, on 127.0.0.1 only: real clients publish and load.

It is written against what huggingface_hub and datasets send and parse, not against our publisher.
Models, spaces, pull requests and web pages there are none.
"""

from flickrexif.sandbox.hub.command import run_beside
from flickrexif.sandbox.hub.faults import HubFault, HubFaults
from flickrexif.sandbox.hub.server import Hub

__all__ = ["Hub", "HubFault", "HubFaults", "run_beside"]
