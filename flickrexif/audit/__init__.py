"""What a release gives away besides its labels."""

from flickrexif.audit.audit import audit
from flickrexif.audit.report import Association, AuditReport

__all__ = ["Association", "AuditReport", "audit"]
