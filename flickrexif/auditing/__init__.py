"""What a release gives away besides its labels."""

from flickrexif.auditing.audit import audit
from flickrexif.auditing.report import Association, AuditReport

__all__ = ["Association", "AuditReport", "audit"]
