"""The directory that a crawl fills: words, state, image shards."""

from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.plan import CrawlPlan

__all__ = ["Corpus", "CrawlPlan"]
