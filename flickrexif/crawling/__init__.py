"""From months to accepted photos: list, cap, look, keep; resumable at any moment."""

from flickrexif.corpus.plan import CrawlPlan
from flickrexif.crawling.limits import Limits
from flickrexif.crawling.run import crawl
from flickrexif.crawling.status import CrawlStatus, status
from flickrexif.crawling.summary import CrawlSummary, MonthCount

__all__ = ["CrawlPlan", "CrawlStatus", "CrawlSummary", "Limits", "MonthCount", "crawl", "status"]
