"""From months to accepted photos: list, cap, look, keep; resumable at any moment."""

from flickrexif.corpus.plan import CrawlPlan
from flickrexif.crawl.run import crawl
from flickrexif.crawl.summary import CrawlSummary, MonthCount

__all__ = ["CrawlPlan", "CrawlSummary", "MonthCount", "crawl"]
