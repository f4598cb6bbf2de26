"""Pairs of photos of one subject: once with a smartphone, once with an older digital camera."""

from paircams.report import Finding, Report
from paircams.validate import validate

__all__ = ["Finding", "Report", "validate"]
