"""From months to accepted photos: list, cap, look, keep; resumable at any moment."""

from flickrexif.corpus.plan import CrawlPlan
from flickrexif.crawling.run import crawl
from flickrexif.crawling.summary import CrawlSummary, MonthCount

__all__ = ["CrawlPlan", "CrawlSummary", "MonthCount", "crawl"]
