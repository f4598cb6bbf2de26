"""Simulated pairs: one subject, two simulated cameras, and every fault that a set can have.

For the demo and the tests. What was planted where is written beside the photos.
"""

from paircams.sandbox.album import TRUTH, Planted, Simulated, parse_faults, simulate
from paircams.sandbox.fault import Fault
from paircams.sandbox.faults import FAULTS

__all__ = ["FAULTS", "TRUTH", "Fault", "Planted", "Simulated", "parse_faults", "simulate"]
